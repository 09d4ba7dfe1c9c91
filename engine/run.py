"""A run as a generator of events: prepare, then train, evaluate and save, taking commands between steps."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, assert_never

import torch

from engine import checkpoint
from engine.arm import TrainedArm, choose_device, precision
from engine.config import RunConfig
from engine.data import open_catalogue
from engine.data.batches import Batch, Loader, Unreadable
from engine.data.folder import Catalogue
from engine.errors import CheckpointError, EngineError, SaveError
from engine.journal import Journal, create_run
from engine.models import preparation
from engine.optim import describe_groups, set_base_rate
from engine.protocol import Arm as ArmName
from engine.protocol import (
    ArmFinished,
    ArmStarted,
    ArmSuspended,
    CheckpointFailed,
    CheckpointSaved,
    Command,
    CommandRefused,
    EpochDone,
    EvalDone,
    Evaluating,
    Event,
    ImageSkipped,
    Loading,
    Pause,
    Paused,
    RateChanged,
    Resume,
    Resumed,
    RunFailed,
    RunFinished,
    RunStarted,
    Save,
    SetRate,
    Stop,
    SwitchArm,
    TrainStep,
    name_of,
)

Inbox = SimpleQueue[Command]


class Run:
    """A fine-tuning run. `events` does the work, as far and as fast as it is iterated."""

    def __init__(self, config: RunConfig, resume: str | Path | None = None, hold_open: bool = False) -> None:
        """`resume` is the folder of a run to go on with; `hold_open` waits for commands after the last epoch."""
        self.config = config
        self.folder = Path(resume) if resume is not None else None
        self._hold_open = hold_open
        self._arms: dict[ArmName, TrainedArm] = {}
        self._skipped: set[str] = set()
        self._stopped = False
        self._saved_at = time.monotonic()
        self._last_checkpoint = ""

    def events(self, inbox: Inbox | None = None) -> Iterator[Event]:
        """Run to the end; commands put into `inbox` take effect between two steps.

        The last event is `RunFinished` or `RunFailed`. Every event is in the journal before it is handed out.
        """
        self._inbox = inbox if inbox is not None else SimpleQueue()
        self._journal: Journal | None = None
        try:
            for event in self._all():
                if self._journal is not None:
                    self._journal.event(event)
                yield event
        except EngineError as error:
            yield self._fail(RunFailed(error.title, error.message, error.exit_status))
        except torch.OutOfMemoryError:
            smaller = max(self.config.data.batch_size // 2, 1)
            message = f"a batch of {self.config.data.batch_size} does not fit; use --set data.batch_size={smaller}"
            yield self._fail(RunFailed("Out of memory", message))
        finally:
            if self._journal is not None:
                self._journal.close()

    def _fail(self, event: RunFailed) -> RunFailed:
        if self._journal is not None:
            self._journal.event(event)
        return event

    def _all(self) -> Iterator[Event]:
        config = self.config
        self._device = choose_device(config.device)
        self._prepared = preparation(config.model, config.data.image_size)
        self._loader = Loader(self._prepared, config.data.batch_size, config.seed, config.data.threads)
        try:
            self._catalogue = yield from self._find_pictures()
            self._steps_per_epoch = self._loader.steps_per_epoch(len(self._catalogue.train))
            self._total_steps = config.train.epochs * self._steps_per_epoch
            yield from self._start()
            while not self._stopped:
                yield from self._train(self._arm)
                if not self._stopped and self._done(self._arm):
                    if not self._hold_open:
                        break
                    yield from self._apply(self._inbox.get())
            yield self._finished()
        finally:
            self._loader.close()

    # --- getting ready ----------------------------------------------------------------------------------

    def _find_pictures(self) -> Generator[Event, None, Catalogue]:
        found = open_catalogue(self.config.data, self.config.seed, self._loader)
        while True:
            try:
                item = next(found)
            except StopIteration as end:
                catalogue: Catalogue = end.value
                return catalogue
            yield self._skip(item) if isinstance(item, Unreadable) else item

    def _skip(self, item: Unreadable) -> ImageSkipped:
        self._skipped.add(item.path)
        return ImageSkipped(item.path, item.reason, len(self._skipped))

    def _start(self) -> Iterator[Event]:
        resumed = self._newest(self.folder) if self.folder is not None else None
        yield Loading(f"building {self.config.model.name}")
        # The folder comes after the model: a model that cannot be built leaves none behind.
        self._arm = self._build(resumed[1]["arm"] if resumed else self.config.init)
        if resumed:
            self._arm.load(resumed[1])
        self.folder = self.folder or create_run(self.config)
        self._journal = Journal(self.folder)
        self._last_checkpoint = str(resumed[0]) if resumed else ""
        self._saved_at = time.monotonic()
        yield RunStarted(
            name=self.folder.resolve().name,
            path=str(self.folder),
            arm=self._arm.arm,
            device=str(self._device),
            precision=precision(self.config, self._device),
            model=self.config.model.name,
            classes=self._catalogue.classes,
            train_images=len(self._catalogue.train),
            test_images=len(self._catalogue.test),
            batch_size=self.config.data.batch_size,
            epochs=self.config.train.epochs,
            steps_per_epoch=self._steps_per_epoch,
            time=time.time(),
            resumed_from=self._last_checkpoint,
        )
        yield self._arm_started()

    def _newest(self, folder: Path) -> tuple[Path, dict[str, Any]]:
        found = checkpoint.newest(folder)
        if found is None:
            raise CheckpointError("Nothing to resume", f"{folder} has no checkpoint; start the run anew")
        path, state = found
        for what, saved, now in (
            ("classes", state["classes"], list(self._catalogue.classes)),
            ("training pictures", state["train_images"], len(self._catalogue.train)),
            ("batch size", state["config"]["data"]["batch_size"], self.config.data.batch_size),
            ("model", state["config"]["model"]["name"], self.config.model.name),
            ("optimizer", state["config"]["optim"]["name"], self.config.optim.name),
        ):
            if saved != now:
                raise CheckpointError("Checkpoint does not fit", f"{path} was made with {what} {saved}, now {now}")
        return found

    def _build(self, arm: ArmName) -> TrainedArm:
        classes = len(self._catalogue.classes)
        self._arms[arm] = TrainedArm(arm, self.config, classes, self._device, self._prepared)
        return self._arms[arm]

    def _arm_started(self) -> ArmStarted:
        arm = self._arm
        return ArmStarted(
            arm=arm.arm,
            step=arm.step,
            epoch=self._epoch(arm),
            epochs=self.config.train.epochs,
            steps_per_epoch=self._steps_per_epoch,
            groups=describe_groups(arm.optimizer),
            init=arm.init,
        )

    # --- the loop ---------------------------------------------------------------------------------------

    def _train(self, arm: TrainedArm) -> Iterator[Event]:
        """Train an arm until it is done, suspended or the run is stopped."""
        while self._in_hand(arm) and not self._done(arm):
            if self._evaluation_due(arm):
                yield from self._evaluate(arm)
            else:
                yield from self._train_epoch(arm)

    def _train_epoch(self, arm: TrainedArm) -> Iterator[Event]:
        epoch, position = divmod(arm.step, self._steps_per_epoch)
        batches = self._loader.training(self._catalogue.train, epoch, position)
        while True:
            yield from self._commands()
            if not self._in_hand(arm):
                return
            began = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                return
            waited = time.perf_counter() - began
            yield from (self._skip(item) for item in batch.unreadable)
            yield self._step(arm, batch, began, waited)
            if time.monotonic() - self._saved_at > self.config.checkpoint.every_seconds:
                yield self._save(arm, "last", "autosave")

    def _step(self, arm: TrainedArm, batch: Batch, began: float, waited: float) -> TrainStep:
        epoch = arm.step // self._steps_per_epoch + 1
        loss, correct, rates = arm.update(batch.images, batch.labels, self._total_steps)
        seconds = time.perf_counter() - began
        images = len(batch.labels)
        arm.seconds += seconds
        sums = arm.sums
        sums["loss"] += loss * images
        sums["correct"] += correct
        sums["images"] += images
        sums["seconds"] += seconds
        sums["data_seconds"] += waited
        return TrainStep(
            arm=arm.arm,
            step=arm.step,
            epoch=epoch,
            loss=loss,
            accuracy=correct / images,
            images_per_second=images / seconds,
            data_wait=waited / seconds,
            learning_rates=rates,
        )

    def _evaluate(self, arm: TrainedArm) -> Iterator[Event]:
        """Score the test set, then save; left half done by a command, it is due again later."""
        began, idle = time.perf_counter(), 0.0
        total_loss, correct, done, total = 0.0, 0, 0, len(self._catalogue.test)
        yield Evaluating(arm.arm, arm.step, 0, total)
        for batch in self._loader.testing(self._catalogue.test):
            loss, right = arm.score(batch.images, batch.labels)
            total_loss, correct, done = total_loss + loss, correct + right, done + len(batch.labels)
            yield from (self._skip(item) for item in batch.unreadable)
            yield Evaluating(arm.arm, arm.step, done, total)
            waiting = time.perf_counter()
            yield from self._commands()
            idle += time.perf_counter() - waiting
            if not self._in_hand(arm):
                return
        arm.seconds += time.perf_counter() - began - idle
        accuracy, epoch = correct / done, arm.step // self._steps_per_epoch
        best = arm.best_accuracy is None or accuracy > arm.best_accuracy
        yield EvalDone(arm.arm, arm.step, epoch, total_loss / done, accuracy, done, best)
        yield self._end_epoch(arm, epoch, total_loss / done, accuracy)
        yield self._save(arm, "last", "epoch")
        if best:
            yield self._save(arm, "best", "best")
        if self._done(arm):
            assert arm.best_accuracy is not None
            yield ArmFinished(arm.arm, arm.step, accuracy, arm.best_accuracy, arm.seconds)

    def _end_epoch(self, arm: TrainedArm, epoch: int, test_loss: float, test_accuracy: float) -> EpochDone:
        sums = arm.sums
        row: dict[str, Any] = {
            "step": arm.step,
            "epoch": epoch,
            "epochs": self.config.train.epochs,
            "train_loss": sums["loss"] / sums["images"],
            "train_accuracy": sums["correct"] / sums["images"],
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "images_per_second": sums["images"] / sums["seconds"],
            "data_wait": sums["data_seconds"] / sums["seconds"],
            "learning_rates": {group["name"]: group["lr"] for group in arm.optimizer.param_groups},
            "seconds": arm.seconds,
        }
        arm.history.append(row)
        arm.sums = dict.fromkeys(sums, 0)
        return EpochDone(arm=arm.arm, **row)

    def _in_hand(self, arm: TrainedArm) -> bool:
        return arm is self._arm and not self._stopped

    def _epoch(self, arm: TrainedArm) -> int:
        """The epoch the next step of an arm belongs to, or its last one; from 1."""
        return min(arm.step // self._steps_per_epoch + 1, self.config.train.epochs)

    def _evaluation_due(self, arm: TrainedArm) -> bool:
        return arm.step // self._steps_per_epoch > len(arm.history)

    def _done(self, arm: TrainedArm) -> bool:
        return arm.step >= self._total_steps and not self._evaluation_due(arm)

    # --- commands ---------------------------------------------------------------------------------------

    def _commands(self) -> Iterator[Event]:
        """Apply what waits in the inbox."""
        while not self._stopped:
            try:
                command = self._inbox.get_nowait()
            except Empty:
                return
            yield from self._apply(command)

    def _apply(self, command: Command) -> Iterator[Event]:
        arm = self._arm
        reason = self._why_not(command)
        if reason:
            yield CommandRefused(arm.arm, arm.step, name_of(command), reason)
            return
        assert self._journal is not None
        self._journal.command(command, arm.arm, arm.step)
        match command:
            case Pause():
                yield from self._pause()
            case Resume():
                raise AssertionError("refused unless paused, and then handled in the pause")
            case Save():
                yield self._save(arm, f"step-{arm.step:06d}", "key")
            case SetRate():
                set_base_rate(arm.optimizer, command.group, command.base_lr)
                yield RateChanged(arm.arm, arm.step, command.group, command.base_lr)
            case SwitchArm():
                yield from self._switch(command.arm)
            case Stop():
                self._stopped = True
                if command.save:
                    yield self._save(arm, "last", "stop")
            case _:
                assert_never(command)

    def _why_not(self, command: Command) -> str:
        """Why a command is impossible now; empty if it is not."""
        arm, reason = self._arm, ""
        if isinstance(command, Resume):
            reason = "training is not paused"
        elif isinstance(command, Pause | SetRate) and self._done(arm):
            reason = f"{arm.arm} has done all its epochs"
        elif isinstance(command, SetRate) and command.group not in [g["name"] for g in arm.optimizer.param_groups]:
            reason = f"there is no group `{command.group}`"
        elif isinstance(command, SetRate) and not 0 <= command.base_lr <= 100:  # NaN fails this too
            reason = f"a rate lies in 0..100, {command.base_lr} does not"
        elif isinstance(command, SwitchArm) and command.arm == arm.arm:
            reason = f"{arm.arm} is in hand already"
        elif isinstance(command, SwitchArm) and (other := self._arms.get(command.arm)) and self._done(other):
            reason = f"{command.arm} has done all its epochs"
        return reason

    def _pause(self) -> Iterator[Event]:
        """Wait for commands, without using the processor, until one ends the pause."""
        arm = self._arm
        assert self._journal is not None
        yield Paused(arm.arm, arm.step)
        while self._in_hand(arm):
            command = self._inbox.get()
            if isinstance(command, Resume):
                self._journal.command(command, arm.arm, arm.step)
                yield Resumed(arm.arm, arm.step)
                return
            if isinstance(command, Pause):
                yield CommandRefused(arm.arm, arm.step, "pause", "training is paused already")
                continue
            yield from self._apply(command)

    def _switch(self, name: ArmName) -> Iterator[Event]:
        """Suspend the arm in hand and take up the other one: from memory, from its checkpoint, or new."""
        before = self._arm
        assert self.folder is not None
        yield self._save(before, "last", "switch")
        try:
            if name not in self._arms:
                yield Loading(f"building {self.config.model.name}")
                after = self._build(name)
                saved = checkpoint.newest(self.folder, name)
                if saved:
                    after.load(saved[1])
        except EngineError as error:
            self._arms.pop(name, None)
            yield CommandRefused(before.arm, before.step, "switch_arm", f"{error.title}: {error.message}")
            return
        yield ArmSuspended(before.arm, before.step)
        self._arm = self._arms[name]
        yield self._arm_started()

    # --- saving -----------------------------------------------------------------------------------------

    def _save(self, arm: TrainedArm, name: str, reason: str) -> CheckpointSaved | CheckpointFailed:
        assert self.folder is not None
        path = self.folder / arm.arm / f"{name}.pt"
        self._saved_at = time.monotonic()  # a failure too: a full disk is not asked again at every step
        try:
            size = checkpoint.save(self._state(arm), path)
        except SaveError as error:
            return CheckpointFailed(arm.arm, arm.step, str(path), error.message)
        self._last_checkpoint = str(path)
        return CheckpointSaved(arm.arm, arm.step, str(path), reason, size, time.time())

    def _state(self, arm: TrainedArm) -> dict[str, Any]:
        return {
            **arm.state(),
            "epoch": self._epoch(arm),
            "position": arm.step % self._steps_per_epoch,
            "steps_per_epoch": self._steps_per_epoch,
            "train_images": len(self._catalogue.train),
            "classes": list(self._catalogue.classes),
            "history": {"pretrained": [], "scratch": []} | {name: list(a.history) for name, a in self._arms.items()},
            "config": self.config.model_dump(mode="json"),
        }

    def _finished(self) -> RunFinished:
        arm = self._arm
        return RunFinished(
            arm=arm.arm,
            step=arm.step,
            completed=self._done(arm),
            accuracy=arm.history[-1]["test_accuracy"] if arm.history else None,
            best_accuracy=arm.best_accuracy,
            checkpoint=self._last_checkpoint,
            weights_sha256=arm.weights_sha256(),
            seconds=arm.seconds,
        )
