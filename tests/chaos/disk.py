"""Disks that fill up, or turn read-only, under a run: told, trained on, and nothing is lost once there is room."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.protocol import CheckpointFailed, CommandRefused, Event, Rewind, RunFinished
from tests.chaos.child import Undisturbed, play
from tests.chaos.mischief import Trouble
from tests.chaos.plan import Progress, differences, outcome
from tests.chaos.table import Table

ROOMS = (0.0, 0.3, 0.6, 0.95, 1.5)  # checkpoints that there is still room for; links need little, the journal some
SIZE = "400m"


def disk(root: Path, whole: Undisturbed, rooms: int, table: Table) -> None:
    """Fill disks with so many kinds of room left; if more than one, the rest, too."""
    expected = whole.expected
    try:
        for number, room in enumerate(ROOMS[-rooms:]):
            _trouble(_course(root, f"full-{number}"), "disk full during a save", expected, table, left=room)
        if rooms == 1:
            return
        _trouble(_course(root, "read-only"), "folder read-only for a while", expected, table, left=None)
        _refused(_course(root, "rewind"), expected, table)
        _killed(_course(root, "killed"), expected, table)
    except PermissionError:
        table.note("`disk`: skipped, this user may not mount a file system")


def _course(root: Path, name: str) -> Progress:
    return Progress(root, root / name)


@contextmanager
def _mounted(course: Progress) -> Iterator[None]:
    """A disk of its own under the run."""
    folder = course.home / "runs"
    folder.mkdir(parents=True)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        raise PermissionError
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _trouble(course: Progress, what: str, expected: dict[str, str], table: Table, left: float | None) -> None:
    """From the middle of an epoch into the next one."""
    with _mounted(course):
        trouble = Trouble(course.folder, ("scratch", 1, 11), ("scratch", 1, 17), left)
        events = play(course, trouble)
        told = any(isinstance(event, CheckpointFailed) for event in events)
        problems = [] if told else ["nothing was told"]
        table.count(what, *problems, *_end(course, trouble, events, expected))


def _refused(course: Progress, expected: dict[str, str], table: Table) -> None:
    with _mounted(course):
        said = (Rewind("step-000006.pt"),)
        trouble = Trouble(course.folder, ("scratch", 1, 15), ("scratch", 1, 17), 0.3, said)
        events = play(course, trouble)
        refused = any(isinstance(event, CommandRefused) and event.command == "rewind" for event in events)
        problems = [] if refused else ["it was not refused"]
        table.count("rewind on a full disk", *problems, *_end(course, trouble, events, expected))


def _killed(course: Progress, expected: dict[str, str], table: Table) -> None:
    """The arm that could not be saved at a switch is in memory only, until the process is killed."""
    course = course._replace(every=1000)
    with _mounted(course):
        trouble = Trouble(course.folder, ("scratch", 2, 12), ("pretrained", 1, 2), 0.3, dies=("pretrained", 1, 7))
        play(course, trouble)
        table.count("disk full at a switch of arms, killed later", *_end(course, trouble, play(course), expected))


def _end(course: Progress, trouble: Trouble, events: list[Event], expected: dict[str, str]) -> list[str]:
    if not events or not isinstance(events[-1], RunFinished):
        return [f"it ended with {events[-1:]}"]
    damaged = trouble.report.read_text().splitlines() if trouble.report.exists() else ["the trouble did not end"]
    return damaged + differences(outcome(course.folder), expected)
