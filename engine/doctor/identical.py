"""Finds files that are in two parts, at the start of a run: a look that takes seconds, however many there are.

Only identical files are found, and only as far as the time reaches; `doctor` finds all, and those that are nearly so.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from engine.data.samples import Catalogue
from engine.doctor.record import hash_bytes
from engine.protocol.counting import plural
from engine.protocol.printable import printable

SECONDS = 3.0
PIECE = 4096  # bytes from the middle of a file, which tell apart most files of one size

Group = tuple[list[str], list[str]]
"training pictures, and pictures to score on, that may be identical"


def note_identical(catalogue: Catalogue, seconds: float = SECONDS) -> str:
    """A sentence about the files that are in two parts; empty if there are none. Takes about `seconds` at most."""
    groups: list[Group] = [
        ([sample.path for sample in catalogue.train], [sample.path for sample in (*catalogue.val, *catalogue.test)])
    ]
    end = time.monotonic() + seconds
    for key_of in (_size, _piece, _content):
        groups = [smaller for group in groups for smaller in _divide(group, key_of, end)]
    count = sum(len(scored) for _, scored in groups)
    if not count:
        return ""
    (first, *_), (other, *_) = groups[0]
    least = "at least " if time.monotonic() >= end else ""
    return (
        f"{least}{plural(count, 'picture')} to score on {'is' if count == 1 else 'are'} among the training "
        f"pictures, too, such as {printable(other)} and {printable(first)}: such scores are too good; `finetune-tui "
        "doctor` names them all, and writes a list that leaves them out"
    )


def _divide(group: Group, key_of: Callable[[str], Hashable], end: float) -> Iterable[Group]:
    """The files of a group that agree in a key, where both sides have some. After `end` there are none."""
    sides: defaultdict[Hashable, Group] = defaultdict(lambda: ([], []))
    for side in (1, 0):  # there are fewer pictures to score on, and only what agrees with them matters
        for path in group[side]:
            if time.monotonic() >= end:
                return []
            try:
                key = key_of(path)
            except OSError:  # it is said later
                continue
            if side or key in sides:
                sides[key][side].append(path)
    return [smaller for smaller in sides.values() if all(smaller)]


def _size(path: str) -> int | str:
    """The size of a file. An empty one is a damaged one, and agrees with no other."""
    return os.stat(path).st_size or path  # noqa: PTH116 - half the time of Path for a million files


def _piece(path: str) -> bytes:
    with Path(path).open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size // 2 - PIECE // 2, 0))
        return file.read(PIECE)


def _content(path: str) -> int:
    return hash_bytes(Path(path).read_bytes())
