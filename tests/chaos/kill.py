"""A run killed again and again, at random and at the worst of moments, and gone on with each time."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import EngineError
from engine.protocol import RunFailed, RunFinished, RunStarted
from engine.storage import checkpoint
from engine.storage.journal import JOURNAL, read_records
from tests.chaos.child import Child, Undisturbed, running
from tests.chaos.plan import EVERY, Progress, differences, outcome
from tests.chaos.table import Table

LOOK = 0.0005  # seconds between two looks at what the run does
SEQUENCES = "runs killed again and again, weights at the end"


class Killer:
    """Waits for a moment to kill a child in."""

    def __init__(self, course: Progress, rng: random.Random, whole: Undisturbed) -> None:
        self._folder = course.folder
        self._rng = rng
        self._start = whole.start
        self._whole = whole.seconds
        self._moments: dict[str, Callable[[Child], None]] = {
            "at any moment": self._any,
            "while it starts": self._starting,
            "during a save": self._writer,
            "during a rewind": self._rewinding,
            "during a switch of arms": lambda child: self._recorded(child, "switch_arm"),
        }

    def wait(self, child: Child) -> str:
        """Until a moment has come, or the child has ended; which one it is."""
        if not list(self._folder.glob("*/*.pt")) and self._rng.random() < 0.5:
            self._unsaved(child)
            return "before the first checkpoint"
        what = self._rng.choice(list(self._moments))
        self._moments[what](child)
        return what

    def _any(self, child: Child) -> None:
        self._sleep(child, self._whole)

    def _starting(self, child: Child) -> None:
        self._sleep(child, self._start)

    def _unsaved(self, child: Child) -> None:
        self._until(child, (self._folder / JOURNAL).exists)
        self._sleep(child, 0.05)

    def _writer(self, child: Child) -> None:
        self._sleep(child, self._whole / 2)
        self._until(child, lambda: any(self._folder.glob("*/.*.tmp")) or any(self._folder.glob("*/points/.*.tmp")))
        self._sleep(child, 0.02)

    def _rewinding(self, child: Child) -> None:
        """Once it is recorded, or before, when the branch to be left is saved."""
        if self._rng.random() < 0.5:
            self._recorded(child, "rewind")
        else:
            self._until(child, lambda: any(self._folder.glob("*/.branch-*.tmp")))
            self._sleep(child, 0.05)

    def _recorded(self, child: Child, command: str) -> None:
        line = f'"type":"{command}"'
        before = self._lines(line)
        self._until(child, lambda: self._lines(line) > before)
        self._sleep(child, 0.02)

    def _lines(self, text: str) -> int:
        try:
            return (self._folder / JOURNAL).read_text(errors="replace").replace(" ", "").count(text)
        except FileNotFoundError:
            return 0

    def _until(self, child: Child, come: Callable[[], bool]) -> None:
        while child.alive and not come():
            time.sleep(LOOK)

    def _sleep(self, child: Child, most: float) -> None:
        child.wait_for_end(self._rng.uniform(0, most))


class Witness:
    """What is in the folder of a run that was just killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sound: set[tuple[int, int]] = set()

    def redone(self) -> float:
        """Seconds of training that have to be done again because of the kill."""
        records = list(read_records(self._folder))
        started = [n for n, record in enumerate(records) if isinstance(record.message, RunStarted)]
        if not started:
            return 0.0
        found = checkpoint.newest(self._folder)
        saved = found.state["time"] if found is not None else 0.0
        return max(0.0, records[-1].time - max(saved, records[started[-1]].time))

    def damaged(self) -> list[str]:
        """Why a checkpoint cannot be read, if one cannot; those read before are not read again."""
        problems = []
        for file in (*self._folder.glob("*/*.pt"), *self._folder.glob("*/points/*.pt")):
            key = (file.stat().st_ino, file.stat().st_mtime_ns)
            if key not in self._sound:
                try:
                    checkpoint.load(file)
                    self._sound.add(key)
                except EngineError as error:
                    problems.append(error.message)
        return problems


def kill(root: Path, whole: Undisturbed, times: int, seed: int, table: Table) -> None:
    """Kill runs `times` times altogether, and let each one end."""
    rng = random.Random(f"kill {seed}")
    redone, number = [0.0], 0
    while times > 0:
        number += 1
        course = Progress(root, root / f"killed-{number}")
        times -= _sequence(course, Killer(course, rng, whole), times, whole.expected, redone, table)
    table.note(
        f"an uninterrupted run took {whole.seconds:.1f} s; training done again after a kill: {max(redone):.2f} s "
        f"at most, {sum(redone) / len(redone):.2f} s on average, with `checkpoint.every_seconds` {EVERY}"
    )


def _sequence(
    course: Progress, killer: Killer, times: int, expected: dict[str, str], redone: list[float], table: Table
) -> int:
    """Kill a run until it ends, `times` times at most; how often it was."""
    witness, kills, undecided = Witness(course.folder), 0, list[str]()
    while True:
        with running(course) as child:
            what = killer.wait(child) if kills < times else ""
            killed = bool(what) and child.kill()
            events = child.wait()
        if any(isinstance(event, RunStarted | RunFailed) for event in events):
            failed = [f"{e.title}: {e.message}" for e in events if isinstance(e, RunFailed)]
            for before in undecided:
                table.count(before, *failed)
            undecided.clear()
            if failed:
                return kills
        if not killed:
            break
        kills += 1
        undecided.append(f"killed {what}")
        if problems := witness.damaged():
            table.count(undecided.pop(), *problems)
        redone.append(witness.redone())
    ended = isinstance(events[-1], RunFinished) if events else False
    problems = differences(outcome(course.folder), expected) if ended else [f"it ended with {events[-1:]}"]
    problems += [f"{file} is left over" for file in course.folder.rglob(".*.tmp")]
    table.count(SEQUENCES, *problems)
    return kills
