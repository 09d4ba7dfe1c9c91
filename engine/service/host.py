"""A run with all who watch it: the engine in the calling thread, its control socket, and samples of the machine."""

import contextlib
import gc
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from engine.config import RunConfig
from engine.protocol import ArmStarted, Command, ControlFailed, Event, Loading, Release, RunFailed, RunStarted
from engine.service.launch import Launch, is_first
from engine.service.remote.audience import Audience
from engine.service.remote.server import Server

SAMPLE_SECONDS = 2.0


def drive(
    config: RunConfig,
    inbox: "SimpleQueue[Command]",
    emit: Callable[[Event], None],
    *,
    resume: Path | None = None,
    folder: Path | None = None,
    hold_open: Callable[[], bool] = lambda: False,
) -> None:
    """Train to the end and hand every event to `emit`; a failure is the event `RunFailed`.

    `resume` is the folder of a run to go on with, `folder` that of a new one, where it has been made already;
    `hold_open` says whether to wait for commands (another arm, say) when an arm has done its epochs. What `emit`
    raises ends the run and is raised here.
    """
    emit(Loading("loading PyTorch"))
    try:
        from engine.loop.run import Run
    except Exception as error:  # a library that is missing, broken, or of another processor
        emit(RunFailed("PyTorch not loaded", f"{type(error).__name__}: {error}; install the program anew"))
        return
    run = Run(config, resume=resume, hold_open=hold_open, folder=folder)
    with contextlib.closing(run.events(inbox)) as events:
        for event in events:
            emit(event)


class Host:
    """Trains a run that can be watched and steered from elsewhere, too."""

    def __init__(self, launch: Launch, hold: bool = False, inbox: "SimpleQueue[Command] | None" = None) -> None:
        """`hold`: while somebody watches, an arm that has done its epochs waits for commands, which `inbox` brings."""
        self.inbox: SimpleQueue[Command] = inbox if inbox is not None else SimpleQueue()
        self.audience = Audience(lambda: self.inbox.put(Release()))
        self.folder: Path | None = None
        "the run's, as soon as it has one"
        self._launch = launch
        self._hold = hold
        self._server = Server(self.inbox, self.audience)
        self._done = threading.Event()

    def train(self, emit: Callable[[Event], None] = lambda event: None) -> None:
        """Train to the end; `emit` gets every event, too, of a run that begins when others can attach to it."""

        def tell(event: Event) -> None:
            self.audience.emit(event)
            failure = None
            if isinstance(event, ArmStarted) and not gc.get_freeze_count():
                # What is loaded stays. To look for garbage in all of it again and again, as Python would, takes tenths
                # of a second each time, in which neither this thread nor a screen's gets on.
                gc.freeze()
            # After it was told: who joins from here on has it from the journal, and must not be told again.
            if isinstance(event, RunStarted) and event.path and first:
                failure = self._reside(Path(event.path))
            emit(event)
            if failure is not None:
                tell(failure)

        first = is_first()
        sampler = threading.Thread(target=self._sample, name="telemetry", daemon=True)
        sampler.start()
        launch = self._launch
        try:
            if launch.prepared and first:
                self._reside(launch.prepared)
            drive(
                launch.config,
                self.inbox,
                tell,
                resume=launch.resume,
                folder=launch.prepared,
                hold_open=self._held,
            )
        finally:
            self._done.set()
            self._server.close()
            sampler.join()

    def _held(self) -> bool:
        return self._hold and self.audience.watched

    def _reside(self, folder: Path) -> ControlFailed | None:
        self.folder = folder
        self.audience.reside(folder)
        return None if self._server.is_open else self._server.open(folder)

    def _sample(self) -> None:
        """Look at the machine, as long as somebody watches."""
        telemetry = None
        while True:
            if self.audience.watched:
                from engine.hardware.telemetry import Telemetry  # which loads what the first paint need not wait for

                telemetry = telemetry or Telemetry()
                self.audience.emit(telemetry.sample())
            if self._done.wait(SAMPLE_SECONDS):
                return
