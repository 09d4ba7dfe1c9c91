"""What a command does to a run: each takes effect between two steps, or is refused with the reason."""

from collections import deque
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import assert_never

from engine.comparison import Comparison
from engine.errors import EngineError
from engine.journal import Journal
from engine.optim import describe_groups
from engine.peers import Peers
from engine.protocol import (
    ArmStarted,
    ArmSuspended,
    CheckpointFailed,
    Command,
    CommandRefused,
    Event,
    Pause,
    Paused,
    RateChanged,
    Resume,
    Resumed,
    Save,
    SetRate,
    Stop,
    SwitchArm,
    name_of,
)


class Inbox:
    """The commands that wait, oldest first; those of the first process are everyone's."""

    def __init__(self, queue: SimpleQueue[Command], peers: Peers) -> None:
        self._queue = queue
        self._peers = peers
        self._looked_at: deque[Command] = deque()

    def stop_waits(self) -> bool:
        """Whether there is a stop among them; all keep their turn."""
        self._looked_at.extend(iter(self._from_queue, None))
        return any(isinstance(command, Stop) for command in self._looked_at)

    @property
    def empty(self) -> bool:
        """Whether there is none."""
        return not self._looked_at and self._queue.empty()

    def take(self) -> Command | None:
        """The next command, if any."""
        if not self._looked_at:
            self._looked_at.extend(self._peers.share(list(iter(self._from_queue, None))))
        return self._looked_at.popleft() if self._looked_at else None

    def wait(self) -> Command:
        """The next command, when it comes; waiting costs no processor time."""
        if self._looked_at:
            return self._looked_at.popleft()
        return self._peers.share(self._queue.get() if self._peers.first else Stop())

    def _from_queue(self) -> Command | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            return None


class Steering:
    """Applies commands to the arm in hand. The journal gets each one when it has taken effect."""

    def __init__(self, inbox: Inbox, comparison: Comparison, journal: Journal) -> None:
        self.stopped = False
        self._inbox = inbox
        self._comparison = comparison
        self._journal = journal

    @property
    def waited_for(self) -> bool:
        """Whether there is a command to apply."""
        return not self._inbox.empty

    def commands(self) -> Iterator[Event]:
        """Apply what waits in the inbox."""
        while not self.stopped and (command := self._inbox.take()) is not None:
            yield from self._apply(command)

    def wait(self) -> Iterator[Event]:
        """Wait for a command and apply it."""
        yield from self._comparison.saving.results(wait=True)  # a checkpoint asked for is told of before
        yield from self._apply(self._inbox.wait())

    def arm_started(self) -> ArmStarted:
        """That the arm in hand begins or goes on."""
        arm = self._comparison.hand
        return ArmStarted(
            arm=arm.arm,
            step=arm.step,
            epoch=arm.epoch,
            epochs=arm.epochs,
            steps_per_epoch=arm.steps_per_epoch,
            groups=describe_groups(arm.optimizer),
            init=arm.init,
        )

    def _apply(self, command: Command) -> Iterator[Event]:
        arm = self._comparison.hand
        if reason := self._why_not(command):
            yield self._refused(command, reason)
            return
        match command:
            case Pause():
                yield from self._pause()
            case Resume():
                raise AssertionError("refused unless paused, and then handled in the pause")
            case Save():
                self._record(command)
                self._comparison.save_apart()
            case SetRate():
                self._record(command)
                arm.set_rate(command.group, command.base_lr)
                yield RateChanged(arm.arm, arm.step, command.group, command.base_lr)
            case SwitchArm():
                yield from self._switch(command)
            case Stop():
                yield from self._stop(command)
            case _:
                assert_never(command)

    def _why_not(self, command: Command) -> str:
        """Why a command is impossible now; empty if it is not."""
        arm, reason = self._comparison.hand, ""
        if isinstance(command, Resume):
            reason = "training is not paused"
        elif isinstance(command, Pause | SetRate) and arm.done:
            reason = f"{arm.arm} has done all its epochs"
        elif isinstance(command, SetRate) and command.group not in [g.name for g in describe_groups(arm.optimizer)]:
            reason = f"there is no group `{command.group}`"
        elif isinstance(command, SetRate) and not 0 <= command.base_lr <= 100:  # NaN fails this too
            reason = f"a rate lies in 0..100, {command.base_lr} does not"
        elif isinstance(command, SwitchArm) and command.arm == arm.arm:
            reason = f"{arm.arm} is in hand already"
        elif isinstance(command, SwitchArm) and self._comparison.is_done(command.arm):
            reason = f"{command.arm} has done all its epochs"
        return reason

    def _pause(self) -> Iterator[Event]:
        """Wait for commands until one ends the pause."""
        arm = self._comparison.hand
        self._record(Pause())
        yield Paused(arm.arm, arm.step)
        while not self.stopped and arm is self._comparison.hand:
            yield from self._comparison.saving.results(wait=True)
            match command := self._inbox.wait():
                case Resume():
                    self._record(command)
                    yield Resumed(arm.arm, arm.step)
                    return
                case Pause():
                    yield self._refused(command, "training is paused already")
                case _:
                    yield from self._apply(command)

    def _switch(self, command: SwitchArm) -> Iterator[Event]:
        """Let the arm in hand rest, saved if that can be done, and take up the other one."""
        before = self._comparison.hand
        self._comparison.save({"last": "switch"})
        try:
            yield from self._comparison.switch(command.arm)
        except EngineError as error:
            yield self._refused(command, f"{error.title}: {error.message}")
            return
        self._journal.command(command, before.arm, before.step)
        yield ArmSuspended(before.arm, before.step)
        yield self.arm_started()

    def _stop(self, command: Stop) -> Iterator[Event]:
        """Stop, unless something would be lost that was to be saved."""
        if command.save:
            self._comparison.save_all("stop")
            failure = ""
            for saved in self._comparison.saving.results(wait=True):
                yield saved
                if isinstance(saved, CheckpointFailed):
                    failure = saved.message
            if failure := self._comparison.peers.share(failure):
                yield self._refused(command, f"{failure}; training goes on")
                return
        self._record(command)
        self.stopped = True

    def _record(self, command: Command) -> None:
        self._journal.command(command, self._comparison.hand.arm, self._comparison.hand.step)

    def _refused(self, command: Command, reason: str) -> CommandRefused:
        arm = self._comparison.hand
        return CommandRefused(arm.arm, arm.step, name_of(command), reason)
