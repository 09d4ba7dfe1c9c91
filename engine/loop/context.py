"""What the parts of a run have in common."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from engine.config import RunConfig
from engine.config.deadline import Limit
from engine.hardware.process_group import ProcessGroup
from engine.loop.own_folder import OwnFolder
from engine.loop.recording import Recording
from engine.protocol import Event
from engine.steering.inbox import Inbox
from engine.steering.script import Script
from engine.storage.writer import CheckpointWriter


@dataclass(slots=True)
class Context:
    """Made once for a run. Its parts change it as they learn more."""

    config: RunConfig
    "what the run was started with; once the pictures are known, with all that the recipe chooses"
    processes: ProcessGroup
    own: OwnFolder
    inbox: Inbox
    recording: Recording
    writer: CheckpointWriter
    hold_open: Callable[[], bool]
    "says whether to wait for commands after the last epoch"
    script: Script | None
    "the commands and choices of the run that is repeated"
    limit: Limit | None
    "the time at which the run's job is ended from outside"
    began: float
    "value of `time.perf_counter` when the run was started"

    def lock_folder(self) -> Generator[Event, None, None]:
        """Lock the run's folder, if it exists.

        Raises:
            UserError: another process has it.
            StoppedError: the run was stopped while it waited to know that.
        """
        yield from self.own.lock(self.inbox.stop_requested)
        if self.own.path is not None:
            self.recording.hooks.folder = self.own.path.resolve()

    def open_journal(self) -> None:
        """Open the journal of a run that ends before it has started, if the run has a folder."""
        if self.own.path is not None and self.own.is_locked:
            self.recording.open_if_possible(self.own.path)
