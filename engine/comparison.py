"""Both arms of a run: the one in hand and the one at rest, saved to the run's folder and found there again."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import torch

from engine import checkpoint
from engine.arm import TrainedArm
from engine.config import RunConfig
from engine.data.feed import Feed
from engine.data.folder import Catalogue
from engine.errors import CheckpointError, SaveError
from engine.protocol import ARMS, Arm, CheckpointDamaged, CheckpointFailed, CheckpointSaved, Event, Loading


class Comparison:
    """The arms of a run. `start` or `resume` puts the first one in hand; `folder` is set before anything is saved."""

    hand: TrainedArm

    def __init__(
        self,
        config: RunConfig,
        catalogue: Catalogue,
        steps_per_epoch: int,
        device: torch.device,
        feed: Feed,
    ) -> None:
        self.folder = Path()
        self.last_checkpoint = ""
        self._config = config
        self._catalogue = catalogue
        self._steps_per_epoch = steps_per_epoch
        self._device = device
        self._feed = feed
        self._arms: dict[Arm, TrainedArm] = {}
        self._past: dict[Arm, list[dict[str, Any]]] = {name: [] for name in ARMS}
        self._latest = 0.0  # time of the newest checkpoint
        self._tried = time.monotonic()

    @property
    def history(self) -> dict[Arm, list[dict[str, Any]]]:
        """A row an epoch of each arm, of one not built since the resume too."""
        return self._past | {name: list(arm.history) for name, arm in self._arms.items()}

    # --- taking an arm in hand --------------------------------------------------------------------------

    def start(self, name: Arm) -> Iterator[Event]:
        """Build the first arm of a new run."""
        yield self._building()
        self.hand = self._arms[name] = self._build(name)

    def resume(self, folder: Path) -> Iterator[Event]:
        """Take up the arm of the newest checkpoint in `folder`, where it was.

        Raises:
            CheckpointError: there is none, or it does not fit the configuration and the pictures.
        """
        self.folder = folder
        found = yield from self._newest("*")
        if found is None:
            raise CheckpointError("Nothing to resume", f"{folder} has no checkpoint; start the run anew")
        yield self._building()
        self._past |= found.state["history"]
        self._latest = found.state["time"]
        self.last_checkpoint = str(found.path)
        arm = self._build(found.state["arm"])
        arm.load(found.state)
        self.hand = self._arms[arm.arm] = arm

    def switch(self, name: Arm) -> Iterator[Event]:
        """Take the other arm in hand: from memory, from its newest checkpoint, or new.

        Raises:
            EngineError: it cannot be built; the arm in hand stays.
        """
        if name not in self._arms:
            found = yield from self._newest(name)
            yield self._building()
            arm = self._build(name)
            if found is not None:
                arm.load(found.state)
            self._arms[name] = arm
        self.hand = self._arms[name]

    def is_done(self, name: Arm) -> bool:
        """Whether an arm in memory has done all its epochs."""
        return name in self._arms and self._arms[name].done

    def _building(self) -> Loading:
        return Loading(f"building {self._config.model.name}")

    def _build(self, name: Arm) -> TrainedArm:
        return TrainedArm(
            name,
            self._config,
            classes=len(self._catalogue.classes),
            steps_per_epoch=self._steps_per_epoch,
            device=self._device,
            feed=self._feed,
        )

    def _newest(self, arm: str) -> Generator[Event, None, checkpoint.Found | None]:
        found = checkpoint.newest(self.folder, arm)
        if found is not None:
            yield from (CheckpointDamaged(str(path), message) for path, message in found.damaged)
            self._check_fit(found)
        return found

    def _check_fit(self, found: checkpoint.Found) -> None:
        state, config = found.state, self._config
        for what, saved, now in (
            ("classes", state["classes"], list(self._catalogue.classes)),
            ("training pictures", state["train_images"], len(self._catalogue.train)),
            ("batch size", state["config"]["data"]["batch_size"], config.data.batch_size),
            ("model", state["config"]["model"]["name"], config.model.name),
            ("optimizer", state["config"]["optim"]["name"], config.optim.name),
        ):
            if saved != now:
                raise CheckpointError(
                    "Checkpoint does not fit", f"{found.path} was made with {what} {saved}, now {now}"
                )

    # --- saving -----------------------------------------------------------------------------------------

    @property
    def autosave_due(self) -> bool:
        """Whether as much time as may be lost to a crash has passed since the last attempt to save."""
        return time.monotonic() - self._tried > self._config.checkpoint.every_seconds

    def save(self, name: str, reason: str) -> CheckpointSaved | CheckpointFailed:
        """Save the arm in hand under a name."""
        return self._save(self.hand, self.folder / self.hand.arm / f"{name}.pt", reason)

    def save_apart(self) -> CheckpointSaved | CheckpointFailed:
        """Save the arm in hand under a name of its own, which nothing overwrites."""
        folder, name = self.folder / self.hand.arm, f"step-{self.hand.step:06d}"
        path, number = folder / f"{name}.pt", 1
        while path.exists():
            number += 1
            path = folder / f"{name}-{number}.pt"
        return self._save(self.hand, path, "key")

    def save_all(self, reason: str) -> Iterator[CheckpointSaved | CheckpointFailed]:
        """Save the arm in hand, and before it the other one if it has gone on since it was saved.

        In that order, so that a resume takes up the arm in hand.
        """
        for arm in sorted(self._arms.values(), key=lambda arm: arm is self.hand):
            if arm is self.hand or arm.unsaved:
                yield self._save(arm, self.folder / arm.arm / "last.pt", reason)

    def _save(self, arm: TrainedArm, path: Path, reason: str) -> CheckpointSaved | CheckpointFailed:
        self._tried = time.monotonic()  # a failure too: a full disk is not asked again at every step
        # Later than the one before even where the clock was set back or another machine's is behind.
        now = max(time.time(), self._latest + 0.001)
        state = arm.state() | {
            "time": now,
            "steps_per_epoch": self._steps_per_epoch,
            "train_images": len(self._catalogue.train),
            "classes": list(self._catalogue.classes),
            "history": self.history,
            "config": self._config.model_dump(mode="json"),
        }
        try:
            size = checkpoint.save(state, path)
        except SaveError as error:
            return CheckpointFailed(arm.arm, arm.step, str(path), error.message)
        arm.unsaved = False
        self._latest = now
        self.last_checkpoint = str(path)
        return CheckpointSaved(arm.arm, arm.step, str(path), reason, size, now)
