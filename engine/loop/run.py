"""A run as a generator of events: it prepares, trains, evaluates, saves, and takes commands between steps."""

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from queue import SimpleQueue

from engine.config import RunConfig
from engine.config.deadline import Limit
from engine.config.places import with_absolute_places
from engine.config.sections import HooksConfig
from engine.errors import EngineError, StoppedError
from engine.hardware.process_group import ProcessGroup, is_lost
from engine.loop.context import Context
from engine.loop.failures import describe_failure
from engine.loop.milestones import stopped
from engine.loop.own_folder import OwnFolder
from engine.loop.rank_watch import RankWatch
from engine.loop.recording import Recording
from engine.loop.work import Work
from engine.protocol import Command, Event, Loading, RunFailed
from engine.steering.inbox import Inbox
from engine.steering.script import Script
from engine.storage import fence, ranks_file
from engine.storage.hooks import Hooks
from engine.storage.writer import CheckpointWriter


class Run:
    """A fine-tuning run. Iterating over `events` does the work. A run can be iterated only once."""

    def __init__(
        self,
        config: RunConfig,
        resume: str | Path | None = None,
        hold_open: Callable[[], bool] = lambda: False,
        script: Script | None = None,
        folder: Path | None = None,
        *,
        limit: Limit | None = None,
        aside: Callable[[Event], None] = lambda event: None,
    ) -> None:
        """`resume` is the folder of a run to resume. `folder` is the folder of a new run, if it exists already.

        `hold_open` says whether to wait for commands after the last epoch. `script` has the commands and choices of
        the run that is repeated. `limit` is the time at which its job is ended from outside. `aside` is called from
        another thread with events that no thread may wait for.
        """
        config = with_absolute_places(config)
        self._processes = processes = ProcessGroup()
        self._own = OwnFolder(processes, Path(resume) if resume is not None else None, folder)
        self._recording = Recording(Hooks(config.hooks if processes.is_first else HooksConfig(), config.name))
        self._writer = CheckpointWriter()
        self._inbox = Inbox(SimpleQueue(), processes)
        self._aside = aside
        self._failure = ""
        "why it ended, for its other processes"
        self._context = Context(
            config=config,
            processes=processes,
            own=self._own,
            inbox=self._inbox,
            recording=self._recording,
            writer=self._writer,
            hold_open=hold_open,
            script=script,
            limit=limit,
            began=0.0,
        )
        self.work = Work(self._context)

    @property
    def config(self) -> RunConfig:
        """The configuration; once the pictures are known, with all that the recipe chooses."""
        return self._context.config

    @property
    def folder(self) -> Path | None:
        """The run's folder, as soon as it has one."""
        return self._own.path

    def events(self, inbox: SimpleQueue[Command] | None = None) -> Generator[Event, None, None]:
        """Run to the end. Commands in `inbox` take effect between two steps.

        The last event is `RunFinished` or `RunFailed`; no error is raised. Closing the generator ends the run at once.
        As soon as the run has a folder, each event is written to its journal before it is yielded.
        """
        self._context.began = time.perf_counter()
        if inbox is not None:
            self._inbox.connect(inbox)
        try:
            if self._processes.size > 1:
                yield Loading("waiting for the other processes")
            self._processes.join(self.config.watchdog.rank_seconds, RankWatch(self._any_folder, self._aside))
            fence.set_check(self._processes.end_if_given_up)
            for event in self._processes.on_first_then_others(self._context.lock_folder):
                yield from self._recording.record(event)
            for event in self.work.events():
                if other := self._own.taken_over_by:
                    why = f"this process showed no sign of life, so {other} goes on with {self.folder}"
                    yield RunFailed("Run taken over", f"{why}; nothing more is written here")
                    return
                self._processes.note(event)
                yield from self._recording.record(event)
        except StoppedError:  # while it waited for the folder, whose journal is another process's
            yield stopped(self.config.init, self._inbox.stop_cause())
        except EngineError as error:
            yield from self._fail(RunFailed(error.title, error.message, error.exit_status))
        except Exception as error:
            can_lose = self.work.has_begun and self._processes.is_first
            if is_lost(error) and not can_lose and self._inbox.stop_requested() and self._processes.others_said_so():
                # All processes were asked to end, and another one was faster: nothing has failed.
                yield from self._recording.record(self.work.ended(self._inbox.stop_cause()))
                return
            yield from self._fail(describe_failure(error, self.config, self._processes))
        finally:
            self._writer.close()
            self._processes.close(self._failure)
            self._recording.close()
            self._own.unlock()

    # --- the end ----------------------------------------------------------------------------------------

    @property
    def can_be_left(self) -> bool:
        """Whether its process may end at this moment, and nothing is lost; from any thread."""
        return self._recording.ended or bool(self._own.taken_over_by) or self.work.can_be_left

    def rescue(self) -> bool:
        """Save the arm as it was before a step that takes long, from another thread. Returns whether that is done."""
        return not self._own.taken_over_by and self.work.rescue()

    def leave(self, cause: str) -> Iterator[Event]:
        """End the record of a run that can be left, while another thread is in the middle of something long.

        That thread must not go on: it waits for ever as soon as it has an event to record.
        """
        if not self._own.taken_over_by:
            yield from self._recording.leave(self.work.ended(cause))
            self._processes.say_end()
            self._own.unlock()  # who goes on with the run need not wait for signs of life of this process

    def _any_folder(self) -> Path | None:
        """The run's folder, as far as this process knows it."""
        known = self._processes.folder
        return Path(known) if known else self.folder

    def _fail(self, event: RunFailed) -> Iterator[Event]:
        self._failure = f"{event.title}: {event.message}"
        if self._processes.speaks_for_first and (folder := self._any_folder()) is not None:
            ranks_file.write_failure(folder, self._failure)
        self._context.open_journal()
        self._writer.retry()
        for saved, _ in self._writer.results(wait=True):
            yield from self._recording.record(saved)
        yield from self._recording.record(event)
