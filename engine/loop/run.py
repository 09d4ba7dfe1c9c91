"""A run as a generator of events: it prepares, trains, evaluates, saves, and takes commands between steps."""

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from queue import SimpleQueue

from engine.arms.arms import Arms
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.config.deadline import Limit
from engine.config.places import with_absolute_places
from engine.config.sections import HooksConfig
from engine.data.loader import Loader
from engine.data.samples import Catalogue
from engine.data.sources import folders
from engine.data.transfer import Transfer
from engine.errors import EngineError, StoppedError
from engine.hardware.device import ask_for_determinism, choose_device
from engine.hardware.process_group import ProcessGroup, is_lost
from engine.loop.failures import describe_failure
from engine.loop.input_pipeline import InputPipeline, SkippedPictures, find_pictures, keep_list, with_cache_format
from engine.loop.milestones import finished, left, started, stopped
from engine.loop.own_folder import OwnFolder
from engine.loop.rank_watch import RankWatch
from engine.loop.recording import Recording
from engine.loop.resuming import resumed_settings
from engine.loop.training import Training
from engine.models import preparation
from engine.protocol import (
    Command,
    Event,
    Loading,
    PicturesNoted,
    RunFailed,
    RunFinished,
    Setting,
    SettingsChanged,
    TimeLimited,
)
from engine.recipes.choices import complete
from engine.recipes.table import recipe_of
from engine.sinks.trackers import Followers, check_trackers
from engine.steering.further_list import FurtherList
from engine.steering.inbox import Inbox
from engine.steering.script import Script, remaining_script
from engine.steering.steering import Steering
from engine.storage import fence, ranks_file
from engine.storage.hooks import Hooks
from engine.storage.run_folder import keep_corrections, save_config
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
        self.config = with_absolute_places(config)
        self._script = script
        self._settings: tuple[Setting, ...] = ()
        self._further_list: FurtherList | None = None
        self._hold_open = hold_open
        self._limit = limit
        self._aside = aside
        self._failure = ""
        "why it ended, for its other processes"
        self._skipped = SkippedPictures()
        self._writer = CheckpointWriter()
        self.followers = Followers()
        "the processes that send it to its trackers"
        self._trains = False
        "whether the run has started, so that there may be something to lose"
        self._processes = ProcessGroup()
        self._own = OwnFolder(self._processes, Path(resume) if resume is not None else None, folder)
        hooks = Hooks(self.config.hooks if self._processes.is_first else HooksConfig(), self.config.name)
        self._recording = Recording(hooks)

    @property
    def folder(self) -> Path | None:
        """The run's folder, as soon as it has one."""
        return self._own.path

    def events(self, inbox: SimpleQueue[Command] | None = None) -> Generator[Event, None, None]:
        """Run to the end. Commands in `inbox` take effect between two steps.

        The last event is `RunFinished` or `RunFailed`; no error is raised. Closing the generator ends the run at once.
        As soon as the run has a folder, each event is written to its journal before it is yielded.
        """
        self._began = time.perf_counter()
        self._inbox = Inbox(inbox if inbox is not None else SimpleQueue(), self._processes)
        try:
            if self._processes.size > 1:
                yield Loading("waiting for the other processes")
            self._processes.join(self.config.watchdog.rank_seconds, RankWatch(self._any_folder, self._aside))
            fence.set_check(self._processes.end_if_given_up)
            for event in self._processes.on_first_then_others(self._lock_folder):
                yield from self._recording.record(event)
            self._read_resumed_settings()
            for event in self._run():
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
            can_lose = self._trains and self._processes.is_first
            if is_lost(error) and not can_lose and self._inbox.stop_requested() and self._processes.others_said_so():
                # All processes were asked to end, and another one was faster: nothing has failed.
                yield from self._recording.record(self._ended(self._inbox.stop_cause()))
                return
            yield from self._fail(describe_failure(error, self.config, self._processes))
        finally:
            self._writer.close()
            self._processes.close(self._failure)
            self._recording.close()
            self._own.unlock()

    def _read_resumed_settings(self) -> None:
        """Compare the settings with those of the resumed run. Settings that cannot change keep their old values."""
        if self._own.resuming and self.folder is not None:
            found = resumed_settings(self.folder, self.config, self._processes)
            self.config, self._own.begins = found.config, found.begins
            self._settings, self._further_list = found.changed, found.further_list

    def _run(self) -> Iterator[Event]:
        given, config = self.config, complete(self.config)
        if config.train.deterministic:
            ask_for_determinism()
        check_trackers(config.sinks)
        self._device = choose_device(config.device, self._processes.local_rank)
        yield Loading(f"looking at {config.model.name}")
        self._preparation = preparation(config.model, config.data.image_size)
        self.config = config
        augmentations = recipe_of(config).train_transform.pictures
        rank, size = self._processes.rank, self._processes.size
        self._loader = Loader(self._preparation, config.data, augmentations, config.seed, rank=rank, world_size=size)
        if missing := self._loader.threads_missing:
            yield PicturesNoted(
                f"the system allows {missing} fewer threads for pictures than wanted, which takes longer"
            )
        try:
            try:
                # Only the first process downloads; the others then find the files.
                self._catalogue = yield from self._processes.on_first_then_others(self._find_pictures)
                self.config = with_cache_format(complete(given, len(self._catalogue.train)), self._loader)
                yield from self._start()
            except StoppedError:
                if not self._own.resuming:  # the journal of a resumed run already ends with an event
                    self._open_journal()
                yield stopped(config.init, self._inbox.stop_cause())
                return
            while not self._steering.stopped:
                yield from self._training.train(self._arms.current)
                yield from self._steering.commands()
                if not self._steering.stopped and self._arms.current.done:
                    if not self._steering.held_open:
                        break
                    yield from self._steering.wait()
            yield from self._arms.checkpointer.settle()
            yield finished(self._arms, self._catalogue, self.folder, self._writer, self._steering.stop_cause)
        finally:
            self._loader.close()

    # --- getting ready ----------------------------------------------------------------------------------

    def _find_pictures(self) -> Generator[Event, None, Catalogue]:
        kept = self._own.kept_pictures
        return find_pictures(self.config, self._loader, self._skipped, self._inbox.stop_requested, kept)

    def _lock_folder(self) -> Generator[Event, None, None]:
        yield from self._own.lock(self._inbox.stop_requested)
        if self.folder is not None:
            self._recording.hooks.folder = self.folder.resolve()

    def _start(self) -> Iterator[Event]:
        """Build or restore the first arm, and build the loop that trains it."""
        steps = self._loader.steps_per_epoch(len(self._catalogue.train))
        if self._device.type != "cpu":
            yield Loading(f"starting {self._device}")
        self._arms = self._make_arms(steps)
        self._own.find_launched(self.config)
        yield from self._processes.on_first_then_others(self._lock_folder)
        resuming = self._processes.broadcast(self._own.resuming)
        if resuming:
            yield from self._arms.resume(self.folder or Path())
        else:
            yield from self._arms.start(self.config.init)
            # The folder is created after the model, so that a model that cannot be built leaves no folder.
            self._own.create(self.config)
            yield from self._lock_folder()
            self._arms.checkpointer.folder = self.folder or Path()
        if (own := self._own.written) is not None:
            yield from keep_list(self._catalogue, own, anew=self._own.begins)
        self._make_loop(resuming)
        self._trains = True
        yield started(self._arms, self._catalogue, self.folder, steps, self._writer.last_checkpoint)
        if own is not None:
            yield from self.followers.start(own, self.config.sinks)
        if self._limit is not None:
            yield TimeLimited(self._limit.end, self._limit.sentence(time.time()))
        if self._settings:
            yield SettingsChanged(self._settings)
        if reason := self._arms.current.label_record.omission:
            yield PicturesNoted(reason)
        yield from self._steering.begin()
        if self._further_list is not None:
            self._inbox.put_first(self._further_list.commands(self._arms.current.judgements, self._catalogue.classes))
            yield from self._further_list.notes(self._arms.current.judgements)
        yield from self._pipeline.report_prepared()

    def _make_arms(self, steps_per_epoch: int) -> Arms:
        setup = Setup(
            config=self.config,
            classes=self._catalogue.classes,
            steps_per_epoch=steps_per_epoch,
            device=self._device,
            transfer=Transfer(self._preparation, self._device),
            processes=self._processes,
            train=self._catalogue.train,
            roots=folders(self.config.data),
        )
        return Arms(setup, writer=self._writer, stop_requested=self._inbox.stop_requested)

    def _make_loop(self, resuming: bool) -> None:
        """Build the journal, the sources of commands and the training loop."""
        own = self._own.written
        self._recording.hooks.current = lambda: self._arms.current
        journal = self._recording.open(own)
        if self._script is not None:
            self._inbox.script = self._script
            self._arms.checkpointer.choices = self._script.choices
        elif resuming and own is not None:
            self._inbox.script = remaining_script(own, self._arms.commands, self._arms.current.step)
        patience, single = self.config.watchdog.loader_seconds, self._processes.size == 1
        self._pipeline = InputPipeline(self._loader, self._catalogue, self._skipped, patience, single)
        self._steering = Steering(
            self._inbox, self._arms, journal, self.config, self._hold_open, has_validation=bool(self._catalogue.val)
        )
        self._training = Training(
            self._pipeline, self._steering, self._device, self.config, began=self._began, limit=self._limit
        )
        if own is not None and (self._settings or self._own.begins):
            self.config = keep_corrections(self.config, own)
            save_config(self.config, own)

    # --- the end ----------------------------------------------------------------------------------------

    @property
    def can_be_left(self) -> bool:
        """Whether its process may end at this moment, and nothing is lost; from any thread."""
        if not self._trains or self._recording.ended or self._own.taken_over_by:
            return True
        # One of several processes would leave the others waiting, but for where all of them can be left.
        return self._steering.is_saved if self._processes.size == 1 else self._steering.secured

    def rescue(self) -> bool:
        """Save the arm as it was before a step that takes long, from another thread. Returns whether that is done."""
        return not self._own.taken_over_by and self._arms.checkpointer.rescue()

    def leave(self, cause: str) -> Iterator[Event]:
        """End the record of a run that can be left, while another thread is in the middle of something long.

        That thread must not go on: it waits for ever as soon as it has an event to record.
        """
        if not self._own.taken_over_by:
            yield from self._recording.leave(self._ended(cause))
            self._processes.say_end()
            self._own.unlock()  # who goes on with the run need not wait for signs of life of this process

    def _ended(self, cause: str) -> RunFinished:
        if not self._trains:
            return stopped(self.config.init, cause)
        return left(self._arms.current, self._catalogue, self._writer, cause)

    def _any_folder(self) -> Path | None:
        """The run's folder, as far as this process knows it."""
        known = self._processes.folder
        return Path(known) if known else self.folder

    def _open_journal(self) -> None:
        """Open the journal of a run that ends before it has started, if the run has a folder."""
        if self.folder is not None and self._own.is_locked:
            self._recording.open_if_possible(self.folder)

    def _fail(self, event: RunFailed) -> Iterator[Event]:
        self._failure = f"{event.title}: {event.message}"
        if self._processes.speaks_for_first and (folder := self._any_folder()) is not None:
            ranks_file.write_failure(folder, self._failure)
        self._open_journal()
        self._writer.retry()
        for saved, _ in self._writer.results(wait=True):
            yield from self._recording.record(saved)
        yield from self._recording.record(event)
