"""What is kept of a run on the disk: checkpoints, and restore points that a rewind can go back to."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from engine.arms.arm import TrainedArm
from engine.config.sections import CheckpointConfig
from engine.errors import CheckpointError, FormatError
from engine.hardware.process_group import ProcessGroup
from engine.protocol import Arm, CheckpointSaved, Event, RestorePoint, RestorePoints
from engine.storage import checkpoint
from engine.storage.choices import Choices
from engine.storage.journal import Position
from engine.storage.writer import CheckpointWriter

START = "start"
"the restore point that needs no file: an arm as it is built"
POINTS = "points"
WORDS = {
    "epoch": "epoch done",
    "best": "best so far",
    "autosave": "autosave",
    "change": "before a change",
    "switch": "before a switch",
    "stop": "before the end",
    "rewind": "start of a branch",
}
"why a restore point was kept"


class Checkpointer:
    """Saves arms to the run's folder; the first process does, for all of them. `folder` is set before."""

    def __init__(
        self,
        config: CheckpointConfig,
        writer: CheckpointWriter,
        processes: ProcessGroup,
        arms: Callable[[], Iterable[TrainedArm]],
        beside: Callable[[], dict[str, Any]],
    ) -> None:
        """`arms` are those in memory; `beside` is what is to stand in a checkpoint with the state of its arm."""
        self.folder = Path()
        self.choices: Choices | None = None
        "of a run that is repeated: it keeps what that one kept"
        self._config = config
        self._writer = writer
        self._processes = processes
        self._arms = arms
        self._beside = beside
        self._points: dict[Arm, dict[str, RestorePoint]] = {}
        self._sizes: dict[Path, int] = {}
        self._asked: tuple[Arm, RestorePoint] | None = None

    # --- saving -----------------------------------------------------------------------------------------

    @property
    def autosave_due(self) -> bool:
        """Whether as much time as may be lost to a crash has passed since the last attempt to save."""
        return self._processes.is_first and self.choices is None and self._writer.since > self._config.every_seconds

    def save(self, arm: TrainedArm, reasons: dict[str, str]) -> None:
        """Save an arm under names, each with its reason, and keep that as a restore point."""
        why = ", ".join(WORDS.get(reason, reason) for reason in reasons.values())
        self._save(arm, reasons, _name(arm), why)

    def save_apart(self, arm: TrainedArm) -> None:
        """Save an arm under a name of its own, which nothing overwrites."""
        self._writer.wait()  # for files of such names
        folder, stem = self.folder / arm.arm, f"step-{arm.step:06d}"
        names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        name = next(n for n in names if not (folder / f"{n}.pt").exists() or self._is(arm, f"{n}.pt"))
        self._save(arm, {name: "key"}, f"{name}.pt", "saved by hand")

    def save_branch(self, arm: TrainedArm) -> None:
        """Save the end of the branch in hand, which is to be left."""
        self._save(arm, {f"branch-{arm.branch}": "branch"}, f"branch-{arm.branch}.pt", f"end of branch {arm.branch}")

    def before_change(self, arm: TrainedArm) -> None:
        """Keep a restore point before a change by hand, unless there is one of this step."""
        if arm.step and all((point.branch, point.step) != (arm.branch, arm.step) for point in self._known(arm)):
            self.save(arm, {"last": "change"})

    def repeat(self, arm: TrainedArm) -> None:
        """Keep what the run that is repeated kept here."""
        wanted = self.choices is not None and (arm.arm, _name(arm)) in self.choices.points
        if wanted and all(point.name != _name(arm) for point in self._known(arm)):
            self.save(arm, {"last": "repeated"})

    def _known(self, arm: TrainedArm) -> list[RestorePoint]:
        """The restore points of an arm, and the one that is on its way to the disk."""
        asked = [self._asked[1]] if self._asked is not None and self._asked[0] == arm.arm else []
        return [*self._points.get(arm.arm, {}).values(), *asked]

    def _save(self, arm: TrainedArm, reasons: dict[str, str], name: str, why: str) -> None:
        """Save an arm, and before it the other one if that could not be done when it was left.

        A checkpoint says what has been done to both, and in that order a resume takes up the arm in hand.
        """
        if not self._processes.is_first:
            return  # its state is the first one's
        began = time.monotonic()
        self._writer.wait()
        for other in self._arms():
            if other is not arm and other.unsaved:
                self._put(other, {"last": "switch"}, _name(other), WORDS["switch"], began)
                began = time.monotonic()
        self._put(arm, reasons, name, why, began)

    def _put(self, arm: TrainedArm, reasons: dict[str, str], name: str, why: str, began: float) -> None:
        folder = self.folder / arm.arm
        accuracy = _accuracy_at(arm.step, arm.evaluated)
        point = RestorePoint(name, arm.step, arm.epoch, arm.branch, accuracy, why, 0.0)
        self._asked = arm.arm, point
        paths = {folder / f"{name}.pt": reason for name, reason in reasons.items()}
        self._writer.put(arm, self._beside() | {"reason": why}, paths, point, began)

    def results(self, wait: bool = False) -> Iterator[Event]:
        """What became of the checkpoints since the last call, or of all that were asked for."""
        points: Arm | None = None
        for result, point in self._writer.results(wait):
            yield result
            if point is not None:
                points = result.arm
                self._points.setdefault(result.arm, {})[point.name] = point
                if isinstance(result, CheckpointSaved):
                    self._sizes[self.folder / result.arm / point.name] = result.bytes
        if points is not None:
            self._bound()
            yield self.points(points)

    # --- restore points ---------------------------------------------------------------------------------

    def points(self, arm: Arm) -> RestorePoints:
        """The restore points of an arm."""
        known = sorted(self._points.get(arm, {}).values(), key=lambda point: (point.step, point.time))
        start = RestorePoint(START, 0, 1, 1, None, "the beginning", 0.0)
        return RestorePoints(arm, (start, *known))

    def has(self, arm: Arm, name: str) -> bool:
        """Whether there is a restore point of that name."""
        return self._processes.broadcast(any(point.name == name for point in self.points(arm).points))

    def last_point(self, arm: TrainedArm, before: int | None) -> str:
        """The restore point of the branch in hand, or of another one, that is furthest, but `before` a step."""
        within = arm.step + 1 if before is None else before
        known = [point for point in self._points.get(arm.arm, {}).values() if point.step < within]
        best = max(known, key=lambda point: (point.branch == arm.branch, point.step, point.time), default=None)
        return self._processes.broadcast(START if best is None else best.name)

    def load(self, arm: Arm, name: str) -> dict[str, Any]:
        """The state that a restore point of a file holds.

        Raises:
            CheckpointError: it cannot be read.
        """
        self._writer.wait()
        return self._processes.on_first(lambda: checkpoint.load(self.folder / arm / name))

    def find_points(self) -> None:
        """Take up the restore points that there are."""
        for path in sorted([*self.folder.glob(f"*/{POINTS}/*.pt"), *self.folder.glob("*/[sb]*-*.pt")]):
            name = path.relative_to(self.folder).parts[1:]
            with contextlib.suppress(CheckpointError, OSError):  # what is damaged is told where it is needed
                state = checkpoint.peek(path)
                point = RestorePoint(
                    "/".join(name),
                    state["step"],
                    state["epoch"],
                    state["branch"],
                    _accuracy_at(state["step"], state["evaluated"]),
                    state["reason"],
                    state["time"],
                )
                self._points.setdefault(state["arm"], {})[point.name] = point
                self._sizes[path] = path.stat().st_size

    def _bound(self) -> None:
        """Drop the oldest of the points that nobody asked for, where they take more room than they may."""
        ring = [
            (point.time, arm, point.name)
            for arm, points in self._points.items()
            for point in points.values()
            if point.name.startswith(POINTS)
        ]
        newest = {arm: name for _, arm, name in sorted(ring)}
        room = self._config.points_gib * 2**30
        used = sum(self._sizes.get(self.folder / arm / name, 0) for _, arm, name in ring)
        for _, arm, name in sorted(ring):
            if used <= room:
                return
            if name != newest[arm]:
                path = self.folder / arm / name
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
                used -= self._sizes.pop(path, 0)
                del self._points[arm][name]

    def _is(self, arm: TrainedArm, name: str) -> bool:
        """Whether a file holds this very place of the arm: then the command is done again after a crash.

        Of a damaged one nothing can be had back, and a rewind that is done again finds it by its name.
        """
        try:
            state = checkpoint.peek(self.folder / arm.arm / name)
        except FormatError:
            return False
        except CheckpointError:
            return True
        return (state["branch"], state["step"], state["change"]) == (arm.branch, arm.step, arm.change)


def position(arm: TrainedArm) -> Position:
    """Where an arm is."""
    return Position(arm.arm, arm.branch, arm.step, arm.change)


def _accuracy_at(step: int, evaluated: tuple[int, float] | None) -> float | None:
    """The test accuracy of a step, none where the last evaluation was of an earlier one: other weights have another."""
    return evaluated[1] if evaluated is not None and evaluated[0] == step else None


def _name(arm: TrainedArm) -> str:
    """The restore point of where an arm is, a name that no other place has."""
    return f"{POINTS}/{arm.branch}-{arm.step:06d}-{arm.change}.pt"
