"""What all commands act on: the arms of a run, whether it is paused or about to end, and the record of its commands."""

from collections.abc import Generator, Iterator
from pathlib import Path

from engine.arms.arms import Arms
from engine.arms.checkpointer import position
from engine.arms.optimizer import describe_groups, largest_group
from engine.protocol import (
    ArmStarted,
    CheckpointFailed,
    Command,
    CommandRefused,
    Evaluate,
    Event,
    Loading,
    RatesSwept,
    Save,
    name_of,
)
from engine.steering.inbox import Inbox
from engine.steering.script import REPEATED
from engine.storage.journal import Journal, Position


class RunState:
    """The state of a run that commands read and change."""

    def __init__(self, inbox: Inbox, arms: Arms, journal: Journal, has_validation: bool = False) -> None:
        self.arms = arms
        self.has_validation = has_validation
        "whether other pictures than the test pictures choose"
        self.stopped = False
        self.stop_cause = ""
        "the signal or the time limit that has stopped the run"
        self.secured = False
        "whether all is saved and the run does something long that it cannot break off: its processes may just end"
        self.stops_after_epoch = False
        self.paused = False
        self.freed = False
        "whether the GPU's memory is given back, with both arms in the host's memory"
        self.waited = 0.0
        "seconds of waiting for commands, so far"
        self.sweep_asked = False
        "whether a sweep over learning rates is to be made in the pause"
        self._inbox = inbox
        self._journal = journal

    def record(self, command: Command, at: Position | None = None) -> None:
        """Write a command that takes effect to the journal, with its position: by default where the arm is now."""
        arm = self.arms.current
        self._journal.command(command, position(arm) if at is None else at)
        if isinstance(command, Save | Evaluate):
            arm.mark_changed()  # so that the next command of this step has a position of its own
        if isinstance(command, REPEATED):
            self.arms.commands += 1
            if not self._inbox.scripted:
                self._inbox.script.clear()

    @property
    def is_scripted(self) -> bool:
        """Whether the run repeats commands of its journal, or of another run's. The first process decides for all."""
        repeats = len(self._inbox.script) > 0 or self.arms.checkpointer.choices is not None
        return self.arms.processes.broadcast(repeats)

    def journal_failed(self, path: Path, error: OSError) -> None:
        """Take note that a file of the run's record cannot be written."""
        self._journal.failed(path, error)

    def refused(self, command: Command, reason: str) -> CommandRefused:
        """The event that says why a command has no effect."""
        arm = self.arms.current
        return CommandRefused(arm.arm, arm.step, name_of(command), reason)

    def no_sweep(self) -> RatesSwept:
        """The event that says that a command came before the sweep that was asked for had begun."""
        arm = self.arms.current
        group = largest_group(arm.optimizer).name
        return RatesSwept(arm.arm, arm.step, group, (), (), None, "a command ended the sweep before its first step")

    def arm_started(self) -> ArmStarted:
        """The event that says where the current arm begins or goes on."""
        arm = self.arms.current
        return ArmStarted(
            arm=arm.arm,
            step=arm.step,
            epoch=arm.epoch,
            epochs=arm.epochs,
            steps_per_epoch=arm.steps_per_epoch,
            groups=describe_groups(arm.optimizer),
            init=arm.init,
            branch=arm.branch,
            change=arm.change,
            steps=arm.steps or 0,
            judged=arm.judgements.told(),
            regularisation=arm.regularisation,
        )

    def wait_for_checkpoints(self) -> Generator[Event, None, str]:
        """Wait until all checkpoints are written; why the last failed one failed, empty if none has failed."""
        failure = ""
        yield Loading("saving")
        for saved in self.arms.checkpointer.results(wait=True):
            yield saved
            if isinstance(saved, CheckpointFailed):
                failure = saved.message
        return self.arms.processes.broadcast(failure, patient=True)

    @property
    def is_saved(self) -> bool:
        """Whether all that was trained is on the disk, as the first process knows it; from any thread."""
        return self.arms.writer.is_idle and not self.arms.unsaved

    def secure(self) -> Iterator[Event]:
        """Save what is not saved yet, before something long that cannot be broken off; `release` is called after it."""
        arm, checkpointer, failure = self.arms.current, self.arms.checkpointer, ""
        if not self.arms.processes.broadcast(self.is_saved):
            if self.arms.unsaved:
                checkpointer.save(arm, {"last": "long"})
            failure = yield from self.wait_for_checkpoints()
        self.secured = not failure

    def release(self) -> None:
        """Call this when what `secure` was called for is over."""
        self.secured = False

    def take_back_gpu(self) -> None:
        """Move both arms to the GPU again, if its memory is given back."""
        if self.freed:
            self.arms.return_to_device()
            self.freed = False
