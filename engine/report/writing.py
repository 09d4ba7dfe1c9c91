"""Puts a report into a folder. An older report is replaced; a file that this program has not made is not."""

from collections.abc import Sequence
from pathlib import Path

from engine.errors import UserError
from engine.report import card, page
from engine.storage.atomic import atomic_write

PAGE_FILE, CARD_FILE = "report.html", "MODEL_CARD.md"
BEGINNING = 8192  # bytes in which a file says who made it


def write_report(sections: Sequence[page.Section], folder: Path) -> list[Path]:
    """Write the page about all sections, and the card of the first one, each whole or not at all; their paths.

    Raises:
        UserError: the folder cannot be written, or has a file of such a name that this program has not made.
    """
    first = sections[0]
    written = {
        folder / PAGE_FILE: (page.render(sections), page.MARK),
        folder / CARD_FILE: (card.model_card(first.facts, first.caveats), card.MARK),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, (_, mark) in written.items():
            _check(path, mark)
        for path, (text, _) in written.items():
            with atomic_write(path) as temporary:
                # Names of files that are not UTF-8 cannot be written as they are.
                temporary.write_bytes(text.encode("utf-8", errors="replace"))
                temporary.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise UserError("Report not written", f"{folder}: {reason}; name another folder with --output DIR") from None
    return list(written)


def _check(path: Path, mark: str) -> None:
    """Raise `UserError` if there is a file that is not a report."""
    if not path.exists():
        return
    with path.open("rb") as file:
        if mark.encode() not in file.read(BEGINNING):
            raise UserError(
                "Report not written",
                f"{path} is not of this program and stays as it is; move it, or name another folder with --output DIR",
            )
