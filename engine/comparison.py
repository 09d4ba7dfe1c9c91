"""Both arms of a run: the one in hand and the one at rest, saved to the run's folder and found there again."""

from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import torch

from engine import checkpoint
from engine.arm import TrainedArm
from engine.config import RunConfig
from engine.data.feed import Feed
from engine.data.folder import Catalogue
from engine.errors import CheckpointError
from engine.peers import Peers
from engine.protocol import ARMS, Arm, CheckpointDamaged, Event, Loading
from engine.saving import Saving


class Comparison:
    """The arms of a run. `start` or `resume` puts the first one in hand; `folder` is set before anything is saved."""

    hand: TrainedArm

    def __init__(
        self,
        config: RunConfig,
        *,
        catalogue: Catalogue,
        steps_per_epoch: int,
        device: torch.device,
        feed: Feed,
        saving: Saving,
        peers: Peers,
    ) -> None:
        self.folder = Path()
        self.saving = saving
        self.peers = peers
        self._config = config
        self._catalogue = catalogue
        self._steps_per_epoch = steps_per_epoch
        self._device = device
        self._feed = feed
        self._arms: dict[Arm, TrainedArm] = {}
        self._past: dict[Arm, list[dict[str, Any]]] = {name: [] for name in ARMS}

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
        self.saving.go_on_from(found.path, found.state["time"])
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
            peers=self.peers,
        )

    def _newest(self, arm: str) -> Generator[Event, None, checkpoint.Found | None]:
        self.saving.wait()
        found = self.peers.from_first(lambda: checkpoint.newest(self.folder, arm))
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
        return self.peers.first and self.saving.since > self._config.checkpoint.every_seconds

    def save(self, reasons: dict[str, str]) -> None:
        """Save the arm in hand under names, each with its reason."""
        self._save(self.hand, reasons)

    def save_apart(self) -> None:
        """Save the arm in hand under a name of its own, which nothing overwrites."""
        self.saving.wait()  # for files of such names
        name = f"step-{self.hand.step:06d}"
        taken = {path.stem for path in (self.folder / self.hand.arm).glob(f"{name}*.pt")}
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        self._save(self.hand, {next(free for free in names if free not in taken): "key"})

    def save_all(self, reason: str) -> None:
        """Save the arm in hand, and before it the other one if it has gone on since it was saved.

        In that order, so that a resume takes up the arm in hand.
        """
        for arm in sorted(self._arms.values(), key=lambda arm: arm is self.hand):
            if arm is self.hand or arm.unsaved:
                self._save(arm, {"last": reason})

    def _save(self, arm: TrainedArm, reasons: dict[str, str]) -> None:
        if not self.peers.first:
            return  # its state is the first one's
        beside = {
            "steps_per_epoch": self._steps_per_epoch,
            "train_images": len(self._catalogue.train),
            "classes": list(self._catalogue.classes),
            "history": self.history,
            "config": self._config.model_dump(mode="json"),
        }
        folder = self.folder / arm.arm
        self.saving.put(arm, beside, {folder / f"{name}.pt": reason for name, reason in reasons.items()})
