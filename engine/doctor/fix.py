"""Writes what a run is to leave out, as a list for `data.exclude`. The pictures are never touched."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.data.corrections import HEADER, Correction, read_corrections, relative_name, write_corrections
from engine.doctor.finding import Finding
from engine.errors import UserError
from engine.protocol.printable import printable


def corrections_of(findings: Iterable[Finding], roots: Sequence[Path]) -> list[Correction]:
    """What all findings leave out, each picture once, by its path below the `roots`."""
    found: dict[str, Correction] = {}
    for finding in findings:
        for item in finding.corrections:
            name = relative_name(item.picture, roots)
            found.setdefault(name, Correction(name, item.label, printable(item.reason)))
    return list(found.values())


def kept_lines(file: Path) -> tuple[Correction, ...]:
    """The lines of a list that exists already; none if there is no such file.

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
        raise UserError("List not readable", f"{file}: {error.strerror}; name another file with --fix") from None
    if first != ",".join(HEADER):
        raise UserError("Not overwritten", f"{file} is no list of pictures to leave out; name another file with --fix")
    return read_corrections(file)


def write_fix(file: Path, kept: Sequence[Correction], found: Sequence[Correction]) -> int:
    """Write a list: the lines that it had, then the new ones. Returns how many are new.

    Raises:
        UserError: the file cannot be written.
    """
    known = {item.picture for item in kept}
    new = [item for item in found if item.picture not in known]
    try:
        write_corrections(file, [*kept, *new])
    except OSError as error:
        raise UserError("List not written", f"{file}: {error.strerror}; name another file with --fix") from None
    return len(new)
