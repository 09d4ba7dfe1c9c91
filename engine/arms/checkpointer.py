"""Saves checkpoints of the arms, and each as a restore point."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.arms.arm import TrainedArm
from engine.arms.restore_points import START, SavedPoints, accuracy_at
from engine.config.sections import CheckpointConfig
from engine.errors import CheckpointError, FormatError
from engine.hardware.process_group import ProcessGroup
from engine.protocol import Arm, CheckpointSaved, Event, RestorePoint, RestorePoints
from engine.protocol.best import BEST
from engine.storage import checkpoint
from engine.storage.choices import Choices
from engine.storage.journal import Position
from engine.storage.tidying import POINTS
from engine.storage.writer import CheckpointWriter, copy_to_host

HEAD = "head.pt"
"the file of an arm with a fitted head, before its first step"
REASONS = {
    "epoch": "epoch done",
    "best": "best so far",
    "head": "fitted head",
    "tested": "tested",
    "average": "average with the fitted head",
    "averages": "averages scored",
    "autosave": "autosave",
    "change": "before a change",
    "switch": "before a switch",
    "stop": "before the end",
    "long": "before something long",
    "rewind": "start of a branch",
}
"why a restore point was saved"


class _Save(NamedTuple):
    """What is to be saved."""

    arm: TrainedArm
    reasons: dict[str, str]
    "why, by the name of the file"
    name: str
    "of the restore point"
    why: str
    instead: Mapping[str, Any] = MappingProxyType({})
    "values of the checkpoint in place of the arm's"


class Checkpointer:
    """Saves arms to the run's folder. Only the first process writes. `folder` must be set before the first use."""

    def __init__(
        self,
        config: CheckpointConfig,
        writer: CheckpointWriter,
        processes: ProcessGroup,
        arms: Callable[[], Iterable[TrainedArm]],
        common_state: Callable[[], dict[str, Any]],
    ) -> None:
        """`arms` returns the arms in memory. `common_state` returns the rest of a checkpoint."""
        self.folder = Path()
        self.choices: Choices | None = None
        "choices of the run that is repeated: its restore points are saved again"
        self._config = config
        self._writer = writer
        self._processes = processes
        self._arms = arms
        self._common_state = common_state
        self._points = SavedPoints()
        self._kept: tuple[Path, dict[str, Any]] | None = None
        "a copy of an arm, and where it belongs"
        self._pending: tuple[Arm, RestorePoint] | None = None

    # --- saving -----------------------------------------------------------------------------------------

    @property
    def autosave_due(self) -> bool:
        """Whether `checkpoint.every_seconds` have passed since the last attempt to save."""
        return self._processes.is_first and self.choices is None and self._writer.since > self._config.every_seconds

    def save(self, arm: TrainedArm, reasons: dict[str, str], instead: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Save an arm under each name of `reasons`, and as a restore point. The values say why it is saved.

        `instead` has values of the checkpoint that are not those of the arm.
        """
        why = ", ".join(dict.fromkeys(REASONS.get(reason, reason) for reason in reasons.values()))
        self._save(_Save(arm, reasons, _name(arm), why, instead))

    def save_manual(self, arm: TrainedArm) -> None:
        """Save an arm because the user asked for it, under a new name that no later checkpoint overwrites."""
        self._writer.wait()  # a file with such a name may still be in progress
        folder, stem = self.folder / arm.arm, f"step-{arm.step:06d}"
        names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        name = next(n for n in names if not (folder / f"{n}.pt").exists() or self._holds_this_state(arm, f"{n}.pt"))
        self._save(_Save(arm, {name: "key"}, f"{name}.pt", "saved by hand"))

    def save_branch(self, arm: TrainedArm) -> None:
        """Save the end of the current branch before a rewind leaves it."""
        stem = f"branch-{arm.branch}"
        self._save(_Save(arm, {stem: "branch"}, f"{stem}.pt", f"end of branch {arm.branch}"))

    @contextlib.contextmanager
    def keeping(self, arm: TrainedArm) -> Iterator[None]:
        """Keep a copy of an arm during a step that takes long, so that another thread can save it with `rescue`."""
        state = copy_to_host(arm.state() | self._common_state() | {"reason": REASONS["stop"]})
        self._kept = self.folder / arm.arm / "last.pt", state
        try:
            yield
        finally:
            self._kept = None

    def rescue(self) -> bool:
        """Write the copy that is kept, from another thread. Returns whether there is one, and it is on the disk."""
        kept = self._kept
        return kept is not None and self._writer.write_now(kept[1], kept[0])

    def before_change(self, arm: TrainedArm) -> None:
        """Save a restore point before a change by the user, unless this step has one."""
        if arm.step and all((point.branch, point.step) != (arm.branch, arm.step) for point in self._with_pending(arm)):
            self.save(arm, {"last": "change"})

    def save_repeated(self, arm: TrainedArm) -> None:
        """Save a restore point if the run that is repeated saved one here."""
        wanted = self.choices is not None and (arm.arm, _name(arm)) in self.choices.points
        if wanted and all(point.name != _name(arm) for point in self._with_pending(arm)):
            self.save(arm, {"last": "repeated"})

    def _with_pending(self, arm: TrainedArm) -> list[RestorePoint]:
        """The restore points of an arm, with the one that is being written."""
        pending = [self._pending[1]] if self._pending is not None and self._pending[0] == arm.arm else []
        return [*self._known().of(arm.arm), *pending]

    def _save(self, what: _Save) -> None:
        """Save an arm. If the other arm has unsaved changes, save it first.

        Each checkpoint has the history of both arms, and a resume continues with the newest one: it must be the
        current arm's.
        """
        if not self._processes.is_first:
            return  # all processes have the same state
        began = time.monotonic()
        self._writer.wait()
        for other in self._arms():
            if other is not what.arm and other.unsaved:
                self._put(_Save(other, {"last": "switch"}, _name(other), REASONS["switch"]), began)
                began = time.monotonic()
        self._put(what, began)

    def _put(self, what: _Save, began: float) -> None:
        arm = what.arm
        folder = self.folder / arm.arm
        accuracy = accuracy_at(arm.step, arm.evaluated)
        point = RestorePoint(what.name, arm.step, arm.epoch, arm.branch, accuracy, what.why, 0.0)
        self._pending = arm.arm, point
        paths = {folder / f"{name}.pt": reason for name, reason in what.reasons.items()}
        self._writer.put(arm, self._common_state() | {"reason": what.why} | dict(what.instead), paths, point, began)

    def results(self, wait: bool = False) -> Iterator[Event]:
        """The checkpoints that were written, or failed, since the last call. `wait` waits for those in progress."""
        points: Arm | None = None
        for result, point in self._writer.results(wait):
            yield result
            if point is not None and isinstance(result, CheckpointSaved):
                points = result.arm
                self._points.add(result.arm, point, result.bytes)
        if points is not None:
            self._points.delete_oldest(self.folder, self._config.points_gib * 2**30)
            yield self.points(points)

    def settle(self) -> Iterator[Event]:
        """The same for all that was asked for, after another attempt at best weights that could not be written."""
        self._writer.retry()
        yield from self.results(wait=True)

    def best_accuracy(self, arm: TrainedArm) -> float | None:
        """The accuracy of the best weights that are on the disk; call it when all that was asked for is written."""
        accuracy: float | None = self._writer.of_best(self.folder / arm.arm / BEST, "best_accuracy", arm.best_accuracy)
        return accuracy

    def best_step(self, arm: TrainedArm) -> int | None:
        """The step of these weights; call it then, too."""
        step: int | None = self._writer.of_best(self.folder / arm.arm / BEST, "best_step", arm.best_step)
        return step

    # --- restore points ---------------------------------------------------------------------------------

    def points(self, arm: Arm) -> RestorePoints:
        """The restore points of an arm."""
        known = sorted(self._known().of(arm), key=lambda point: (point.step, point.time))
        start = RestorePoint(START, 0, 1, 1, None, "the beginning", 0.0)
        return RestorePoints(arm, (start, *known))

    def has_point(self, arm: Arm, name: str) -> bool:
        """Whether there is a restore point of that name."""
        return self._processes.broadcast(any(point.name == name for point in self.points(arm).points))

    def is_gone(self, arm: Arm, name: str) -> bool:
        """Whether a restore point that there was has been deleted by somebody."""
        return self._processes.broadcast(self._points.is_gone(arm, name))

    def last_point(self, arm: TrainedArm, before: int | None) -> str:
        """The name of the latest restore point before step `before`; a point of the current branch comes first.

        Without `before`, the current step counts, too. `start` if there is no such point.
        """
        return self._processes.broadcast(self._known().latest(arm, arm.step + 1 if before is None else before))

    def load(self, arm: Arm, name: str) -> dict[str, Any]:
        """The state in the file of a restore point.

        Raises:
            CheckpointError: the file cannot be read.
        """
        self._writer.wait()
        return self._processes.on_first(lambda: checkpoint.load(self.folder / arm / name))

    def _known(self) -> SavedPoints:
        """The points whose files are there: somebody may have deleted some while the run waited."""
        self._points.forget_gone(self.folder)
        return self._points

    def find_points(self) -> None:
        """Read the restore points of the folder, when a run is resumed."""
        self._points.find(self.folder)

    def _holds_this_state(self, arm: TrainedArm, name: str) -> bool:
        """Whether a file has exactly this state of the arm. Then a command is repeated after a crash.

        A damaged file counts, too: nothing in it can be saved, and a repeated rewind finds the file by its name.
        """
        try:
            state = checkpoint.peek(self.folder / arm.arm / name)
        except FormatError:
            return False
        except CheckpointError:
            return True
        return (state["branch"], state["step"], state["change"]) == (arm.branch, arm.step, arm.change)


def position(arm: TrainedArm) -> Position:
    """The position of an arm in its training."""
    return Position(arm.arm, arm.branch, arm.step, arm.change)


def _name(arm: TrainedArm) -> str:
    """The file name of a restore point. Each position of an arm has another name."""
    return f"{POINTS}/{arm.branch}-{arm.step:06d}-{arm.change}.pt"
