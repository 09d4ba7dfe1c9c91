"""A run as a generator of events: it prepares, trains, evaluates, saves, and takes commands between steps."""

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from queue import SimpleQueue

from engine.arms.arms import Arms
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.config.places import with_absolute_places
from engine.config.sections import HooksConfig
from engine.data.loader import Loader
from engine.data.samples import Catalogue
from engine.data.sources import folders
from engine.data.transfer import Transfer
from engine.errors import EngineError, StoppedError
from engine.hardware.device import ask_for_determinism, choose_device
from engine.hardware.process_group import ProcessGroup, launcher, restarts
from engine.loop.failures import describe_failure
from engine.loop.folder_lock import lock_folder
from engine.loop.input_pipeline import InputPipeline, SkippedPictures, find_pictures, keep_list, with_cache_format
from engine.loop.milestones import finished, started
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
)
from engine.recipes.choices import complete
from engine.recipes.table import recipe_of
from engine.sinks.trackers import Followers, check_trackers
from engine.steering.further_list import FurtherList
from engine.steering.inbox import Inbox
from engine.steering.script import Script, remaining_script
from engine.steering.steering import Steering
from engine.storage.atomic import clean
from engine.storage.hooks import Hooks
from engine.storage.lock import RunLock
from engine.storage.run_folder import (
    PICTURES,
    create_run,
    find_launched,
    has_checkpoint,
    keep_corrections,
    save_config,
)
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
    ) -> None:
        """`resume` is the folder of a run to resume. `folder` is the folder of a new run, if it exists already.

        `hold_open` says whether to wait for commands after the last epoch. `script` has the commands and choices of
        the run that is repeated.
        """
        self.config = with_absolute_places(config)
        self._script = script
        self._settings: tuple[Setting, ...] = ()
        self._further_list: FurtherList | None = None
        self._resuming = resume is not None
        self._begins = not self._resuming
        "whether nothing has been trained yet"
        self.folder = Path(resume) if resume is not None else folder
        self._hold_open = hold_open
        self._skipped = SkippedPictures()
        self._writer = CheckpointWriter()
        self._lock: RunLock | None = None
        self.followers = Followers()
        "the processes that send it to its trackers"

    def events(self, inbox: SimpleQueue[Command] | None = None) -> Generator[Event, None, None]:
        """Run to the end. Commands in `inbox` take effect between two steps.

        The last event is `RunFinished` or `RunFailed`; no error is raised. Closing the generator ends the run at once.
        As soon as the run has a folder, each event is written to its journal before it is yielded.
        """
        self._began = time.perf_counter()
        self._processes = ProcessGroup()
        hooks = Hooks(self.config.hooks if self._processes.is_first else HooksConfig(), self.config.name)
        self._recording = Recording(hooks)
        self._inbox = Inbox(inbox if inbox is not None else SimpleQueue(), self._processes)
        try:
            if self._processes.size > 1:
                yield Loading("waiting for the other processes")
            self._processes.join()
            for event in self._processes.on_first_then_others(self._lock_folder):
                yield from self._recording.record(event)
            self._read_resumed_settings()
            for event in self._run():
                if self._lock is not None and (other := self._lock.taken_over_by):
                    why = f"this process showed no sign of life, so {other} goes on with {self.folder}"
                    yield RunFailed("Run taken over", f"{why}; nothing more is written here")
                    return
                yield from self._recording.record(event)
        except StoppedError:  # while it waited for the folder, whose journal is another process's
            yield RunFinished(self.config.init, 0, False, None, None, "", "", 0.0)
        except EngineError as error:
            yield from self._fail(RunFailed(error.title, error.message, error.exit_status))
        except Exception as error:
            yield from self._fail(describe_failure(error, self.config, self._processes.size))
        finally:
            self._writer.close()
            self._processes.close()
            self._recording.close()
            if self._lock is not None:
                self._lock.close()

    def _read_resumed_settings(self) -> None:
        """Compare the settings with those of the resumed run. Settings that cannot change keep their old values."""
        if self._resuming and self.folder is not None:
            found = resumed_settings(self.folder, self.config, self._processes)
            self.config, self._begins = found.config, found.begins
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
                if not self._resuming:  # the journal of a resumed run already ends with an event
                    self._open_journal()
                yield RunFinished(config.init, 0, False, None, None, "", "", 0.0)
                return
            while not self._steering.stopped:
                yield from self._training.train(self._arms.current)
                yield from self._steering.commands()
                if not self._steering.stopped and self._arms.current.done:
                    if not self._steering.held_open:
                        break
                    yield from self._steering.wait()
            yield from self._arms.checkpointer.settle()
            yield finished(self._arms, self._catalogue, self.folder, self._writer)
        finally:
            self._loader.close()

    # --- getting ready ----------------------------------------------------------------------------------

    def _find_pictures(self) -> Generator[Event, None, Catalogue]:
        # A run that begins again, without a checkpoint, takes the pictures as they are now.
        kept = self.folder / PICTURES if self.folder is not None and self._resuming and not self._begins else None
        return find_pictures(self.config, self._loader, self._skipped, self._inbox.stop_requested, kept)

    def _lock_folder(self) -> Generator[Event, None, None]:
        """Lock the run's folder, if it exists, and remove temporary files that a crash left there.

        Raises:
            UserError: another process has it.
            StoppedError: the run was stopped while it waited to know that.
        """
        if self.folder is None or self._lock is not None or not self._processes.is_first:
            return
        self._lock = yield from lock_folder(self.folder, self._inbox.stop_requested)
        self._recording.hooks.folder = self.folder.resolve()
        clean(self.folder)

    def _start(self) -> Iterator[Event]:
        """Build or restore the first arm, and build the loop that trains it."""
        steps = self._loader.steps_per_epoch(len(self._catalogue.train))
        if self._device.type != "cpu":
            yield Loading(f"starting {self._device}")
        self._arms = self._make_arms(steps)
        if not self._resuming and self._processes.is_first and restarts():
            self._resume_launched()
        yield from self._processes.on_first_then_others(self._lock_folder)
        resuming = self._processes.broadcast(self._resuming)
        if resuming:
            yield from self._arms.resume(self.folder or Path())
        else:
            yield from self._arms.start(self.config.init)
            # The folder is created after the model, so that a model that cannot be built leaves no folder.
            if self._processes.is_first and self.folder is None:
                self.folder = create_run(self.config, launcher())
                yield from self._lock_folder()
            self._arms.checkpointer.folder = self.folder or Path()
        if self._processes.is_first and self.folder is not None:
            yield from keep_list(self._catalogue, self.folder, anew=self._begins)
        self._make_loop(resuming)
        yield started(self._arms, self._catalogue, self.folder, steps, self._writer.last_checkpoint)
        if self._processes.is_first and self.folder is not None:
            yield from self.followers.start(self.folder, self.config.sinks)
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
        own = self.folder if self._processes.is_first else None  # only the first process writes to the folder
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
        self._training = Training(self._pipeline, self._steering, self._device, self.config, self._began)
        if own is not None and (self._settings or self._begins):
            self.config = keep_corrections(self.config, own)
            save_config(self.config, own)

    def _resume_launched(self) -> None:
        """After a restart by torchrun, resume the run of the same launch if it has a checkpoint."""
        found = find_launched(launcher(), self.config.checkpoint.dir) if self.folder is None else self.folder
        if found is not None and has_checkpoint(found):
            self.folder, self._resuming, self._begins = found, True, False

    # --- the end ----------------------------------------------------------------------------------------

    def _open_journal(self) -> None:
        """Open the journal of a run that ends before it has started, if the run has a folder."""
        if self.folder is not None and self._lock is not None:
            self._recording.open_if_possible(self.folder)

    def _fail(self, event: RunFailed) -> Iterator[Event]:
        self._open_journal()
        self._writer.retry()
        for saved, _ in self._writer.results(wait=True):
            yield from self._recording.record(saved)
        yield from self._recording.record(event)
