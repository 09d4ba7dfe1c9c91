"""A run's folder: its name, its configuration, and the journal that is the truth of what happened."""

import csv
import re
import time
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from engine.config import RunConfig, load_config
from engine.errors import CheckpointError, EngineError, UserError
from engine.protocol import (
    Arm,
    Command,
    EpochDone,
    Evaluating,
    Event,
    Loading,
    Message,
    SystemSample,
    decode,
    encode,
)

CONFIG, JOURNAL, METRICS = "config.yaml", "journal.jsonl", "metrics.csv"

# What only says that something is under way is not worth keeping.
PASSING = (Loading, Evaluating, SystemSample)


class Journal:
    """Appends every event, and every command with the step it took effect at, a line of JSON each.

    `metrics.csv` gets a row an epoch. A line that cannot be written is dropped and `broken` says why;
    training is worth more than its record.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broken = ""
        try:
            self._file: TextIO = (folder / JOURNAL).open("a", encoding="utf-8")
        except OSError as error:
            raise _not_writable(folder, error) from None

    def event(self, event: Event) -> None:
        """Record an event."""
        if isinstance(event, PASSING):
            return
        self._write(encode(event, at=time.time()))
        if isinstance(event, EpochDone):
            self._metrics(event)

    def command(self, command: Command, arm: Arm, step: int) -> None:
        """Record a command and where it took effect: after `step` of `arm`."""
        self._write(encode(command, at=time.time(), at_arm=arm, at_step=step))

    def close(self) -> None:
        """Close the file; nothing is recorded after that."""
        try:
            self._file.close()
        except OSError as error:
            self.broken = error.strerror or str(error)

    def _write(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            self.broken = error.strerror or str(error)

    def _metrics(self, epoch: EpochDone) -> None:
        row = asdict(epoch)
        rates = row.pop("learning_rates")
        row |= {f"lr_{name}": rate for name, rate in rates.items()}
        path = self.folder / METRICS
        try:
            fresh = not path.exists() or path.stat().st_size == 0
            with path.open("a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, row)
                if fresh:
                    writer.writeheader()
                writer.writerow(row)
        except OSError as error:
            self.broken = error.strerror or str(error)


def create_run(config: RunConfig) -> Path:
    """Make a new run's folder, `<name>-<number>`, with its resolved configuration in it.

    Raises:
        UserError: the checkpoint folder cannot be written.
    """
    root = config.checkpoint.dir
    try:
        root.mkdir(parents=True, exist_ok=True)
        pattern = re.compile(re.escape(config.name) + r"-(\d+)")
        taken = [int(found[1]) for entry in root.iterdir() if (found := pattern.fullmatch(entry.name))]
        number = max(taken, default=0) + 1
        while True:  # another process may take the same number at the same moment
            folder = root / f"{config.name}-{number}"
            try:
                folder.mkdir()
                break
            except FileExistsError:
                number += 1
        (folder / CONFIG).write_text(config.to_yaml(), encoding="utf-8")
    except OSError as error:
        raise _not_writable(root, error) from None
    return folder


def find_run(name: str, root: Path) -> Path:
    """The folder of a run: a path, or a name in the checkpoint folder.

    Raises:
        CheckpointError: there is no such run; the message lists the newest ones there are.
    """
    for folder in (Path(name), root / name):
        if (folder / CONFIG).is_file():
            return folder
    runs = sorted(root.glob(f"*/{CONFIG}"), key=lambda file: file.stat().st_mtime, reverse=True)
    known = ", ".join(file.parent.name for file in runs[:5]) or "none"
    raise CheckpointError("No such run", f"{name} is no run folder and no run in {root} (there: {known})")


def load_run_config(folder: Path, overrides: list[str]) -> RunConfig:
    """The configuration a run was started with, changed by `overrides`."""
    return load_config(folder / CONFIG, overrides)


def read_journal(folder: Path) -> list[Message]:
    """The events and commands of a run, oldest first; a last line cut short by a crash is left out.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CheckpointError("Journal not read", f"{folder / JOURNAL}: {error.strerror}") from None
    messages: list[Message] = []
    for line in lines:
        try:
            messages.append(decode(line))
        except EngineError:
            continue  # what a crash left of a line; the steps after it were recorded again
    return messages


def _not_writable(folder: Path, error: OSError) -> UserError:
    reason = error.strerror or error
    return UserError("Run folder not writable", f"{folder}: {reason}; name another one with --set checkpoint.dir=DIR")
