"""One update of an arm: gradients, their scale and check, and the step of the optimizer."""

import random
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from engine.arms.features import FeatureBatch
from engine.arms.gradients import add_gradients
from engine.arms.movement import Movement, is_measured
from engine.arms.network import Network
from engine.arms.optimizer import apply_schedule
from engine.arms.setup import Setup
from engine.arms.stopwatch import Stopwatch
from engine.data.batches import Batch
from engine.hardware.device import seed_random
from engine.recipes.recipe import Recipe


class Updater:
    """Makes updates, and skips those whose loss or gradient is not finite."""

    def __init__(self, network: Network, recipe: Recipe, optimizer: torch.optim.Optimizer, setup: Setup) -> None:
        self._network = network
        self._recipe = recipe
        self._optimizer = optimizer
        self._seed = setup.config.seed
        self._clip = setup.config.train.clip
        self._device = setup.device
        self._processes = setup.processes
        # Small gradients become 0 in float16 unless they are scaled. bfloat16 has the range of float32.
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=network.precision == "float16")
        # Becomes 1 at the first loss or gradient that is not finite, and stays 1.
        self._nonfinite_found = torch.zeros((), device=self._device)

    @property
    def scales_gradients(self) -> bool:
        """Whether gradients are scaled. A scaled gradient may overflow now and then; that is no failure."""
        return self._scaler.is_enabled()

    def update(
        self,
        batch: Batch | FeatureBatch,
        step: int,
        total_steps: int,
        pieces: int,
        multiplier: float | None = None,
        *,
        observe: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None] = lambda logits, labels, targets: None,
    ) -> tuple[torch.Tensor, dict[str, float], Stopwatch]:
        """Make update number `step`, from 0, in `pieces` micro-batches; see `TrainedArm.update` and `add_gradients`."""
        # Dropout depends only on (seed, step), so a resumed run repeats it exactly.
        rank = f"/{self._processes.rank}" if self._processes.rank else ""
        seed = f"{self._seed}/step/{step}{rank}"
        seed_random(random.Random(seed).getrandbits(62), self._device)
        if multiplier is None:
            multiplier = self._recipe.schedule(total_steps)(step)
        rates = apply_schedule(self._optimizer, multiplier)
        self._optimizer.zero_grad()
        loss, right = add_gradients(
            self._network,
            self._recipe,
            batch,
            pieces=pieces,
            scale=lambda mean: self._scaler.scale(mean * (batch.weight * self._processes.size)),
            rng=random.Random(f"{seed}/augment"),
            observe=observe,
        )
        stopwatch = Stopwatch(self._device)
        self._scaler.unscale_(self._optimizer)
        norm = get_total_norm(self.gradients())
        if self._clip is not None:
            trained = [parameter for group in self._optimizer.param_groups for parameter in group["params"]]
            clip_grads_with_norm_(trained, self._clip, norm)
        if not self._scaler.is_enabled():  # an enabled scaler sets `found_inf` itself
            self._nonfinite_found = torch.maximum(self._nonfinite_found, (~(loss + norm).isfinite()).float())
            self._optimizer.found_inf = self._nonfinite_found  # type: ignore[attr-defined]
        figures = torch.stack((loss * batch.weight, right * (batch.weight > 0), norm / self._processes.size))
        before = Movement(self._optimizer.param_groups) if is_measured(step + 1) else None
        self._scaler.step(self._optimizer)
        self._scaler.update()
        stopwatch.stop()
        if before is not None:
            figures = torch.cat((figures, before.ratios() / self._processes.size))
        return figures, rates, stopwatch

    def gradients(self) -> list[torch.Tensor]:
        """The gradients of all parameters that have one."""
        groups = self._optimizer.param_groups
        return [parameter.grad for group in groups for parameter in group["params"] if parameter.grad is not None]

    def state(self) -> dict[str, Any]:
        """The state of the gradient scaler, for a checkpoint; empty if gradients are not scaled."""
        return self._scaler.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned. An empty state was saved with another precision and is ignored."""
        if self._scaler.is_enabled() and state:
            self._scaler.load_state_dict(state)
        self._nonfinite_found = torch.zeros_like(self._nonfinite_found)
