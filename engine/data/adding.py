"""A list of corrections that a command adds to: it overwrites no other file. Loads no torch."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.data.corrections import HEADER, Correction, read_corrections, write_corrections
from engine.errors import UserError


def kept_lines(file: Path, option: str) -> tuple[Correction, ...]:
    """The lines of a list that exists already; none if there is no such file. `option` names the file.

    Raises:
        UserError: it is something else.
        DataError: it is a list with mistakes.
    """
    if not file.exists():
        return ()
    try:
        with file.open("rb") as opened:
            first = opened.readline().decode("utf-8-sig", "replace").strip().lower()
    except OSError as error:
        raise UserError("List not readable", f"{file}: {error.strerror}; name another file with {option}") from None
    if first != ",".join(HEADER):
        raise UserError(
            "Not overwritten", f"{file} is no list of pictures to leave out; name another file with {option}"
        )
    return read_corrections(file)


def add_lines(file: Path, kept: Sequence[Correction], found: Iterable[Correction], option: str) -> int:
    """Write a list: the lines that it had, then the new ones. Returns how many are new.

    Raises:
        UserError: the file cannot be written.
    """
    known = {item.picture for item in kept}
    new = [item for item in found if item.picture not in known]
    try:
        write_corrections(file, [*kept, *new])
    except OSError as error:
        raise UserError("List not written", f"{file}: {error.strerror}; name another file with {option}") from None
    return len(new)
