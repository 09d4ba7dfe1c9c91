"""Commands that are due at their places in a run: those of a journal, to be done again."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path

from engine.protocol import (
    Command,
    EpochDone,
    Evaluate,
    Rewind,
    RunFinished,
    RunStarted,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    Stop,
    StopAfterEpoch,
    SwitchArm,
)
from engine.storage.choices import Choices
from engine.storage.journal import Position, Record, read_records

# What makes a difference to what is trained or kept. The others are about when, not about what.
LASTING = (SwitchArm, SetRate, ScaleRate, SetFrozen, SetEpochs, SetMicroBatch, Rewind, Save, Evaluate)


class Script:
    """Commands in their order, each handed out at its position."""

    def __init__(
        self,
        commands: Iterable[tuple[Position, Command]] = (),
        choices: Choices | None = None,
        end: Position | None = None,
    ) -> None:
        """`choices` are those of a run that is to be repeated; without them a run makes its own.

        At `end`, when all commands have been handed out, the run is stopped.
        """
        self.choices = choices
        self.ended = False
        "whether the run was stopped at `end`"
        self._end = end
        self._commands = deque(commands)

    def __len__(self) -> int:
        return len(self._commands)

    def take(self, at: Position) -> Command | None:
        """The next command, if it is due at `at`."""
        while self._commands:
            due, command = self._commands[0]
            if isinstance(command, StopAfterEpoch) and _reached(due, at):
                self._commands.popleft()
                return command
            # A state that is further has it done already.
            if due.arm == at.arm and (due.branch, due.change) < (at.branch, at.change):
                self._commands.popleft()
                continue
            if due == at:
                self._commands.popleft()
                return command
            return None
        if self._end == at and not self.ended:
            self.ended = True
            return Stop()
        return None

    def clear(self) -> None:
        """Drop what is left: somebody steers anew."""
        self._commands.clear()


def past_commands(records: Iterable[Record]) -> list[tuple[Position, Command]]:
    """The lasting commands of a journal; those that a crash undid only once, done again yet or not."""
    done, undone = _split(records)
    return done + undone


def done_commands(records: Iterable[Record]) -> list[tuple[Position, Command]]:
    """The same without those that a crash undid and that were not done again."""
    return _split(records)[0]


def rest_of(folder: Path, done: int, step: int) -> Script:
    """The commands of a run's journal after the first `done` ones and `step`, and the stop that was still to come."""
    kinds = (Command, RunStarted, EpochDone, RunFinished)  # what tells of single steps is most of a journal
    records = [record for record in read_records(folder) if isinstance(record.message, kinds)]
    commands = past_commands(records)
    before, after = commands[:done], commands[done:]
    if planned := _planned_stop(records, done, step):
        count, there = planned
        after.insert(max(count - len(before), 0), (there, StopAfterEpoch()))
    return Script(after)


def _planned_stop(records: Iterable[Record], done: int, step: int) -> tuple[int, Position] | None:
    """Where a crash came before the end of an epoch that the run was to stop after: after so many commands, and where.

    Of an epoch that ended before `done` commands and `step` it has had its time.
    """
    planned: tuple[int, Position] | None = None
    count = 0
    for record in records:
        match record.message:
            case RunStarted():
                count = record.message.commands
            case StopAfterEpoch(planned=True) if record.at is not None:
                planned = count, record.at
            case StopAfterEpoch() | Stop() | RunFinished():
                planned = None
            case EpochDone() if (count, record.message.step) <= (done, step):
                planned = None
            case message if isinstance(message, LASTING):
                count += 1
    return planned


def _reached(there: Position, at: Position) -> bool:
    """Whether an arm that does the same again is at a place or further; another arm was taken in hand after it."""
    return there.arm != at.arm or (there.branch, there.step) <= (at.branch, at.step)


def _split(records: Iterable[Record]) -> tuple[list[tuple[Position, Command]], list[tuple[Position, Command]]]:
    done: list[tuple[Position, Command]] = []
    undone: list[tuple[Position, Command]] = []
    for record in records:
        message = record.message
        if isinstance(message, RunStarted):
            # A crash may come before all are done again, which is no reason to forget them.
            done, undone = done[: message.commands], [*done[message.commands :], *undone]
        elif isinstance(message, LASTING) and record.at is not None:
            command = record.at, message
            # Another one than those is somebody who steers anew.
            undone = undone[undone.index(command) + 1 :] if command in undone else []
            done.append(command)
    return done, undone
