"""The work of a run: it finds the pictures, builds the arm and the loop that trains it, and trains to the end."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path

from engine.arms.arms import Arms
from engine.arms.setup import Setup
from engine.data.loader import Loader
from engine.data.samples import Catalogue
from engine.data.sources import folders
from engine.data.transfer import Transfer
from engine.errors import StoppedError
from engine.hardware.device import ask_for_determinism, choose_device
from engine.loop.context import Context
from engine.loop.input_pipeline import InputPipeline, SkippedPictures, find_pictures, keep_list, with_cache_format
from engine.loop.milestones import finished, left, started, stopped
from engine.loop.resuming import resumed_settings
from engine.loop.training import Training
from engine.models import preparation
from engine.protocol import Event, Loading, PicturesNoted, RunFinished, Setting, SettingsChanged, TimeLimited
from engine.recipes.choices import complete
from engine.recipes.table import recipe_of
from engine.sinks.trackers import Followers, check_trackers
from engine.steering.further_list import FurtherList
from engine.steering.script import remaining_script
from engine.steering.steering import Steering
from engine.storage.run_folder import keep_corrections, save_config


class Work:
    """What a run does as long as nothing goes wrong."""

    def __init__(self, context: Context) -> None:
        self.arms: Arms
        self.catalogue: Catalogue
        self.has_begun = False
        "whether the run has started, so that there may be something to lose"
        self.followers = Followers()
        "the processes that send it to its trackers"
        self._context = context
        self._processes, self._own, self._writer = context.processes, context.own, context.writer
        self._inbox, self._recording = context.inbox, context.recording
        self._settings: tuple[Setting, ...] = ()
        self._further_list: FurtherList | None = None
        self._skipped = SkippedPictures()

    @property
    def can_be_left(self) -> bool:
        """Whether its process may end at this moment, and nothing is lost; from any thread."""
        if not self.has_begun:
            return True
        # One of several processes would leave the others waiting, but for where all of them can be left.
        return self._steering.is_saved if self._processes.size == 1 else self._steering.secured

    def rescue(self) -> bool:
        """Save the arm as it was before a step that takes long, from another thread. Returns whether that is done."""
        return self.arms.checkpointer.rescue()

    def ended(self, cause: str) -> RunFinished:
        """The last event of a run that is left as it is, because of `cause`."""
        if not self.has_begun:
            return stopped(self._context.config.init, cause)
        return left(self.arms.current, self.catalogue, self._writer, cause)

    def events(self) -> Iterator[Event]:
        """Do it; the last event is `RunFinished`.

        Raises:
            EngineError: it cannot be done.
            Exception: of torch, or of a library.
        """
        self._read_resumed_settings()
        given, config = self._context.config, complete(self._context.config)
        if config.train.deterministic:
            ask_for_determinism()
        check_trackers(config.sinks)
        self._device = choose_device(config.device, self._processes.local_rank)
        yield Loading(f"looking at {config.model.name}")
        self._preparation = preparation(config.model, config.data.image_size)
        self._context.config = config
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
                self.catalogue = yield from self._processes.on_first_then_others(self._find_pictures)
                self._context.config = with_cache_format(complete(given, len(self.catalogue.train)), self._loader)
                yield from self._start()
            except StoppedError:
                if not self._own.resuming:  # the journal of a resumed run already ends with an event
                    self._context.open_journal()
                yield stopped(config.init, self._inbox.stop_cause())
                return
            while not self._steering.stopped:
                yield from self._training.train(self.arms.current)
                yield from self._steering.commands()
                if not self._steering.stopped and self.arms.current.done:
                    if not self._steering.held_open:
                        break
                    yield from self._steering.wait()
            yield from self.arms.checkpointer.settle()
            yield finished(self.arms, self.catalogue, self._own.path, self._writer, self._steering.stop_cause)
        finally:
            self._loader.close()

    # --- getting ready ----------------------------------------------------------------------------------

    def _read_resumed_settings(self) -> None:
        """Compare the settings with those of the resumed run. Settings that cannot change keep their old values."""
        if self._own.resuming and self._own.path is not None:
            found = resumed_settings(self._own.path, self._context.config, self._processes)
            self._context.config, self._own.begins = found.config, found.begins
            self._settings, self._further_list = found.changed, found.further_list

    def _find_pictures(self) -> Generator[Event, None, Catalogue]:
        kept = self._own.kept_pictures
        return find_pictures(self._context.config, self._loader, self._skipped, self._inbox.stop_requested, kept)

    def _start(self) -> Iterator[Event]:
        """Build or restore the first arm, and build the loop that trains it."""
        steps = self._loader.steps_per_epoch(len(self.catalogue.train))
        if self._device.type != "cpu":
            yield Loading(f"starting {self._device}")
        self.arms = self._make_arms(steps)
        self._own.find_launched(self._context.config)
        yield from self._processes.on_first_then_others(self._context.lock_folder)
        resuming = self._processes.broadcast(self._own.resuming)
        if resuming:
            yield from self.arms.resume(self._own.path or Path())
        else:
            yield from self.arms.start(self._context.config.init)
            # The folder is created after the model, so that a model that cannot be built leaves no folder.
            self._own.create(self._context.config)
            yield from self._context.lock_folder()
            self.arms.checkpointer.folder = self._own.path or Path()
        if (own := self._own.written) is not None:
            yield from keep_list(self.catalogue, own, anew=self._own.begins)
        self._make_loop(resuming)
        self.has_begun = True
        yield started(self.arms, self.catalogue, self._own.path, steps, self._writer.last_checkpoint)
        if own is not None:
            yield from self.followers.start(own, self._context.config.sinks)
        if self._context.limit is not None:
            yield TimeLimited(self._context.limit.end, self._context.limit.sentence(time.time()))
        if self._settings:
            yield SettingsChanged(self._settings)
        if reason := self.arms.current.label_record.omission:
            yield PicturesNoted(reason)
        yield from self._steering.begin()
        if self._further_list is not None:
            self._inbox.put_first(self._further_list.commands(self.arms.current.judgements, self.catalogue.classes))
            yield from self._further_list.notes(self.arms.current.judgements)
        yield from self._pipeline.report_prepared()

    def _make_arms(self, steps_per_epoch: int) -> Arms:
        setup = Setup(
            config=self._context.config,
            classes=self.catalogue.classes,
            steps_per_epoch=steps_per_epoch,
            device=self._device,
            transfer=Transfer(self._preparation, self._device),
            processes=self._processes,
            train=self.catalogue.train,
            roots=folders(self._context.config.data),
        )
        return Arms(setup, writer=self._writer, stop_requested=self._inbox.stop_requested)

    def _make_loop(self, resuming: bool) -> None:
        """Build the journal, the sources of commands and the training loop."""
        own = self._own.written
        self._recording.hooks.current = lambda: self.arms.current
        journal = self._recording.open(own)
        if self._context.script is not None:
            self._inbox.script = self._context.script
            self.arms.checkpointer.choices = self._context.script.choices
        elif resuming and own is not None:
            self._inbox.script = remaining_script(own, self.arms.commands, self.arms.current.step)
        patience, single = self._context.config.watchdog.loader_seconds, self._processes.size == 1
        self._pipeline = InputPipeline(self._loader, self.catalogue, self._skipped, patience, single)
        self._steering = Steering(
            self._inbox,
            self.arms,
            journal,
            self._context.config,
            self._context.hold_open,
            has_validation=bool(self.catalogue.val),
        )
        self._training = Training(
            self._pipeline,
            self._steering,
            self._device,
            self._context.config,
            began=self._context.began,
            limit=self._context.limit,
        )
        if own is not None and (self._settings or self._own.begins):
            self._context.config = keep_corrections(self._context.config, own)
            save_config(self._context.config, own)
