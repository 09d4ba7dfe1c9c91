"""A second process in a run's folder, and a journal that is torn or gone."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.protocol import Command, RunFinished
from engine.storage.journal import JOURNAL
from tests.chaos.child import PATIENCE, Undisturbed, play
from tests.chaos.mischief import DEATHS, AtPlaces, Death, Place
from tests.chaos.plan import Progress, differences, outcome
from tests.chaos.table import Table
from tests.paths import ROOT

PROGRAM = "import sys, tests.engine.backbones; from engine.cli.program import main; sys.exit(main())"


@dataclass
class Second(AtPlaces):
    """While a run trains, somebody goes on with it elsewhere."""

    folder: Path
    place: Place

    @property
    def report(self) -> Path:
        """The exit status of the second process, and what it said."""
        return self.folder.parent.parent / "second"

    def at(self, place: Place) -> Iterator[Command]:
        """Nothing is said to the first one."""
        if place == self.place:
            command = [sys.executable, "-c", PROGRAM, "train", "--resume", str(self.folder)]
            options = {"capture_output": True, "text": True, "timeout": PATIENCE, "cwd": ROOT}
            second = subprocess.run(command, check=False, **options)
            self.report.write_text(f"{second.returncode}\n{second.stdout}{second.stderr}")
        yield from ()


def others(root: Path, whole: Undisturbed, resumes: int, table: Table) -> None:
    """Try each of them; go on with so many runs at most whose journal is not whole."""
    expected = whole.expected
    course = Progress(root, root / "second")
    second = Second(course.folder, ("scratch", 1, 12))
    problems = _end(course, expected, second)
    status, said = second.report.read_text().split("\n", 1)
    if status != "2" or "is in use by process" not in said or "Traceback" in said:
        problems.append(f"the second one ended with {status}: {said}")
    table.count("a second process in a run's folder", *problems)
    for number, place in enumerate(DEATHS[:resumes]):
        for what in ("torn", "deleted"):
            course = Progress(root, root / f"{what}-{number}")
            play(course, Death(place, course.folder))
            journal = course.folder / JOURNAL
            if what == "torn":
                journal.write_bytes(journal.read_bytes()[:-20])
            else:
                journal.unlink()
            table.count(f"journal {what} after a kill, and gone on", *_end(course, expected))


def _end(course: Progress, expected: dict[str, str], second: Second | None = None) -> list[str]:
    events = play(course, second)
    if not events or not isinstance(events[-1], RunFinished):
        return [f"it ended with {events[-1:]}"]
    return differences(outcome(course.folder), expected)
