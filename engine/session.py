"""Where the engine runs, hidden from whoever watches it."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from engine.config import RunConfig
from engine.errors import CheckpointError
from engine.journal import read_journal
from engine.protocol import Command, Event, Loading, RunFailed, RunFinished, Stop

SAMPLE_SECONDS = 2.0


class Session(Protocol):
    """A run as a screen sees it: events come out, commands go in, neither call ever waits."""

    def poll(self) -> list[Event]:
        """The events since the last call, oldest first."""

    def send(self, command: Command) -> None:
        """Ask for something; the answer is an event."""

    def close(self, timeout: float) -> bool:
        """Stop the run where it is live, saving if that can be done; whether it ended within `timeout` seconds."""


def drive(
    config: RunConfig,
    inbox: "SimpleQueue[Command]",
    emit: Callable[[Event], None],
    resume: Path | None = None,
    hold_open: bool = False,
) -> None:
    """Train to the end and hand every event to `emit`; a failure is the event `RunFailed`.

    `hold_open` keeps the run waiting for commands (another arm, say) when an arm has done its epochs.
    What `emit` raises ends the run and is raised here.
    """
    emit(Loading("loading PyTorch"))
    try:
        from engine.run import Run
    except Exception as error:  # a library that is missing, broken, or of another processor
        emit(RunFailed("PyTorch not loaded", f"{type(error).__name__}: {error}; install the program anew"))
        return
    with contextlib.closing(Run(config, resume=resume, hold_open=hold_open).events(inbox)) as events:
        for event in events:
            emit(event)


class LocalSession:
    """The engine in a daemon thread of this process."""

    def __init__(self, config: RunConfig, resume: Path | None = None) -> None:
        """`resume` is the folder of a run to go on with; what its journal tells comes out first."""
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._done = threading.Event()
        self._engine = threading.Thread(target=self._train, args=(config, resume), name="engine", daemon=True)
        self._sampler = threading.Thread(target=self._sample, name="telemetry", daemon=True)
        self._engine.start()
        self._sampler.start()

    def poll(self) -> list[Event]:
        """The events since the last call, oldest first."""
        events: list[Event] = []
        try:
            while True:
                events.append(self._events.get_nowait())
        except Empty:
            return events

    def send(self, command: Command) -> None:
        """Put a command into the engine's inbox."""
        self._inbox.put(command)

    def close(self, timeout: float) -> bool:
        """Stop the engine, with a checkpoint if one can be written; whether it ended within `timeout` seconds."""
        self._inbox.put(Stop(save=True))
        self._inbox.put(Stop(save=False))  # reached only where the first one was refused
        self._engine.join(timeout)
        self._done.set()
        self._sampler.join(timeout)
        return not self._engine.is_alive()

    def _train(self, config: RunConfig, resume: Path | None) -> None:
        try:
            if resume is not None:
                self._retell(resume)
            drive(config, self._inbox, self._events.put, resume, hold_open=True)
        finally:
            self._done.set()

    def _retell(self, folder: Path) -> None:
        with contextlib.suppress(CheckpointError):  # the checkpoints are what counts
            for message in read_journal(folder):
                # How an earlier process ended says nothing of this one.
                if not isinstance(message, Command | RunFinished | RunFailed):
                    self._events.put(message)

    def _sample(self) -> None:
        from engine.telemetry import Telemetry  # which loads what the first paint need not wait for

        telemetry = Telemetry()
        while True:
            self._events.put(telemetry.sample())
            if self._done.wait(SAMPLE_SECONDS):
                return
