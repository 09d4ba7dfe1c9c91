"""Older runs of a folder: a line each to choose them by, and the curves of those that were chosen. Loads no Textual."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.errors import EngineError
from engine.protocol import Arm
from engine.service.remote.history import read_history
from engine.storage.journal import JOURNAL, read_lines
from engine.storage.summary import RunSummary
from tui.figures.arm import ArmView, fold_into

MOST_STEPS = 4000  # of a run: a plot has fewer points
LINES, EVENTS, PAUSE_SECONDS = 5000, 200, 0.001  # so many between two pauses, in which others have the interpreter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """A run in a line."""

    name: str
    "the folder's"
    model: str
    arms: tuple[Arm, ...]
    "those that have begun"
    epoch: int
    "of the arm in hand"
    epochs: int
    best_accuracy: float | None
    "of all arms on the test set, a share; none where nothing was scored"
    time: float
    "of the journal's last entry, in seconds since the epoch"


def each_run(root: Path) -> Iterator[Row]:
    """The runs in a folder that have curves, as soon as each is read; those first whose journals were written last."""
    found = []
    with suppress(OSError):  # there is no such folder, or it may not be entered
        for folder in root.iterdir():
            with suppress(OSError):
                found.append(((folder / JOURNAL).stat().st_mtime, folder))
    for written, folder in sorted(found, reverse=True):
        with suppress(EngineError):
            if row := _row(folder, written):
                yield row


class Overlay:
    """The curves of chosen runs, read in a thread: no call waits."""

    def __init__(self, root: Path) -> None:
        """`root` is the folder of the runs."""
        self.drawn = 0
        "grows with everything that `loaded` answers"
        self._root = root
        self._chosen: frozenset[str] = frozenset()
        self._views: dict[str, list[ArmView]] = {}
        self._changed = threading.Condition()
        self._reader: threading.Thread | None = None

    @property
    def root(self) -> Path:
        """The folder of the runs."""
        return self._root

    @property
    def chosen(self) -> set[str]:
        """Names of the chosen runs."""
        return set(self._chosen)

    def choose(self, names: set[str]) -> None:
        """Have these and no others; one that is chosen anew is read anew."""
        with self._changed:
            self._chosen = frozenset(names)
            self._views = {name: views for name, views in self._views.items() if name in names}
            self.drawn += 1
            self._changed.notify()
        if names and self._reader is None:
            self._reader = threading.Thread(target=self._read, name="past", daemon=True)
            self._reader.start()

    def loaded(self) -> list[tuple[str, ArmView]]:
        """Name and arm of what is read so far, by name; one that cannot be read has none."""
        views = dict(self._views)
        return [(name, view) for name in sorted(views) for view in views[name]]

    def _read(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._chosen - self._views.keys())
                name = min(self._chosen - self._views.keys())
            views = self._curves(name)
            with self._changed:
                if views is not None and name in self._chosen:
                    self._views = self._views | {name: views}
                    self.drawn += 1

    def _curves(self, name: str) -> list[ArmView] | None:
        """Each arm as its journal has it; `None` where the run is not wanted any more."""
        arms: dict[Arm, ArmView] = {}
        try:
            for event in _paced(read_history(self._root / name, most_steps=MOST_STEPS), EVENTS):
                if name not in self._chosen:
                    return None
                fold_into(arms, event)
        except (ArithmeticError, LookupError):  # no crash damages a journal like this, but somebody may have edited it
            return []
        return list(arms.values())


def _row(folder: Path, written: float) -> Row | None:
    """A run's line, none where no arm has begun.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    tally = RunSummary()
    tally.read(_paced(read_lines(folder), LINES))
    arms = tuple(name for name, arm in tally.arms.items() if arm.total_steps)
    if tally.run is None or not arms:
        return None
    scored = [arm.best for arm in tally.arms.values() if arm.best is not None]
    return Row(
        name=folder.name,
        model=tally.run.model,
        arms=arms,
        epoch=tally.current.epoch,
        epochs=tally.current.epochs,
        best_accuracy=max(scored, default=None),
        time=tally.written or written,
    )


def _paced(items: Iterable[T], piece: int) -> Iterator[T]:
    """The same, with a pause after each piece for the threads that draw and train."""
    for number, item in enumerate(items, 1):
        yield item
        if number % piece == 0:
            time.sleep(PAUSE_SECONDS)
