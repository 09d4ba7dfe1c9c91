"""What a command does to a run: each takes effect between two steps, or is refused with the reason."""

from collections.abc import Callable, Generator, Iterator
from typing import assert_never

from engine.arms.arm import TrainedArm
from engine.arms.arms import Arms
from engine.arms.checkpointer import position
from engine.arms.optimizer import describe_groups
from engine.config import RunConfig
from engine.errors import EngineError
from engine.protocol import (
    ArmStarted,
    ArmSuspended,
    CheckpointFailed,
    Command,
    CommandRefused,
    Evaluate,
    Event,
    Head,
    Loading,
    Pause,
    Paused,
    Release,
    Resume,
    Resumed,
    Rewind,
    Rewound,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    Stop,
    StopAfterEpoch,
    StopPlanned,
    SwitchArm,
    name_of,
)
from engine.steering import changes, refusal
from engine.steering.inbox import Inbox
from engine.steering.script import LASTING
from engine.storage.journal import Journal

BY_HAND, SCHEDULED = "set by hand", "set by the schedule"
REWOUND: dict[Head, str] = {
    "kept": "by hand",
    "random": "by hand, with a random head",
    "pretrained": "by hand, with the pretrained classifier's rows in the head",
}
"why an arm is taken back, by what its head is to start from"


