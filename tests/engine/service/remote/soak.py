"""Many attach to a run and leave it while it trains; its weights against those of one that nobody watched."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from engine.config import RunConfig
from engine.protocol import Hello, RunFinished, StopAfterEpoch, TrainStep, encode
from engine.protocol.wire import VERSION
from engine.service.remote.address import connect, is_live
from engine.storage.journal import read_journal
from tests.paths import ROOT

DEADLINE = 600.0  # seconds: far more than it takes, so that only a hang fails


class Process(Protocol):
    """A process that trains."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float) -> int: ...
    def kill(self) -> None: ...


Start = Callable[[Path, IO[str]], AbstractContextManager[Process]]
"starts a process that trains what a file says and writes to another one"


def fresh(settings: Path, told: IO[str]) -> "subprocess.Popen[bytes]":
    """As a shell starts it."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "engine", "train", str(settings)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=told)


class Result(NamedTuple):
    """What came of a soak."""

    cycles: str
    "how many of each kind of viewer came and went"
    seconds: float
    steps: int
    watched: str
    "SHA-256 of the weights"
    alone: str
    "the same of a run that nobody watched"


@contextmanager
def training(config: RunConfig, folder: Path, epochs: int, start: Start = fresh) -> Iterator[tuple[Path, int]]:
    """A process that trains: its run's folder, as soon as somebody can attach to it, and its number."""
    folder.mkdir(parents=True)
    changes = {"checkpoint": config.checkpoint.model_copy(update={"dir": folder / "runs"})}
    changes |= {"train": config.train.model_copy(update={"epochs": epochs, "compile": False})}
    (folder / "run.yaml").write_text(config.model_copy(update=changes).to_yaml())
    run = folder / "runs" / f"{config.name}-1"
    end = time.monotonic() + DEADLINE
    with (folder / "told").open("w") as told, start(folder / "run.yaml", told) as process:
        try:
            while not (run.exists() and is_live(run)) and process.poll() is None:
                assert time.monotonic() < end, "nobody can attach"
                time.sleep(0.01)
            yield run, process.pid
            process.wait(DEADLINE)
        finally:
            process.kill()


def soak(config: RunConfig, folder: Path, cycles: int, seed: int = 0, start: Start = fresh) -> Result:
    """Train until so many have come and gone, to the end of the epoch; then as many epochs alone."""
    with training(config, folder / "watched", epochs=100_000, start=start) as (run, _):
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.engine.service.remote.viewers", str(run), str(cycles), str(seed)]
        viewers = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=True)
        seconds = time.monotonic() - began
        tell(run, StopAfterEpoch())
    watched = end_of(run)
    steps = [event for event in read_journal(run) if isinstance(event, TrainStep)]
    with training(config, folder / "alone", steps[-1].epoch, start) as (run, _):
        pass
    return Result(viewers.stdout.strip(), seconds, len(steps), watched, end_of(run))


def tell(run: Path, command: StopAfterEpoch) -> None:
    """Send a command, and leave."""
    with connect(run, DEADLINE) as client:
        for message in (Hello(VERSION, "soak", watch=False), command):
            client.sendall(encode(message).encode() + b"\n")
        client.recv(1000)


def end_of(run: Path) -> str:
    """The SHA-256 of a finished run's weights."""
    (finished,) = (event for event in read_journal(run) if isinstance(event, RunFinished))
    return finished.weights_sha256
