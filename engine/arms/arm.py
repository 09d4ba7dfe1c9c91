"""One arm of the comparison: its model, its optimizer and its progress."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.nn.utils import get_total_norm

from engine.arms.features import Batches, FeatureBatch, FeatureBatches
from engine.arms.gradients import add_gradients, micro_batches
from engine.arms.network import Network
from engine.arms.optimizer import (
    apply_schedule,
    build_optimizer,
    freeze,
    group_of,
    lay_out_like_parameters,
    set_constants,
)
from engine.arms.progress import Progress
from engine.arms.setup import Setup
from engine.arms.stopwatch import Stopwatch
from engine.config import RunConfig
from engine.config.sections import OptimConfig
from engine.data.batches import Batch
from engine.errors import CheckpointError, ConfigError, EngineError
from engine.hardware.device import seed_random
from engine.metrics.predictions import describe
from engine.models import build
from engine.protocol import Arm
from engine.recipes import ParameterGroup, recipe_of


class TrainedArm(Progress):
    """All state of an arm. Its methods change it; between two of them it can be saved."""

    def __init__(self, arm: Arm, setup: Setup) -> None:
        """Build an arm.

        Raises:
            EngineError: the model, its weights or the recipe are not available, or do not fit the configuration.
        """
        config = setup.config
        super().__init__(config.train, setup.steps_per_epoch)
        built = build(config.model, setup.classes, arm, config.seed)
        self.arm = arm
        self.network = Network(built, setup)
        self._built = replace(built, model=self.network.model)
        self._recipe = recipe_of(config)
        groups = self._recipe.groups(self._built, arm)
        _check_groups(groups, config, arm)
        frozen = "".join(f"; the {group.name} is frozen" for group in groups if group.frozen)
        self.init = built.init + frozen
        self.optimizer = build_optimizer(groups, config.optim)
        self.unsaved = False
        self.was_compiled = False
        self.batches: Batches | None = None
        "what it is trained on; none if that must be chosen again"
        self.turns = 0
        "grows when the batches in progress become useless: a rewind, other layers to train, other epochs"
        self._config = config
        self._device = setup.device
        self._processes = setup.processes
        # float16 has so few small numbers that gradients need a scale to survive; bfloat16 has as many as float32.
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self.network.precision == "float16")
        self._spoilt = torch.zeros((), device=self._device)  # 1 from the first gradient that is not finite on
        self._train_groups()

    @property
    def model(self) -> torch.nn.Module:
        """The model on its device."""
        return self.network.model

    @property
    def frozen(self) -> bool:
        """Whether all layers but the last one are left as they are."""
        return self.network.backbone_frozen

    @property
    def scales(self) -> bool:
        """Whether gradients are scaled, so that one that overflows now and then is to be expected."""
        return self._scaler.is_enabled()

    @property
    def rates(self) -> dict[str, float]:
        """The rate of each group in the last update."""
        return {group["name"]: group["lr"] for group in self.optimizer.param_groups}

    def is_frozen(self, group: str) -> bool:
        """Whether a parameter group is left as it is."""
        return group not in self.network.trained

    def groups_of(self, config: RunConfig, arm: Arm | None = None) -> dict[str, ParameterGroup]:
        """The parameter groups by name that this arm, or another one, begins with under a configuration."""
        return {group.name: group for group in recipe_of(config).groups(self._built, arm or self.arm)}

    # --- training and testing ---------------------------------------------------------------------------

    def update(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, dict[str, float], Stopwatch]:
        """One step of the optimizer.

        Returns a tensor on the device with the mean loss and the number of correct predictions before the update, both
        of the whole batch, and the norm of the gradient; the rates used; and the time from the gradients on.
        Nothing waits for the device: after a loss or gradient that is not finite the device itself leaves the weights
        as they are, and whoever reads the figures reacts. In float16 a batch whose scaled gradient overflows leaves
        them as they are, too (the scale is halved), but it is a step like any other: its pictures have been seen, and
        the schedule goes on.

        Raises:
            RuntimeError: of torch, if memory runs out; the weights, the optimizer and the step are as before.
        """
        # Dropout and the like depend on (seed, step) alone, so a resumed run repeats them exactly.
        rank = f"/{self._processes.rank}" if self._processes.rank else ""
        seed = f"{self._config.seed}/step/{self.step}{rank}"
        seed_random(random.Random(seed).getrandbits(62), self._device)
        rates = apply_schedule(self.optimizer, self._recipe.schedule(self.total_steps)(self.step))
        self.optimizer.zero_grad()
        loss, right = add_gradients(
            self.network,
            self._recipe,
            batch,
            pieces=self._micro_batches(batch),
            scale=lambda mean: self._scaler.scale(mean * (batch.weight * self._processes.size)),
            rng=random.Random(f"{seed}/augment"),
        )
        stopwatch = Stopwatch(self._device)
        self._scaler.unscale_(self.optimizer)
        norm = get_total_norm(self._gradients())
        if not self._scaler.is_enabled():  # else it does the same
            self._spoilt = torch.maximum(self._spoilt, (~(loss + norm).isfinite()).float())
            self.optimizer.found_inf = self._spoilt  # type: ignore[attr-defined]
        figures = torch.stack((loss * batch.weight, right * (batch.weight > 0), norm / self._processes.size))
        self._scaler.step(self.optimizer)
        self._scaler.update()
        stopwatch.stop()
        self.step += 1
        self.unsaved = True
        self._recipe.after_step(self)
        return self._processes.all_reduce(figures), rates, stopwatch

    def _micro_batches(self, batch: Batch | FeatureBatch) -> int:
        return micro_batches(batch, self.micro_batch, self._processes.size)

    def _gradients(self) -> list[torch.Tensor]:
        groups = self.optimizer.param_groups
        return [parameter.grad for group in groups for parameter in group["params"] if parameter.grad is not None]

    @torch.inference_mode()
    def score(self, batch: Batch | FeatureBatch) -> torch.Tensor:
        """What is made of N test pictures, float32 (1 + N, 3), on the device: see `metrics.predictions.describe`."""
        inputs, labels = self.network.prepare(batch)
        parts = inputs.tensor_split(self._micro_batches(batch))
        logits = [self.network.test_on(part, isinstance(batch, FeatureBatch)) for part in parts]
        return describe(torch.cat(logits), labels)

    def not_finite(self, step: int, what: str, value: float) -> EngineError:
        """What to say, and to do, where the loss or the gradient of a step is not finite."""
        remedy = "lower the learning rates (for example --set optim.groups.backbone.lr=1e-5)"
        if self.network.precision == "float16":
            remedy += " or compute more exactly (--set train.precision=float32)"
        where = f"{self.arm}, step {step}"
        return EngineError(
            f"{what.capitalize()} is not finite",
            f"{where}: the {what} is {value}; {remedy} and resume from the last checkpoint",
        )

    def compile(self, batch: Batch) -> str:
        """Compile the training step for batches of this size; why that failed, empty if it did not."""
        failure = self.network.compile(batch)
        self.optimizer.zero_grad()
        self.was_compiled = not failure
        return failure

    # --- changes between steps --------------------------------------------------------------------------

    def set_rate(self, name: str, base_lr: float, why: str) -> None:
        """Give a parameter group another base rate, from the next update on."""
        group_of(self.optimizer, name).update(base_lr=base_lr, why=why)
        self.changed()

    def set_frozen(self, name: str, frozen: bool) -> None:
        """Leave a parameter group as it is from the next update on, or train it again."""
        freeze(group_of(self.optimizer, name), frozen)
        self._train_groups()
        self.changed()

    def set_epochs(self, epochs: int) -> None:
        """Train so many epochs in all."""
        self.epochs = epochs
        self.turns += 1
        self.changed()

    def set_constants(self, config: OptimConfig) -> None:
        """Give the optimizer the momentum and the weight decay of `config`."""
        set_constants(self.optimizer, config)
        self.changed()

    def set_micro_batch(self, pictures: int) -> None:
        """Send at most so many pictures through the model at once."""
        self.micro_batch = pictures
        self.changed()

    def forget_gradients(self) -> None:
        """Give back the memory of a step that was not done."""
        self.optimizer.zero_grad()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def move(self, device: torch.device) -> None:
        """Move everything elsewhere, to come back before the next update."""
        self.optimizer.zero_grad()
        self.network.move(device)
        if isinstance(self.batches, FeatureBatches):
            self.batches.move(device)
        for state in self.optimizer.state.values():
            for key, value in state.items():
                if isinstance(value, torch.Tensor):
                    state[key] = value.to(device)

    def _train_groups(self) -> None:
        """Train those of the optimizer's groups that are not frozen."""
        groups = self.optimizer.param_groups
        self.network.train(frozenset(group["name"] for group in groups if not group["frozen"]))
        self.turns += 1
        self.batches = None  # features that are kept are of a frozen backbone

    # --- as plain data ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly here but the history, as plain values and tensors."""
        return (
            self.figures()
            | {
                "arm": self.arm,
                "model": dict(self.network.model.state_dict()),
                "optimizer": self.optimizer.state_dict(),
                "scaler": self._scaler.state_dict(),
                "compiled": self.was_compiled,
                "random": {"seed": self._config.seed, "torch": torch.get_rng_state()},
            }
            | ({"recipe": recipe} if (recipe := self._recipe.state()) else {})
        )

    def load(self, state: dict[str, Any]) -> None:
        """Go back to a saved state, history and learning rates included.

        Raises:
            CheckpointError: it is of another model or optimizer.
        """
        try:
            self.network.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            lay_out_like_parameters(self.optimizer)
            if self._scaler.is_enabled() and state["scaler"]:  # empty where another precision was used
                self._scaler.load_state_dict(state["scaler"])
            torch.set_rng_state(state["random"]["torch"])
            self._recipe.load(state.get("recipe", {}))
            self.take_up(state)
            self.history = list(state["history"][self.arm])
            self.was_compiled = state["compiled"]
            for group in self.optimizer.param_groups:
                freeze(group, group["frozen"])
            self._train_groups()
            self._spoilt = torch.zeros_like(self._spoilt)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                "Checkpoint does not fit",
                f"it is not of this model and optimizer ({str(error).splitlines()[0]}); resume with the settings it "
                f"was made with",
            ) from None
        self.init = f"checkpoint at step {self.step}"

    def rewind(self, state: dict[str, Any]) -> None:
        """Go back to a state, and on from there as a new branch; what counts over all branches is kept.

        Raises:
            CheckpointError: it is of another model or optimizer.
        """
        branches, best, diverged = self.branches + 1, self.best_accuracy, self.diverged
        self.load(state)
        self.branch = self.branches = branches
        self.best_accuracy, self.diverged = best, diverged
        self.evaluation_asked = False
        self.unsaved = True


def _check_groups(groups: Sequence[ParameterGroup], config: RunConfig, arm: Arm) -> None:
    """Raise `ConfigError` if the schedule changes a group that the arm does not have."""
    known = [group.name for group in groups]
    for change in config.schedule.changes:
        if change.arm == arm and change.group is not None and change.group not in known:
            raise ConfigError(
                "Unknown group",
                f"schedule.changes, after step {change.step}: {arm} has no group `{change.group}`; "
                f"use one of {', '.join(known)}",
            )