class Steering:
    """Applies commands to the arm in hand. The journal gets each one before it takes effect."""

    def __init__(
        self,
        inbox: Inbox,
        arms: Arms,
        journal: Journal,
        config: RunConfig,
        hold_open: Callable[[], bool] = lambda: False,
    ) -> None:
        """`hold_open` says whether to wait for commands when an arm has done its epochs."""
        self.stopped = False
        self.stops_after_epoch = False
        self.paused = False
        self.freed = False
        "whether both arms are in the host's memory meanwhile"
        self._inbox = inbox
        self.arms = arms
        self._journal = journal
        self._config = config
        self._hold_open = hold_open

    @property
    def held_open(self) -> bool:
        """Whether to wait for commands when an arm has done its epochs; the first process says so for all."""
        return self.arms.processes.broadcast(self._hold_open())

    @property
    def waited_for(self) -> bool:
        """Whether there is a command to apply."""
        return not self._inbox.empty

    def is_current(self, arm: TrainedArm) -> bool:
        """Whether it is this arm that is to be trained."""
        return arm is self.arms.current and not self.stopped

    def commands(self) -> Iterator[Event]:
        """Apply what is due here and what waits in the inbox; in a pause, until there is something to do."""
        while not self.stopped:
            arm = self.arms.current
            self.arms.checkpointer.repeat(arm)
            if arm.scheduled < arm.step:
                yield from self._scheduled()
            command = self._inbox.take(position(arm))
            if command is None:
                if not self.paused or arm.evaluation_asked:
                    return
                yield from self.wait()
            else:
                yield from self._apply(command)

    def wait(self) -> Iterator[Event]:
        """Wait for a command and apply it."""
        yield from self.arms.checkpointer.results(wait=True)  # a checkpoint asked for is told of before
        yield from self._apply(self._inbox.wait())

    def arm_started(self) -> ArmStarted:
        """That the arm in hand begins or goes on."""
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
        )

    def begin(self) -> Iterator[Event]:
        """Tell of the arm that is taken in hand, and of what it can be taken back to."""
        yield self.arm_started()
        yield from self.arms.adopted()
        yield self.arms.checkpointer.points(self.arms.current.arm)

    def _apply(self, command: Command) -> Iterator[Event]:
        if isinstance(command, Rewind):  # to what may still be on its way to the disk
            yield from self.arms.checkpointer.results(wait=True)
        if reason := refusal.reason(command, self, self.arms):
            yield self._refused(command, reason)
            return
        match command:
            case Pause():
                yield from self._pause(command)
            case Resume():
                self._record(command)
                yield from self._go_on()
            case Save():
                self.arms.checkpointer.save_apart(self.arms.current)
                self._record(command)
            case Evaluate():
                self._record(command)
                self.arms.current.evaluation_asked = True
            case SetRate() | ScaleRate() | SetFrozen() | SetEpochs() | SetMicroBatch():
                self.arms.checkpointer.before_change(self.arms.current)
                self._record(command)
                yield changes.make(command, self.arms.current, BY_HAND)
            case Rewind():
                yield from self._rewind(command)
            case SwitchArm():
                yield from self._switch(command)
            case StopAfterEpoch():
                self._record(command)
                self.stops_after_epoch = command.planned
                arm = self.arms.current
                yield StopPlanned(arm.arm, arm.step, arm.epoch, command.planned)
            case Stop():
                yield from self.stop(command)
            case Release():
                # Somebody else may watch by now, and a peer may send what it likes.
                self.stopped = self.arms.current.done and not self.held_open
            case _:
                assert_never(command)

    # --- the state of the arm in hand -------------------------------------------------------------------

    def _scheduled(self) -> Iterator[Event]:
        """Make the changes that the configuration has for this step."""
        arm = self.arms.current
        arm.scheduled = arm.step
        for command in changes.scheduled(self._config.schedule, arm):
            if reason := refusal.reason(command, self, self.arms):
                yield self._refused(command, reason)
            else:
                yield changes.make(command, arm, SCHEDULED)

    def halve_micro_batch(self, pictures: int, reason: str) -> Iterator[Event]:
        """Send no more than `pictures` through the model at once, as a command would have it."""
        command = SetMicroBatch(pictures)
        self._record(command)
        yield changes.make(command, self.arms.current, reason)

    # --- which arm, and where it is ---------------------------------------------------------------------

    def _switch(self, command: SwitchArm) -> Iterator[Event]:
        """Let the arm in hand rest, saved if that can be done, and take up the other one."""
        before = self.arms.current
        at = position(before)
        self._bring_back()
        self.arms.checkpointer.save(before, {"last": "switch"})
        try:
            yield from self.arms.switch(command.arm)
        except EngineError as error:
            yield self._refused(command, f"{error.title}: {error.message}")
            return
        self._journal.command(command, at)
        self._counted(command)
        self.paused = False
        yield ArmSuspended(before.arm, before.step)
        yield from self.begin()

    def _rewind(self, command: Rewind) -> Iterator[Event]:
        """Keep the end of this branch, and go back."""
        arm, checkpointer = self.arms.current, self.arms.checkpointer
        try:
            yield from self.arms.check_head(command.head)  # before a branch is kept that is not left
            checkpointer.save_branch(arm)
            if failure := (yield from self._results()):
                yield self._refused(command, f"{failure}; training goes on")
                return
            yield from self._go_back(command.point, REWOUND[command.head], command)
        except EngineError as error:
            yield self._refused(command, f"{error.title}: {error.message}")
            return
        checkpointer.save(arm, {"last": "rewind"})
        if self.paused:
            yield from self._go_on()

    def recover(self, point: str, reason: str, factor: float) -> Iterator[Event]:
        """Take the arm in hand back to a restore point, and multiply the base rates that it had there.

        Raises:
            EngineError: the point cannot be read, or not be built again; the arm stays where it is.
        """
        yield from self._go_back(point, reason)
        arm = self.arms.current
        arm.recovered = arm.step
        for group in describe_groups(arm.optimizer):
            yield changes.make(ScaleRate(group.name, factor), arm, "halved by the watchdog")
        self.arms.checkpointer.save(arm, {"last": "rewind"})

    def _go_back(self, point: str, reason: str, command: Rewind | None = None) -> Iterator[Event]:
        """Take the arm in hand back to a restore point.

        Raises:
            EngineError: the point cannot be read or built again, or the head not be had; the arm stays where it is.
        """
        at = position(self.arms.current)
        self._bring_back()
        for event in self.arms.rewind(point, reason, command.head if command is not None else "kept"):
            if command is not None and isinstance(event, Rewound):
                self._journal.command(command, at)
                self._counted(command)
                command = None
            yield event
        yield self.arm_started()

    # --- waiting and ending -----------------------------------------------------------------------------

    def _pause(self, command: Pause) -> Iterator[Event]:
        arm = self.arms.current
        self._record(command)
        self.paused = True
        if command.free:
            self.arms.free()
            self.freed = True
        yield Paused(arm.arm, arm.step, self.freed)

    def _go_on(self) -> Iterator[Event]:
        arm = self.arms.current
        self._bring_back()
        self.paused = False
        yield Resumed(arm.arm, arm.step)

    def _bring_back(self) -> None:
        if self.freed:
            self.arms.bring_back()
            self.freed = False

    def stop(self, command: Stop) -> Iterator[Event]:
        """Stop, unless something would be lost that was to be saved."""
        if command.save:
            self.arms.checkpointer.save(self.arms.current, {"last": "stop"})
            if failure := (yield from self._results()):
                yield self._refused(command, f"{failure}; training goes on")
                return
        self._record(command)
        self.stopped = True

    def _results(self) -> Generator[Event, None, str]:
        """What became of all checkpoints; why the last one failed that did, empty if none has."""
        failure = ""
        yield Loading("saving")
        for saved in self.arms.checkpointer.results(wait=True):
            yield saved
            if isinstance(saved, CheckpointFailed):
                failure = saved.message
        return self.arms.processes.broadcast(failure)

    def _record(self, command: Command) -> None:
        at = position(self.arms.current)
        self._journal.command(command, at)
        if isinstance(command, Save | Evaluate):
            self.arms.current.changed()  # so that the next command of this step has a place of its own
        self._counted(command)

    def _counted(self, command: Command) -> None:
        if isinstance(command, LASTING):
            self.arms.commands += 1
            if not self._inbox.scripted:
                self._inbox.script.clear()

    def _refused(self, command: Command, reason: str) -> CommandRefused:
        arm = self.arms.current
        return CommandRefused(arm.arm, arm.step, name_of(command), reason)
