"""Class names: in one form of Unicode, and those that differ so little that one class may be meant."""

import unicodedata
from collections.abc import Iterable, Iterator

from engine.data.samples import join_names
from engine.protocol.printable import printable


def nfc(name: str) -> str:
    """The name in the composed form of Unicode (NFC, Unicode Standard Annex 15).

    An accent may be part of its letter or a character of its own; both look alike. macOS writes the latter.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def is_text(name: str) -> bool:
    """Whether the name of a file is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def alike_notes(where: str, names: Iterable[str]) -> Iterator[str]:
    """A sentence for names that differ only in capital letters or in spaces around them."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.strip().casefold(), []).append(name)
    for group in groups.values():
        if len(group) > 1:
            yield (
                f"{where}: the classes {join_names(list(map(printable, group)))} differ only in capital letters or "
                "spaces; if they are one class, give them one name"
            )
