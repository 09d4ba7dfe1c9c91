"""Restore points as files: which of a run may be deleted, what that frees, and what stays. Loads no torch."""

import contextlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UserError

POINTS = "points"
"the folder, in that of an arm, of the restore points that the program deletes by itself where they take too much space"
LAST = "last.pt"


@dataclass(frozen=True, slots=True)
class Leftover:
    """The checkpoints of a run: those that only a rewind needs, and the others."""

    points: tuple[Path, ...]
    "restore points that may be deleted"
    bytes: int
    "what deleting all of them frees: a point that is another name of a file that stays takes no room"
    kept: tuple[Path, ...]
    "the best weights, the last ones, what was saved by hand, the ends of branches"


def leftover(folder: Path) -> Leftover:
    """What there is in a run's folder. The newest point of an arm without `last.pt` is kept: a resume needs it."""
    points: list[Path] = []
    for place in sorted(folder.glob(f"*/{POINTS}")):
        found = sorted(place.glob("*.pt"), key=_changed)
        points += found if (place.parent / LAST).is_file() else found[:-1]
    kept = [path for path in sorted(folder.glob("*/*.pt")) if path.is_file()]
    return Leftover(tuple(points), _freed(points), tuple(kept))


def delete(points: tuple[Path, ...]) -> None:
    """Delete restore points. One that is gone already is no mistake.

    Raises:
        UserError: one cannot be deleted; those before it are.
    """
    for path in points:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                "Not tidied", f"{path}: {error.strerror or error}; the folder must be writable for you"
            ) from None


def _freed(points: list[Path]) -> int:
    """Bytes of the files all names of which are among `points`."""
    names: Counter[tuple[int, int]] = Counter()
    files: dict[tuple[int, int], tuple[int, int]] = {}
    for path in points:
        with contextlib.suppress(OSError):  # it has just been deleted
            about = path.stat()
            names[about.st_dev, about.st_ino] += 1
            files[about.st_dev, about.st_ino] = about.st_nlink, about.st_size
    return sum(size for file, (links, size) in files.items() if links <= names[file])


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
