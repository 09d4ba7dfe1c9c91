"""Measures all pictures of a run, in threads. What was measured before is not measured again."""

import os
import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.data.samples import Catalogue, Sample
from engine.data.threads import Threads
from engine.doctor.measure import measure
from engine.doctor.record import Rows
from engine.doctor.record_file import RecordFile

PARTS = ("train", "val", "test")
"in the order in which they are numbered; of copies, the one in the last part stays"
TASK = 16  # pictures that a thread measures at a time
TASKS_AHEAD = 32
WRITE_SECONDS = 1.0  # between two writes of rows; an interruption loses no more
ANSWER_SECONDS = 0.2  # at most between two reports
CLOSE_SECONDS = 1.0
MAX_THREADS = 8


class Progress(NamedTuple):
    """How many pictures have been examined."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Examined:
    """The pictures of a run, and what was measured of them. All sequences have the same order."""

    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]
    "index in `PARTS`"
    rows: Rows
    known: int = 0
    "pictures that had been measured before"
    failure: str = ""
    "why the measurements are not kept; empty if they are"

    @property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Which pictures can be decoded."""
        return np.asarray(self.rows["error"] == b"")


def examine(
    catalogue: Catalogue, threads: int | None = None, file: RecordFile | None = None
) -> Generator[Progress, None, Examined]:
    """Measure the pictures of a catalogue. Yields progress, at least every 0.2 s."""
    parts = (catalogue.train, catalogue.val, catalogue.test)
    samples = [sample for part in parts for sample in part]
    paths = tuple(sample.path for sample in samples)
    file = file or RecordFile(catalogue.where)
    yield Progress(0, len(paths))
    known = file.known(paths)
    missing = [paths[index] for index in np.flatnonzero(known < 0)]
    before = len(paths) - len(missing)
    for done in _measure_all(missing, threads or min(os.cpu_count() or 1, MAX_THREADS), file):
        yield Progress(before + done, len(paths))
    rows = file.rows(paths, known)
    file.tidy(rows)
    return Examined(
        classes=catalogue.classes,
        paths=paths,
        labels=np.array([sample.label for sample in samples], np.int64),
        parts=_numbers(parts),
        rows=rows,
        known=before,
        failure=file.failure,
    )


def _numbers(parts: Sequence[Sequence[Sample]]) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _measure_all(paths: Sequence[str], threads: int, file: RecordFile) -> Generator[int, None, None]:
    """Measure files, and append their rows to `file` in their order. Yields how many are done."""
    tasks = (paths[start : start + TASK] for start in range(0, len(paths), TASK))
    pool, waiting = Threads(threads, "examine"), deque[Future[list[Rows]]]()
    done, rows, written = 0, list[Rows](), time.monotonic()
    try:
        while True:
            while len(waiting) < TASKS_AHEAD and (task := next(tasks, None)) is not None:
                waiting.append(pool.submit(lambda some: [measure(path) for path in some], task))
            if not waiting:
                return
            try:
                found = waiting[0].result(ANSWER_SECONDS)
            except TimeoutError:
                yield done
                continue
            waiting.popleft()
            rows += found
            done += len(found)
            if time.monotonic() - written >= WRITE_SECONDS:
                file.append(rows)
                rows, written = [], time.monotonic()
            yield done
    finally:
        file.append(rows)
        pool.close(CLOSE_SECONDS)
