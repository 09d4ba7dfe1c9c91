"""The process that trains and is killed, and the person at its keyboard, who does not say the same thing twice.

It is forked from a server that has loaded torch and started no thread, so that its start takes no time to speak of.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from engine.errors import EngineError
from engine.loop.run import Run
from engine.protocol import ArmStarted, Command, Event, RunFailed, RunStarted, TrainStep, decode, encode
from engine.steering.script import REPEATED
from engine.storage.journal import Record, read_records
from tests.chaos.plan import TURNS, Progress, outcome
from tests.programs import FORKS

PATIENCE = 300  # seconds; only a hang takes that long

Mischief = Callable[[Event], list[Command]]
"what happens to a run after an event, and what is said to it besides"


class Child:
    """A process that begins a run, or goes on with it where it was begun."""

    def __init__(self, course: Progress, mischief: Mischief | None = None) -> None:
        course.home.mkdir(exist_ok=True)
        course.told.write_text("")
        self._course = course
        self._process = FORKS.Process(target=_train, args=(course, mischief), daemon=True)
        self._process.start()

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    def wait_for_end(self, seconds: float = PATIENCE) -> None:
        """Until its end, or that long."""
        self._process.join(seconds)

    def wait(self) -> list[Event]:
        """What it told until its end."""
        self.wait_for_end()
        return list(told(self._course.told))

    def kill(self) -> bool:
        """End it in the middle of whatever it does; whether it had not ended by itself."""
        self._process.kill()
        self._process.join(PATIENCE)
        return self._process.exitcode == -9


@contextmanager
def running(course: Progress, mischief: Mischief | None = None) -> Iterator[Child]:
    """A child that does not outlive its use."""
    child = Child(course, mischief)
    try:
        yield child
    finally:
        child.kill()


def play(course: Progress, mischief: Mischief | None = None) -> list[Event]:
    """A run to its end, in a process of its own; what it told."""
    with running(course, mischief) as child:
        return child.wait()


class Undisturbed(NamedTuple):
    """The run as it is when it is left in peace, which all others are compared with."""

    folder: Path
    expected: dict[str, str]
    "the weights of its checkpoints, as `outcome` has them"
    start: float
    "seconds that it takes to begin"
    seconds: float
    "and to end"

    @classmethod
    def played(cls, root: Path) -> "Undisturbed":
        """Train it."""
        course, began = Progress(root, root / "whole"), time.time()
        events = play(course)
        start = next(event.time for event in events if isinstance(event, RunStarted)) - began
        return cls(course.folder, outcome(course.folder), start, time.time() - began)


def told(file: Path) -> Iterator[Event]:
    """The events in a file of lines, but for a torn one."""
    for line in file.read_text().splitlines():
        try:
            yield decode(line)
        except (EngineError, ValueError):
            return


def said(records: list[Record]) -> int:
    """How many commands a person has had recorded, those that were done again only once."""
    places = {(record.at, record.message) for record in records if isinstance(record.message, REPEATED)}
    return len(places)


class Person:
    """Sends each command when its place is reached, without those that a journal or a checkpoint has already."""

    def __init__(self, folder: Path) -> None:
        self._left = list(TURNS)
        self._recorded = said(list(read_records(folder)))
        self._branch = 0

    def __call__(self, event: Event) -> Iterator[Command]:
        """What is to be said after an event."""
        if isinstance(event, RunStarted):
            del self._left[: max(self._recorded, event.commands)]
        if isinstance(event, ArmStarted):
            self._branch = event.branch
        if isinstance(event, ArmStarted | TrainStep):
            place = (event.arm, self._branch, event.step)
            while self._left and self._left[0][:3] == place:
                yield self._left.pop(0).command


def _train(course: Progress, mischief: Mischief | None) -> None:
    os.environ["XDG_CACHE_HOME"] = str(course.home / "cache")
    begun = (course.folder / "config.yaml").exists()
    person, inbox = Person(course.folder), SimpleQueue[Command]()
    with course.told.open("a", buffering=1) as file:
        for event in Run(course.config(), resume=course.folder if begun else None).events(inbox):
            print(encode(event, at=time.time()), file=file)
            for command in (*person(event), *(mischief(event) if mischief else ())):
                inbox.put(command)
    if isinstance(event, RunFailed):
        sys.exit(event.exit_status)
