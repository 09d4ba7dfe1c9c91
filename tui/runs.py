"""The runs of a folder: which there are, the newest first, and what lists say of one. Loads no Textual."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.errors import EngineError
from engine.protocol import Arm
from engine.protocol.ages import age
from engine.service.arm_status import ArmStatus, arm_statuses, most_accurate
from engine.service.remote.address import is_live
from engine.service.remote.finding import runs
from engine.service.status import RunStatus
from engine.storage.journal import JOURNAL, read_lines
from engine.storage.summary import RunSummary
from tui.aside import paced
from tui.format import MISSING, percent, short_name

LINES = 5000  # of a journal that are read without a pause
NAME, MODEL = 19, 17  # cells of the columns for names of runs and of models


@dataclass(frozen=True, slots=True)
class Row:
    """A run that has curves."""

    name: str
    "the folder's"
    model: str
    arm: Arm | None
    "the current one"
    arms: tuple[ArmStatus, ...]
    "those that have begun"
    updated: float
    "time of the journal's last entry, in seconds since the epoch"


class Cells(NamedTuple):
    """A run in a list, column by column."""

    name: str
    model: str
    arm: str
    "the one that epoch and accuracy are of: that with the best weights"
    epoch: str
    best: str
    age: str


def newest(root: Path) -> list[Path]:
    """The folders of the live runs, then of the others in `root`; of each, those that were written last come first."""
    return sorted(runs(root), key=lambda folder: (is_live(folder), _written(folder)), reverse=True)


def each_run(root: Path, without: str = "") -> Iterator[Row]:
    """The runs in a folder that have curves, each as soon as it is read; the ones that were written last come first.

    `without` is the name of one that is left out.
    """
    found = []
    with suppress(OSError):  # there is no such folder, or it may not be entered
        for folder in root.iterdir():
            with suppress(OSError):
                found.append(((folder / JOURNAL).stat().st_mtime, folder))
    for written, folder in sorted(found, reverse=True):
        with suppress(EngineError):
            if folder.name != without and (row := _row(folder, written)):
                yield row


def cells(run: Row | RunStatus) -> Cells:
    """What both lists of runs say of one."""
    best = most_accurate(run.arms, run.arm)
    return Cells(
        short_name(run.name, NAME - 1),
        short_name(run.model, MODEL - 1),
        (best.arm if best is not None else run.arm) or MISSING,
        f"{best.epoch:,}/{best.epochs:,}" if best is not None else MISSING,
        percent(best.best_accuracy if best is not None else None),
        age(time.time() - run.updated) if run.updated is not None else MISSING,
    )


def from_here(path: str) -> str:
    """A folder as it is named in the working directory, where it is in that."""
    with suppress(OSError, ValueError):  # the working directory is gone, or the folder is elsewhere
        if path != os.fspath(here := Path.cwd()):
            return os.fspath(Path(path).relative_to(here))
    return path


def _row(folder: Path, written: float) -> Row | None:
    """A run's row; `None` where no arm has begun.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    summary = RunSummary()
    summary.read(paced(read_lines(folder), LINES))
    arms = arm_statuses(summary.arms)
    if summary.run is None or not arms:
        return None
    return Row(
        name=folder.name,
        model=summary.run.model,
        arm=summary.arm,
        arms=arms,
        updated=summary.written or written,
    )


def _written(folder: Path) -> float:
    try:
        return (folder / JOURNAL).stat().st_mtime
    except OSError:
        return time.time()  # it is new
