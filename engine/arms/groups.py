"""The parameter groups of one arm: made by its recipe, kept by its optimizer."""

from collections.abc import Mapping
from typing import Any

import torch

from engine.arms.optimizer import (
    build_optimizer,
    check_scheduled_groups,
    freeze,
    groups_of,
    lay_out_like_parameters,
    move_optimizer,
    set_constants,
)
from engine.config import RunConfig
from engine.config.sections import OptimConfig
from engine.models import BuiltModel
from engine.protocol import Arm
from engine.recipes.recipe import ParameterGroup, Recipe
from engine.recipes.table import recipe_of


class Groups:
    """The groups with their rates, and which of them are trained."""

    def __init__(self, built: BuiltModel, recipe: Recipe, config: RunConfig, arm: Arm) -> None:
        """Build the optimizer. The parameters of `built` must be on their device.

        Raises:
            ConfigError: the schedule changes a group that the arm does not have.
        """
        self._built, self._recipe, self._arm = built, recipe, arm
        groups = recipe.groups(built, arm)
        check_scheduled_groups(groups, config, arm)
        self.optimizer = build_optimizer(groups, config.optim)
        self.first_frozen = [group.name for group in groups if group.frozen]
        "the names of the groups that are frozen from the first step on"

    @property
    def trained(self) -> frozenset[str]:
        """The names of the groups that are not frozen."""
        return frozenset(group["name"] for group in self.optimizer.param_groups if not group["frozen"])

    @property
    def rates(self) -> dict[str, float]:
        """The learning rate of each group in the last update."""
        return {group["name"]: group["lr"] for group in self.optimizer.param_groups}

    @property
    def rate_settings(self) -> Mapping[str, float]:
        """The settings that the base rates of the groups are proportional to, with their values."""
        return self._recipe.rate_settings(self._arm)

    def initial(self, config: RunConfig, arm: Arm | None = None) -> dict[str, ParameterGroup]:
        """The groups by name with which this arm (or `arm`) starts under a configuration."""
        return {group.name: group for group in recipe_of(config).groups(self._built, arm or self._arm)}

    def set_rate(self, name: str, base_lr: float, why: str) -> None:
        """Set the base rate of a group for the next updates."""
        for group in groups_of(self.optimizer, name):
            group.update(base_lr=base_lr, why=why)

    def set_frozen(self, name: str, frozen: bool) -> None:
        """Freeze a group for the next updates, or train it again."""
        for group in groups_of(self.optimizer, name):
            freeze(group, frozen)

    def set_constants(self, config: OptimConfig) -> None:
        """Set the momentum and the weight decay as in `config`."""
        set_constants(self.optimizer, config)

    def load(self, state: dict[str, Any]) -> None:
        """Restore the state of the optimizer, with the rates and what is frozen.

        Raises:
            ValueError: the state is of other groups.
        """
        self.optimizer.load_state_dict(state)
        lay_out_like_parameters(self.optimizer)
        for group in self.optimizer.param_groups:
            freeze(group, group["frozen"])

    def move(self, device: torch.device) -> None:
        """Move all tensors of the optimizer's state to `device`."""
        move_optimizer(self.optimizer, device)
