"""A run that others can watch: the engine in the calling thread, the control socket, and samples of the machine."""

import contextlib
import gc
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from engine.config import RunConfig
from engine.config.deadline import Limit, job_limit
from engine.hardware.cpu_time import leave_time_to_save
from engine.protocol import ArmStarted, Command, ControlFailed, Event, Loading, Release, RunFailed, RunStarted
from engine.service.ending import Ending
from engine.service.launch import Launch, is_first
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers

SAMPLE_SECONDS = 2.0


def drive(
    config: RunConfig,
    inbox: "SimpleQueue[Command]",
    emit: Callable[[Event], None],
    *,
    resume: Path | None = None,
    folder: Path | None = None,
    hold_open: Callable[[], bool] = lambda: False,
    ending: Ending | None = None,
    limit: Limit | None = None,
    aside: Callable[[Event], None] = lambda event: None,
) -> None:
    """Train to the end and pass every event to `emit`; a failure is the event `RunFailed`.

    `resume` is the folder of a run to go on with; `folder` is that of a new run, if it exists already. `hold_open` says
    whether to wait for commands (another arm, for example) when an arm has done its epochs. `ending` is told of the
    run, and `limit` is that of its job. `aside` gets events from another thread. An exception in `emit` ends the run
    and is raised here.
    """
    emit(Loading("loading PyTorch"))
    try:
        from engine.loop.run import Run
    except Exception as error:  # a library is missing, broken, or made for another processor
        emit(RunFailed("PyTorch not loaded", f"{type(error).__name__}: {error}; install the program anew"))
        return
    run = Run(config, resume=resume, hold_open=hold_open, folder=folder, limit=limit, aside=aside)
    if ending is not None:
        ending.run = run
    with contextlib.closing(run.events(inbox)) as events:
        for event in events:
            emit(event)


class Host:
    """Trains a run that other processes can watch and steer, too."""

    def __init__(self, launch: Launch, hold: bool = False, inbox: "SimpleQueue[Command] | None" = None) -> None:
        """With `hold`, an arm that has done its epochs waits for commands in `inbox` as long as somebody watches.

        Raises:
            ConfigError: the time limit that the environment names is no time.
        """
        self.inbox: SimpleQueue[Command] = inbox if inbox is not None else SimpleQueue()
        self.watchers = Watchers(lambda: self.inbox.put(Release()))
        self.folder: Path | None = None
        "the run's folder, as soon as it has one"
        self._limit = job_limit()
        self.ending = Ending(self.inbox, self._publish, self._limit)
        "ends the run in time; a run that is left in the middle of something does not return from `train`"
        self._emit: Callable[[Event], None] = lambda event: None
        self._launch = launch
        self._hold = hold
        self._server = Server(self.inbox, self.watchers)
        self._done = threading.Event()

    def train(self, emit: Callable[[Event], None] = lambda event: None) -> None:
        """Train to the end; `emit` gets every event, `RunStarted` when others can attach to the run."""
        leave_time_to_save()
        self._emit = emit
        self.ending.start()
        sampler = threading.Thread(target=self._sample, name="telemetry", daemon=True)
        with contextlib.suppress(RuntimeError):  # the system allows no more threads: then there are no samples
            sampler.start()
        launch = self._launch
        try:
            if launch.prepared and is_first():
                self._open_socket(launch.prepared)
            drive(
                launch.config,
                self.inbox,
                self._publish,
                resume=launch.resume,
                folder=launch.prepared,
                hold_open=self._hold_open,
                ending=self.ending,
                limit=self._limit,
                aside=self._publish_aside,
            )
        finally:
            self._done.set()
            self._server.close()
            if sampler.ident is not None:
                sampler.join()
            self.ending.done()

    def _publish(self, event: Event) -> None:
        self.watchers.emit(event)
        failure = None
        if isinstance(event, ArmStarted) and not gc.get_freeze_count():
            # The modules that are loaded stay. Without this, Python would search them for garbage again and again,
            # which halts this thread and the screen's for tenths of a second each time.
            gc.freeze()
        # After `emit`: clients that connect from here on read the event in the journal, and must not get it twice.
        if isinstance(event, RunStarted) and event.path and is_first():
            failure = self._open_socket(Path(event.path))
        self._emit(event)
        if failure is not None:
            self._publish(failure)

    def _publish_aside(self, event: Event) -> None:
        self.watchers.emit(event)
        self._emit(event)

    def _hold_open(self) -> bool:
        return self._hold and self.watchers.present

    def _open_socket(self, folder: Path) -> ControlFailed | None:
        self.folder = folder
        self.watchers.set_folder(folder)
        return None if self._server.is_open else self._server.open(folder)

    def _sample(self) -> None:
        """Emit a sample of the machine every few seconds while somebody watches."""
        telemetry = None
        while True:
            if self.watchers.present:
                # Late: the first screen need not wait for its libraries.
                from engine.hardware.telemetry import Telemetry

                telemetry = telemetry or Telemetry()
                self.watchers.emit(telemetry.sample())
            if self._done.wait(SAMPLE_SECONDS):
                return
