"""Writes `metrics.csv`: a table for spreadsheets with a row for each epoch of each arm."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from engine.protocol import ARMS, Arm, ArmStarted, EpochDone, Event, Rewound
from engine.storage.atomic import atomic_write
from engine.storage.journal import read_events

METRICS = "metrics.csv"


def open_metrics_csv(folder: Path) -> Callable[[Event], None]:
    """Write the whole table again after each epoch, so that a resume or a rewind makes no duplicate rows."""
    epochs = _Epochs()
    for past in read_events(folder, (ArmStarted, EpochDone, Rewound)):
        epochs.fold(past)

    def sink(event: Event) -> None:
        epochs.fold(event)
        if isinstance(event, EpochDone):
            _write(folder / METRICS, list(epochs.rows()))

    return sink


class _Epochs:
    """The epochs of the current branch of each arm."""

    def __init__(self) -> None:
        self._branches: dict[tuple[Arm, int], list[EpochDone]] = {}
        self._current: dict[Arm, int] = {}

    def fold(self, event: Event) -> None:
        """Update the epochs with an event."""
        match event:
            case ArmStarted():  # epochs after this step were lost in a crash
                self._start_branch(event.arm, event.branch, event.branch, event.step)
            case Rewound():
                self._start_branch(event.arm, event.branch, event.base, event.step)
            case EpochDone():
                self._branches.setdefault((event.arm, self._current.get(event.arm, 1)), []).append(event)

    def rows(self) -> Iterator[dict[str, object]]:
        """The rows of the table."""
        for arm in ARMS:
            for epoch in self._branches.get((arm, self._current.get(arm, 1)), []):
                values = asdict(epoch)
                rates, metrics = values.pop("learning_rates"), values.pop("metrics")
                yield (
                    values
                    | {f"lr_{name}": rate for name, rate in rates.items()}
                    | {f"test_{name}": value for name, value in metrics.items()}
                )

    def _start_branch(self, arm: Arm, branch: int, base: int, step: int) -> None:
        self._branches[arm, branch] = [row for row in self._branches.get((arm, base), []) if row.step <= step]
        self._current[arm] = branch


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write the table atomically.

    Raises:
        OSError: the table cannot be written; `filename` is `path`.
    """
    columns = dict.fromkeys(name for row in rows for name in row)
    try:
        with atomic_write(path) as temporary:
            with temporary.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
            temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
