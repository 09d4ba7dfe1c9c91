"""Runs driven from a test: what is to be sent after which event, and what came out."""

import fcntl
import os
import select
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from engine import protocol as p
from engine.config import RunConfig
from engine.config.sections import DataConfig
from engine.config.values import with_values
from engine.data.augment.crop import random_resized_crop
from engine.data.augment.flip import horizontal_flip
from engine.data.batches import Batch, Waiting
from engine.data.loader import Loader
from engine.data.pictures import Preparation
from engine.loop.run import Run

STEPS_PER_EPOCH = 4  # 14 pictures in batches of 4, the last one of 2
STEPS = 2 * STEPS_PER_EPOCH

Reaction = Callable[[p.Event], Iterable[p.Command]]
E = TypeVar("E")


def play(run: Run, react: Reaction = lambda event: ()) -> list[p.Event]:
    """All events of a run; what `react` returns for an event is in the inbox before the next one."""
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events = []
    for event in run.events(inbox):
        events.append(event)
        for command in react(event):
            inbox.put(command)
    return events


def after_step(step: int, *commands: p.Command, arm: str = "scratch") -> Reaction:
    """Send commands after a step, as often as it is done; after step 0 means before the first one."""

    def react(event: p.Event) -> Iterable[p.Command]:
        wanted = p.TrainStep if step else p.ArmStarted
        return commands if isinstance(event, wanted) and (event.arm, event.step) == (arm, step) else ()

    return react


def only(events: Iterable[p.Event], kind: type[E]) -> list[E]:
    """The events of a kind."""
    return [event for event in events if isinstance(event, kind)]


def loader_of(preparation: Preparation, seed: int, **data: Any) -> Loader:
    """A loader of whatever samples it is given."""
    config = DataConfig(root=Path(), prepare=False, **data)
    return Loader(preparation, config, (random_resized_crop, horizontal_flip) if config.augment else (), seed)


def come(batches: Iterable[Batch | Waiting]) -> Iterator[Batch]:
    """The batches, however slowly they come."""
    return (item for item in batches if isinstance(item, Batch))


def folder_of(events: Iterable[p.Event]) -> str:
    """The run's folder."""
    return only(events, p.RunStarted)[0].path


def with_settings(config: RunConfig, **settings: Any) -> RunConfig:
    """The configuration with other settings: `optim__name="adamw"` is `optim.name`."""
    return with_values(config, {key.replace("__", "."): value for key, value in settings.items()})


def _pipe_instead_of(file: Path) -> int:
    while True:
        with suppress(FileExistsError, FileNotFoundError):  # the file is just being written, or has just been
            os.mkfifo(file)
            end = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
            fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)  # less than the smallest checkpoint
            return end


@contextmanager
def saving_held_up(folder: Path) -> Iterator[Callable[[float], None]]:
    """`best.pt` and `last.pt` are written to pipes that nobody reads. The value waits for the first attempt."""
    pipes, ends = (folder / ".best.pt.tmp", folder / ".last.pt.tmp"), dict[Path, int]()

    def wait(seconds: float) -> None:
        """Until a checkpoint is being written; only its pipe stays."""
        busy = select.select(list(ends.values()), [], [], seconds)[0]
        assert busy, "nothing was saved"
        for pipe in [pipe for pipe, end in ends.items() if end not in busy]:
            pipe.unlink()

    try:
        while missing := [pipe for pipe in pipes if pipe not in ends or not pipe.is_fifo()]:
            for pipe in missing:
                if pipe in ends:
                    os.close(ends.pop(pipe))
                ends[pipe] = _pipe_instead_of(pipe)
            # A file that has been written and renamed may still be tidied up after, and the new pipe with it.
            select.select(list(ends.values()), [], [], 2.0)
        yield wait
    finally:
        for end in ends.values():
            os.close(end)
