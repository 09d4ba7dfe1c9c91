"""The commands of a journal, to be done again at the same positions in a run."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from engine.protocol import (
    Command,
    CorrectLabel,
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
    SetSteps,
    Stop,
    StopAfterEpoch,
    SwitchArm,
)
from engine.storage.choices import Choices
from engine.storage.journal import Position, Record, read_lines, records_in

REPEATED = (
    SwitchArm,
    SetRate,
    ScaleRate,
    SetFrozen,
    SetEpochs,
    SetSteps,
    SetMicroBatch,
    Rewind,
    Save,
    Evaluate,
    CorrectLabel,
)
"commands that change what is trained or saved; the others only change when"


class Script:
    """Commands in order, each of which is due at its position."""

    def __init__(
        self,
        commands: Iterable[tuple[Position, Command]] = (),
        choices: Choices | None = None,
        end: Position | None = None,
    ) -> None:
        """With `choices` a run repeats those of an earlier run; without them it makes its own.

        At `end`, once all commands are taken, the run is stopped.
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
            # In this state the command is done already.
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
        """Drop the remaining commands, because a person steers the run another way."""
        self._commands.clear()


def past_commands(records: Iterable[Record]) -> list[tuple[Position, Command]]:
    """The commands of a journal to repeat. Those that a crash undid are included once, whether done again or not."""
    done, undone = _split(records)
    return done + undone


def done_commands(records: Iterable[Record]) -> list[tuple[Position, Command]]:
    """The same without commands that a crash undid and that were not done again."""
    return _split(records)[0]


def remaining_script(folder: Path, done: int, step: int) -> Script:
    """The commands of a run's journal after the first `done` ones, and the planned stop that is still to come."""
    records = list(records_in(read_lines(folder), (*get_args(Command), RunStarted, EpochDone, RunFinished)))
    commands = past_commands(records)
    before, after = commands[:done], commands[done:]
    if planned := _planned_stop(records, done, step):
        count, there = planned
        after.insert(max(count - len(before), 0), (there, StopAfterEpoch()))
    return Script(after)


def _planned_stop(records: Iterable[Record], done: int, step: int) -> tuple[int, Position] | None:
    """A planned stop that a crash came before: the number of commands before it, and its position.

    One for an epoch that ended before `done` commands and `step` is over.
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
            case message if isinstance(message, REPEATED):
                count += 1
    return planned


def _reached(there: Position, at: Position) -> bool:
    """Whether a run that repeats its commands is at a position or further. Another arm became current after it."""
    return there.arm != at.arm or (there.branch, there.step) <= (at.branch, at.step)


def _split(records: Iterable[Record]) -> tuple[list[tuple[Position, Command]], list[tuple[Position, Command]]]:
    done: list[tuple[Position, Command]] = []
    undone: list[tuple[Position, Command]] = []
    for record in records:
        message = record.message
        if isinstance(message, RunStarted):
            # Those not done again yet are kept: another crash may have come too early.
            done, undone = done[: message.commands], [*done[message.commands :], *undone]
        elif isinstance(message, REPEATED) and record.at is not None:
            command = record.at, message
            # Any other command comes from a person who steers another way.
            undone = undone[undone.index(command) + 1 :] if command in undone else []
            done.append(command)
    return done, undone
