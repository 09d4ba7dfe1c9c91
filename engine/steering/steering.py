"""Takes the commands of a run between two steps, and applies each one or refuses it with the reason."""

import time
from collections.abc import Callable, Iterator
from typing import assert_never

from engine.arms.arm import TrainedArm
from engine.arms.arms import Arms
from engine.arms.checkpointer import position
from engine.config import RunConfig
from engine.protocol import (
    Command,
    CorrectLabel,
    Evaluate,
    Event,
    FindRate,
    Pause,
    Release,
    Resume,
    Rewind,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    SetSteps,
    StepsChanged,
    Stop,
    StopAfterEpoch,
    StopPlanned,
    SwitchArm,
    bounds,
)
from engine.steering import changes, moves, pausing, refusal
from engine.steering.inbox import Inbox
from engine.steering.label_list import write_label_list
from engine.steering.state import RunState
from engine.storage.journal import Journal

BY_HAND, SCHEDULED = "set by hand", "set by the schedule"


class Steering(RunState):
    """Applies commands to the current arm. The journal gets each one before it takes effect."""

    def __init__(
        self,
        inbox: Inbox,
        arms: Arms,
        journal: Journal,
        config: RunConfig,
        hold_open: Callable[[], bool] = lambda: False,
        *,
        has_validation: bool = False,
    ) -> None:
        """`hold_open` says whether to wait for commands when an arm has done its epochs."""
        super().__init__(inbox, arms, journal, has_validation)
        self._config = config
        self._hold_open = hold_open

    @property
    def held_open(self) -> bool:
        """Whether to wait for commands when an arm has done its epochs; the first process decides for all."""
        return self.arms.processes.broadcast(self._hold_open())

    @property
    def has_commands(self) -> bool:
        """Whether a command waits to be applied."""
        return not self._inbox.empty

    def stop_requested(self) -> bool:
        """Whether a command to end the run waits."""
        return self._inbox.stop_requested()

    def is_current(self, arm: TrainedArm) -> bool:
        """Whether `arm` is to be trained."""
        return arm is self.arms.current and not self.stopped

    def begin(self) -> Iterator[Event]:
        """Tell where the current arm is, which of its settings a resume changed, and its restore points."""
        return moves.begin(self)

    def commands(self) -> Iterator[Event]:
        """Apply what is due here and what waits in the inbox; in a pause, until there is something to do."""
        while not self.stopped:
            arm = self.arms.current
            self.arms.checkpointer.save_repeated(arm)
            if arm.scheduled < arm.step:
                yield from self._apply_schedule()
            command = self._inbox.take(position(arm))
            if command is None:
                if not self.paused or arm.asked or self.sweep_asked:
                    return
                yield from self.wait()
            else:
                yield from self._apply(command)

    def wait(self) -> Iterator[Event]:
        """Wait for a command and apply it."""
        yield from self.arms.checkpointer.results(wait=True)  # those asked for before the wait are reported before it
        began = time.perf_counter()
        command = self._inbox.wait()
        self.waited += time.perf_counter() - began
        yield from self._apply(command)

    def stop(self, command: Stop) -> Iterator[Event]:
        """End the run. Where the command asks for a checkpoint and it cannot be written, the command is refused."""
        return pausing.stop(self, command)

    def recover(self, point: str, reason: str, factor: float) -> Iterator[Event]:
        """Take the current arm back to a restore point, and multiply the base rates that it had there by `factor`.

        Raises:
            EngineError: the point cannot be read or built again; the arm stays where it is.
        """
        return moves.recover(self, point, reason, factor)

    def limit_micro_batch(self, pictures: int, reason: str) -> Iterator[Event]:
        """Send at most `pictures` through the model at once, as the command `SetMicroBatch` does."""
        command = SetMicroBatch(pictures)
        self.record(command)
        yield changes.make(command, self.arms.current, reason)

    def plan_steps(self, steps: int, reason: str) -> Iterator[Event]:
        """End the current arm after so many steps, as the command `SetSteps` does."""
        self.record(SetSteps(steps))
        arm = self.arms.current
        arm.set_steps(steps)
        yield StepsChanged(arm.arm, arm.step, steps, arm.epochs, reason, arm.change, planned=True)

    def _apply_schedule(self) -> Iterator[Event]:
        """Make the changes that the configuration has for this step."""
        arm = self.arms.current
        arm.scheduled = arm.step
        for command in changes.scheduled(self._config.schedule, arm):
            if reason := refusal.reason(command, self):
                yield self.refused(command, reason)
            else:
                yield changes.make(command, arm, SCHEDULED)

    def _why_not(self, command: Command) -> str:
        """Why the command is impossible, empty if it is possible. What an older version did is done again as it was."""
        out_of_bounds = "" if self._inbox.scripted else bounds.problem(command)
        return out_of_bounds or refusal.reason(command, self)

    def _refuse(self, command: Command, reason: str) -> Iterator[Event]:
        """Say why a command has no effect. Whoever asked for a rewind may have seen points whose files are gone."""
        yield self.refused(command, reason)
        if isinstance(command, Rewind):
            yield self.arms.checkpointer.points(self.arms.current.arm)

    def _apply(self, command: Command) -> Iterator[Event]:
        arm, checkpointer = self.arms.current, self.arms.checkpointer
        if isinstance(command, Rewind):  # its restore point may still be on its way to the disk
            yield from checkpointer.results(wait=True)
        if reason := self._why_not(command):
            yield from self._refuse(command, reason)
            return
        if self.sweep_asked:
            self.sweep_asked = False
            yield self.no_sweep()
        match command:
            case Pause():
                yield from pausing.pause(self, command)
            case Resume():
                self.record(command)
                yield from pausing.end_pause(self)
            case Save():
                checkpointer.save_manual(arm)
                self.record(command)
            case Evaluate():
                self.record(command)
                if command.test:
                    arm.test_asked = True
                else:
                    arm.evaluation_asked = True
            case FindRate():
                self.record(command)
                self.sweep_asked = True
            case SetRate() | ScaleRate() | SetFrozen() | SetEpochs() | SetSteps() | SetMicroBatch():
                checkpointer.before_change(arm)
                self.record(command)
                for change in changes.by_group(command, arm):
                    yield changes.make(change, arm, BY_HAND)
            case CorrectLabel():
                if arm.judgements.last_epoch != arm.next_epoch:  # one point for all that is said in an epoch
                    checkpointer.before_change(arm)
                self.record(command)
                yield changes.make(command, arm, BY_HAND)
                write_label_list(self)
            case Rewind():
                yield from moves.rewind(self, command)
            case SwitchArm():
                yield from moves.switch(self, command)
            case StopAfterEpoch():
                self.record(command)
                self.stops_after_epoch = command.planned
                yield StopPlanned(arm.arm, arm.step, arm.epoch, command.planned)
            case Stop():
                yield from pausing.stop(self, command)
            case Release():
                # Somebody else may watch by now, and a client may send `Release` whenever it likes.
                self.stopped = arm.done and not self.held_open
            case _:
                assert_never(command)
