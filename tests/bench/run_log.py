"""A log of a benchmark's runs, a line of JSON for each, so that an interrupted benchmark goes on where it was."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A run to measure, and all that decides what comes out of it, except for the program."""

    bench: str
    data: str
    "name of the data set"
    side: str
    "what is compared: a recipe, a program, a setting"
    seed: int
    options: str
    "what all runs of a table have in common, such as the number of epochs"


class RunLog:
    """The figures of all runs so far, in a file or, without one, in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[Case, dict[str, float]] = {}
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                self._found[Case(**row["case"])] = row["found"]

    def __contains__(self, case: Case) -> bool:
        return case in self._found

    def add(self, case: Case, found: Mapping[str, float]) -> None:
        """Keep the figures of a run."""
        self._found[case] = dict(found)
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps({"case": asdict(case), "found": dict(found)}) + "\n")

    def by_seed(self, bench: str, data: str, side: str, options: str, figure: str) -> dict[int, float]:
        """One figure of all seeds that were measured."""
        return {
            case.seed: found[figure]
            for case, found in sorted(self._found.items(), key=lambda item: item[0].seed)
            if (case.bench, case.data, case.side, case.options) == (bench, data, side, options)
        }


def run_cases(
    cases: Iterable[Case], log: RunLog, command: Callable[[Case], Sequence[str]], tell: Callable[[], None]
) -> None:
    """Measure the cases that the log lacks, in their order. `tell` is called after each seed, and at the end.

    A case is measured by a process of its own on one thread: `python -m COMMAND`. The last line of its output has the
    figures as JSON.
    """
    seed = None
    for case in cases:
        if seed not in {None, case.seed}:
            tell()
        seed = case.seed
        if case not in log:
            log.add(case, _measured(command(case)))
    tell()


def _measured(command: Sequence[str]) -> dict[str, float]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
