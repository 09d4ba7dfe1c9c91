"""Checkpoints damaged in many places, and files in their place that are none: told, and the one before is used."""

import os
import random
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import torch

from engine.errors import EngineError
from engine.protocol import CheckpointDamaged, Event, RunFailed, RunFinished
from engine.storage import checkpoint
from tests.chaos.child import Undisturbed, play
from tests.chaos.mischief import DEATHS, Death, Place
from tests.chaos.plan import Progress, differences, outcome
from tests.chaos.table import Table

EDGE = 8192  # bytes at the beginning and the end of a file where most is that is not numbers


class Newest(NamedTuple):
    """The newest checkpoint of a run with all its names, and the time of the one before it."""

    names: list[Path]
    data: bytes
    time: float
    before: float

    @classmethod
    def of(cls, folder: Path) -> "Newest":
        """That of a run's folder."""
        times = {path: checkpoint.peek(path)["time"] for path in files(folder)}
        last = max(times.values())
        names = sorted((path for path, time in times.items() if time == last), key=lambda path: path.name != "last.pt")
        return cls(names, names[0].read_bytes(), last, max(time for time in times.values() if time != last))

    def replace(self, data: bytes, names: list[Path]) -> None:
        """Give other content to some of its names; the others keep theirs."""
        for name in names:
            name.unlink()
        names[0].write_bytes(data)
        for name in names[1:]:
            os.link(names[0], name)


class Payload:
    """Code in a pickle."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def damage(root: Path, whole: Undisturbed, places: int, resumes: int, seed: int, table: Table) -> None:
    """Damage checkpoints in `places` places, and go on with so many runs after that."""
    rng = random.Random(f"damage {seed}")
    newest = Newest.of(whole.folder)
    for number in range(places):
        what, data = _damaged(newest.data, rng, number)
        names = newest.names if number % 4 else newest.names[:1]  # the others are sound and as new
        newest.replace(data, names)
        table.count(what, *_problems(whole.folder, names, newest.before if number % 4 else newest.time))
        newest.replace(newest.data, names)
    dead = [_dead(root, place) for place in DEATHS[:resumes]]
    for number in range(resumes):
        course = _copy(dead[number % len(dead)], root / f"damaged-{number}")
        newest = Newest.of(course.folder)
        what, data = _damaged(newest.data, rng, number)
        newest.replace(data, newest.names)
        table.count(f"{what}, and gone on", *_goes_on(course, newest, whole.expected))
    _foreign(dead[0], root, whole.expected, table)


def files(folder: Path) -> list[Path]:
    """All checkpoints of a run."""
    return [*folder.glob("*/*.pt"), *folder.glob("*/points/*.pt")]


def _damaged(data: bytes, rng: random.Random, number: int) -> tuple[str, bytes]:
    """A file cut off, or with a bit flipped; every other time near its ends, where its structure is."""
    near = min(EDGE, len(data) // 2)
    at = rng.choice([rng.randrange(near), len(data) - 1 - rng.randrange(near)])
    at = at if number // 2 % 2 else rng.randrange(len(data))
    if number % 2:
        return "checkpoint cut off", data[:at]
    return "bit flipped in a checkpoint", data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _problems(folder: Path, names: list[Path], time: float) -> list[str]:
    """What is wrong with the answer to which checkpoint is the newest."""
    try:
        found = checkpoint.newest(folder)
    except EngineError as error:
        return [error.message]
    if found is None or found.state["time"] != time:
        return [f"{found and found.path} was taken for the newest sound one"]
    told = sorted(path for path, _ in found.damaged)
    return [] if told == sorted(names) else [f"{names} were damaged, {told} were told"]


def _goes_on(course: Progress, newest: Newest, expected: dict[str, str]) -> list[str]:
    """What is wrong with the rest of a run whose newest checkpoint is damaged."""
    events = play(course)
    if not events or not isinstance(events[-1], RunFinished):
        return [f"it ended with {events[-1:]}"]
    told = {event.path for event in events if isinstance(event, CheckpointDamaged)}
    untold = [f"{name} was not told of" for name in newest.names if str(name) not in told]
    return untold + differences(outcome(course.folder), expected)


def _dead(root: Path, place: Place) -> Progress:
    course = Progress(root, root / "-".join(map(str, place)), every=1000)
    play(course, Death(place, course.folder))
    return course


def _copy(course: Progress, home: Path) -> Progress:
    """A copy in which, as in any copy, each name is a file of its own."""
    shutil.copytree(course.home, home)
    return course._replace(home=home)


# --- what is no checkpoint of this run -------------------------------------------------------------------


def _foreign(dead: Progress, root: Path, expected: dict[str, str], table: Table) -> None:
    marker = root / "ran"
    for number, what in enumerate(("an empty file", "a file with code in it")):
        course = _copy(dead, root / f"foreign-{number}")
        newest = Newest.of(course.folder)
        newest.replace(_with_code(newest, root / "code.pt", marker) if number else b"", newest.names)
        problems = _goes_on(course, newest, expected)
        table.count(f"{what} for a checkpoint, and gone on", *problems, *(["code was run"] if marker.exists() else []))
    for number, (what, words) in enumerate(
        (
            ("a checkpoint of a newer version", "resume with the version"),
            ("one of another model", "was made with model"),
        )
    ):
        course = _copy(dead, root / f"refused-{number}")
        newest = Newest.of(course.folder)
        newest.replace(_of_another(newest, root / "other.pt", bool(number)), newest.names)
        problems = _refused(play(course), words)
        newest.replace(newest.data, newest.names)
        play(course)
        table.count(f"{what}: refused, nothing touched", *problems, *differences(outcome(course.folder), expected))


def _with_code(newest: Newest, path: Path, marker: Path) -> bytes:
    torch.save(checkpoint.load(newest.names[0]) | {"extra": Payload(marker)}, path)
    checkpoint.seal(path)
    return path.read_bytes()


def _of_another(newest: Newest, path: Path, model: bool) -> bytes:
    state = checkpoint.load(newest.names[0])
    if model:
        state["config"]["model"]["name"] = "shufflenet_v2_x0_5"
    else:
        state["format"] = checkpoint.FORMAT + 1
    torch.save(state, path)
    checkpoint.seal(path)
    return path.read_bytes()


def _refused(events: list[Event], words: str) -> list[str]:
    failed = events[-1] if events else None
    if not isinstance(failed, RunFailed) or words not in failed.message or "report this" in failed.message:
        return [f"it ended with {failed}"]
    return []
