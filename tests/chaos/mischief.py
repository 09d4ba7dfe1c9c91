"""What happens to a run, or is said to it, at a place of its own: it comes with the run into its process."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import EngineError
from engine.protocol import Arm, ArmStarted, Command, Event, TrainStep
from engine.storage import checkpoint

Place = tuple[Arm, int, int]
"an arm, a branch and a step"
DEATHS: tuple[Place, ...] = (("scratch", 1, 16), ("scratch", 2, 10), ("pretrained", 1, 12), ("scratch", 3, 27))
"where runs die that are gone on with"


@dataclass
class AtPlaces:
    """Calls `at` with each place of a run, the first time it is there."""

    _seen: set[Place] = field(default_factory=set, init=False)
    _branch: int = field(default=0, init=False)

    def __call__(self, event: Event) -> Iterator[Command]:
        """What is said after an event."""
        if isinstance(event, ArmStarted):
            self._branch = event.branch
        if isinstance(event, TrainStep):
            place = (event.arm, self._branch, event.step)
            if place not in self._seen:
                self._seen.add(place)
                yield from self.at(place)

    def at(self, place: Place) -> Iterator[Command]:
        """What is done, and said, at a place."""
        raise NotImplementedError


@dataclass
class Death(AtPlaces):
    """The process dies by its own hand, when what it was saving is saved."""

    last: Place
    folder: Path

    def at(self, place: Place) -> Iterator[Command]:
        """Nothing is said."""
        if place == self.last:
            settle(self.folder)
            os.kill(os.getpid(), signal.SIGKILL)
        yield from ()


@dataclass
class Trouble(AtPlaces):
    """From one place to another the disk takes nothing more; then what is on it is looked at."""

    folder: Path
    "the run's"
    begin: Place
    end: Place
    left: float | None = None
    "checkpoints that there is still room for; `None`: the folder is read-only"
    said: tuple[Command, ...] = ()
    "when it begins"
    dies: Place | None = None
    "where the process is killed after that"

    @property
    def report(self) -> Path:
        """A file of what was wrong with the checkpoints at the end of the trouble; empty if nothing was."""
        return self.folder.parent.parent / "report"

    def at(self, place: Place) -> Iterator[Command]:
        """What is said to the run on its full disk."""
        if place == self.begin:
            settle(self.folder)
            self._start()
            yield from self.said
        elif place == self.end:
            settle(self.folder)
            self.report.write_text("\n".join(unreadable(self.folder)))
            self._stop()
        elif place == self.dies:
            settle(self.folder)
            os.kill(os.getpid(), signal.SIGKILL)

    def _start(self) -> None:
        if self.left is None:
            subprocess.run(["mount", "--bind", self.folder, self.folder], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", self.folder], check=True)
            return
        disk = os.statvfs(self.folder)
        room = disk.f_bavail * disk.f_frsize
        size = max(file.stat().st_size for file in self.folder.glob("*/*.pt"))
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(room - int(self.left * size), 1))

    def _stop(self) -> None:
        if self.left is None:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
        else:
            self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.folder.parent / "filler"


def settle(folder: Path) -> None:
    """Wait until no checkpoint is being written."""
    quiet = 0
    while quiet < 5:  # one that was asked for may not have begun
        quiet = 0 if [*folder.glob("*/.*.tmp"), *folder.glob("*/points/.*.tmp")] else quiet + 1
        time.sleep(0.01)


def unreadable(folder: Path) -> list[str]:
    """Why checkpoints cannot be read, of those that cannot."""
    problems = []
    for file in (*folder.glob("*/*.pt"), *folder.glob("*/points/*.pt")):
        try:
            checkpoint.load(file)
        except EngineError as error:
            problems.append(error.message)
    return problems
