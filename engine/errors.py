"""What went wrong, in words for the person who can mend it.

These are for what a user did or what the machine refused; a mistake of this program is an `assert`.
"""

import traceback
from pathlib import Path


class EngineError(Exception):
    """A failure with a title (a few words) and a message (what, where, what to do).

    `exit_status` is the process's status when the error ends it: 1 where the run failed, 2 where the
    user's input has to change first.
    """

    exit_status = 1

    def __init__(self, title: str, message: str) -> None:
        super().__init__(f"{title}: {message}")
        self.title = title
        self.message = message


class UserError(EngineError):
    """An input that has to be changed before a run can start."""

    exit_status = 2


class ConfigError(UserError):
    """A configuration that cannot be used; the message lists every problem with its file and key."""


class DataError(UserError):
    """A data set that cannot be trained on."""


class WeightsError(UserError):
    """A model or weight file that does not fit."""


class CheckpointError(UserError):
    """A run or checkpoint that cannot be resumed."""


class FormatError(CheckpointError):
    """A checkpoint in the format of another version of this program."""


class StoppedError(EngineError):
    """Not a failure: a stop came while something was made ready that it need not wait for."""


class SaveError(EngineError):
    """A checkpoint that could not be written; the run goes on and the one before it is whole."""


def place(error: BaseException) -> str:
    """Where in this program an unexpected exception arose, as `engine/loop/run.py:12`; empty if it was elsewhere."""
    root = Path(__file__).parent.parent
    frames = [
        f"{Path(frame.filename).relative_to(root).as_posix()}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root / "engine")
    ]
    return frames[-1] if frames else ""
