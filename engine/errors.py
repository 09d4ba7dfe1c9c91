"""Errors with a message for the person who can solve the problem.

They are for mistakes of a user and for failures of the machine. Mistakes of this program fail an `assert`.
"""

import traceback
from pathlib import Path


class EngineError(Exception):
    """A failure with a title (a few words) and a message (what, where, what to do).

    `exit_status` is the process's status when the error ends it: 1 if the run failed, 2 if the user has to change the
    input.
    """

    exit_status = 1

    def __init__(self, title: str, message: str) -> None:
        super().__init__(f"{title}: {message}")
        self.title = title
        self.message = message


class UserError(EngineError):
    """The user has to change the input before a run can start."""

    exit_status = 2


class ConfigError(UserError):
    """A configuration cannot be used; the message lists every problem with its file and key."""


class DataError(UserError):
    """A data set cannot be trained on."""


class WeightsError(UserError):
    """A model or a file of weights does not fit."""


class CheckpointError(UserError):
    """A run or a checkpoint cannot be resumed or read."""


class FormatError(CheckpointError):
    """A checkpoint has the format of another version of this program."""


class StoppedError(EngineError):
    """Not a failure: the run was stopped during preparations, which are then not finished."""


class SaveError(EngineError):
    """A checkpoint could not be written; the run goes on, and the previous checkpoint is intact."""


def place(error: BaseException) -> str:
    """The line of this program at which an exception arose, as `engine/loop/run.py:12`; empty if it arose elsewhere."""
    root = Path(__file__).parent.parent
    frames = [
        f"{Path(frame.filename).relative_to(root).as_posix()}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root / "engine")
    ]
    return frames[-1] if frames else ""
