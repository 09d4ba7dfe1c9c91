"""The restore points of a run: saved states of its arms that a rewind can go back to."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from engine.arms.arm import TrainedArm
from engine.errors import CheckpointError
from engine.protocol import Arm, RestorePoint
from engine.storage import checkpoint
from engine.storage.tidying import POINTS

START = "start"
"the restore point without a file: the arm as it is built"


class SavedPoints:
    """The restore points that have a file."""

    def __init__(self) -> None:
        self._points: dict[Arm, dict[str, RestorePoint]] = {}
        self._sizes: dict[tuple[Arm, str], int] = {}
        "bytes of their files"
        self._gone: set[tuple[Arm, str]] = set()
        "those whose file somebody has deleted"

    def forget_gone(self, folder: Path) -> None:
        """Forget the points whose files are no longer there, as after `tidy`."""
        for arm, points in self._points.items():
            for name in [name for name in points if not (folder / arm / name).exists()]:
                del points[name]
                self._sizes.pop((arm, name), None)
                self._gone.add((arm, name))

    def is_gone(self, arm: Arm, name: str) -> bool:
        """Whether there was such a point, whose file somebody has deleted."""
        return (arm, name) in self._gone

    def of(self, arm: Arm) -> Sequence[RestorePoint]:
        """The points of an arm, in the order in which they were saved first."""
        return list(self._points.get(arm, {}).values())

    def add(self, arm: Arm, point: RestorePoint, size: int) -> None:
        """Add a point whose file has `size` bytes. It replaces one of the same name."""
        self._points.setdefault(arm, {})[point.name] = point
        self._gone.discard((arm, point.name))
        self._sizes[arm, point.name] = size

    def latest(self, arm: TrainedArm, before: int) -> str:
        """The name of the latest point before step `before`, `start` if there is none.

        A point of the arm's current branch comes first.
        """
        known = [point for point in self.of(arm.arm) if point.step < before]
        best = max(known, key=lambda point: (point.branch == arm.branch, point.step, point.time), default=None)
        return START if best is None else best.name

    def find(self, folder: Path) -> None:
        """Read the points of a run's folder."""
        for path in sorted([*folder.glob(f"*/{POINTS}/*.pt"), *folder.glob("*/[sb]*-*.pt")]):
            name = path.relative_to(folder).parts[1:]
            with contextlib.suppress(CheckpointError, OSError):  # a damaged file is reported when it is needed
                state = checkpoint.peek(path)
                point = RestorePoint(
                    "/".join(name),
                    state["step"],
                    state["epoch"],
                    state["branch"],
                    accuracy_at(state["step"], state["evaluated"]),
                    state["reason"],
                    state["time"],
                )
                self.add(state["arm"], point, path.stat().st_size)

    def delete_oldest(self, folder: Path, room: float) -> None:
        """Delete the files of the oldest automatic points while those take more than `room` bytes.

        The newest one of each arm stays.
        """
        ring = sorted(
            (point.time, arm, point.name)
            for arm, points in self._points.items()
            for point in points.values()
            if point.name.startswith(POINTS)
        )
        newest = {arm: name for _, arm, name in ring}
        used = sum(self._sizes[arm, name] for _, arm, name in ring)
        for _, arm, name in ring:
            if used <= room:
                return
            if name != newest[arm]:
                with contextlib.suppress(OSError):
                    (folder / arm / name).unlink(missing_ok=True)
                used -= self._sizes.pop((arm, name))
                del self._points[arm][name]


def accuracy_at(step: int, evaluated: tuple[int, float] | None) -> float | None:
    """The accuracy at a step; `None` if the last evaluation was at another step, with other weights."""
    return evaluated[1] if evaluated is not None and evaluated[0] == step else None
