"""Runs in processes of their own, and the command line beside them."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from engine.config import RunConfig
from engine.protocol import Message
from engine.service.status import RunStatus, status_of
from engine.storage.journal import read_journal
from tests.programs import Program

DEADLINE = 120.0  # seconds until a wait gives up; a failure, never a measure


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait for something."""
    end = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < end, f"{what}: did not happen"
        time.sleep(0.05)


class Trained:
    """A run that a process trains."""

    def __init__(self, process: Program, folder: Path) -> None:
        self.process = process
        self.folder = folder

    @property
    def summary(self) -> RunStatus:
        return status_of(self.folder)

    @property
    def journal(self) -> list[Message]:
        return list(read_journal(self.folder))

    def reaches(self, state: str) -> None:
        until(lambda: self.summary.state == state, f"{self.summary.name} is {self.summary.state}, not yet {state}")

    def trains_on(self) -> None:
        """Wait for the next step."""
        step = self.summary.step
        until(lambda: self.summary.step != step, f"a step after {step}")


@contextmanager
def training(config: RunConfig, file: Path) -> Iterator[Trained]:
    """Train a new run, until the block is left."""
    file.write_text(yaml.safe_dump(json.loads(config.model_dump_json())), encoding="utf-8")
    folder = config.checkpoint.dir / f"{config.name}-1"
    with Program("engine", "train", str(file), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        run = Trained(process, folder)
        until(lambda: process.poll() is not None or (run.summary.live and run.summary.step > 0), "the first step")
        assert process.poll() is None, process.stderr.read()
        yield run
