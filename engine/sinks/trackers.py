"""The trackers that a run can be sent to. Loads none of their libraries.

A new tracker is a module with the function of `Connecting` and a row here.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from engine.errors import ConfigError, UserError
from engine.protocol import JournalFailed
from engine.sinks.tracking import Tracker, Wanted


class Connecting(Protocol):
    """The function of the module of a tracker."""

    def connect(self, wanted: Wanted, /) -> Tracker:
        """The tracker, with its library. It may raise whatever the library raises."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    module: str
    "its function is that of `Connecting`"
    library: str
    "the module that it needs; the extra of this program that installs it has the tracker's name"

    def connect(self, wanted: Wanted) -> Tracker:
        """The tracker. Loads its library."""
        return cast(Connecting, import_module(self.module)).connect(wanted)


TRACKERS = {
    "tensorboard": Row("engine.sinks.to_tensorboard", "tensorboard"),
    "wandb": Row("engine.sinks.to_wandb", "wandb"),
    "mlflow": Row("engine.sinks.to_mlflow", "mlflow"),
    "trackio": Row("engine.sinks.to_trackio", "trackio"),
}


def check_trackers(names: Iterable[str]) -> None:
    """Raise `ConfigError` for a tracker that is not known, `UserError` for one whose library is missing."""
    for name in names:
        row = TRACKERS.get(name)
        if row is None:
            raise ConfigError("Unknown tracker", f"sinks: `{name}` is not known; use some of {', '.join(TRACKERS)}")
        if find_spec(row.library) is None:
            raise UserError("Library missing", f"{name} needs {row.library}: pip install 'finetune-tui[{name}]'")


class Followers:
    """The processes that send a run to its trackers. Training does not wait for them, and they outlive it."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, folder: Path, names: Iterable[str]) -> Iterator[JournalFailed]:
        """Start a process for each tracker; yields why one could not be started."""
        for name in dict.fromkeys(names):
            log = folder / f"follow-{name}.log"
            try:
                with log.open("ab") as output:
                    process = subprocess.Popen(
                        [sys.executable, "-m", "engine", "follow", str(folder), "--to", name],
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        start_new_session=True,  # Ctrl-C in the terminal stops the run, which has an end to be sent
                    )
            except OSError as error:
                reason = f"{log}: {error.strerror or error}; training goes on, but is not sent to {name}"
                yield JournalFailed(str(log), reason)
            else:
                self.processes.append(process)
