"""Finds the picture files that a person names: files, folders, patterns, or a list on standard input."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.data.listing.kinds import is_hidden
from engine.data.listing.left_out import Tally
from engine.data.listing.walk import is_picture
from engine.data.samples import USUAL, LeftOut
from engine.errors import DataError

STDIN = "-"


class PictureList(NamedTuple):
    """The files that were found, in the order of the names, and what else their folders had."""

    files: list[str]
    left_out: tuple[LeftOut, ...]


def find_pictures(names: Sequence[str], stdin: Iterable[str] = ()) -> PictureList:
    """The picture files of each name, each file once.

    A folder stands for all pictures in it and below, sorted. A name with `*`, `?` or `[` that is no file is a pattern
    (`**` matches any number of folders). `-` stands for the names in the lines of `stdin`, missing files included: a
    long list is not refused for one of them. A file that is named itself is taken whatever its name ends with.

    Raises:
        DataError: a name is no file, folder or pattern that matches something, or there is no picture at all.
    """
    found: dict[str, None] = {}
    tally = Tally()
    for name, listed in _expanded(names, stdin):
        path = Path(name)
        if path.is_dir():
            found |= dict.fromkeys(_below(path, tally))
        elif listed or path.exists():
            found[name] = None
        else:
            raise DataError(
                "No such picture", f"{name} does not exist; name files, folders or patterns such as '*.jpg'"
            )
    if not found:
        raise DataError("No pictures", f"{' '.join(names)}: no file is a picture by its ending, {USUAL}")
    return PictureList(list(found), tally.left_out())


def _expanded(names: Sequence[str], stdin: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each name, and whether it is a line of `stdin`."""
    for name in names:
        if name == STDIN:
            yield from ((line, True) for line in (text.rstrip("\r\n") for text in stdin) if line)
        elif not Path(name).exists() and any(sign in name for sign in "*?["):
            matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - takes absolute patterns, too
            if not matches:
                raise DataError("No such picture", f"{name}: nothing matches this pattern; correct it")
            yield from ((match, False) for match in matches)
        else:
            yield name, False


def _below(folder: Path, tally: Tally) -> Iterator[str]:
    """The pictures in a folder and below, sorted; not in hidden folders and in those of other programs."""
    for where, inner, files in os.walk(folder):
        for name in filter(is_hidden, inner):
            tally.add_folder(where, name)
        inner[:] = sorted(name for name in inner if not is_hidden(name))
        for name in sorted(files):
            if is_picture(name):
                yield os.path.join(where, name)  # noqa: PTH118
            else:
                tally.add_file(where, name)
