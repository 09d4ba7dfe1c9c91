"""The optimizer and its named parameter groups."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from engine.config import RunConfig
from engine.config.sections import OptimConfig
from engine.errors import ConfigError
from engine.protocol import Arm, Group
from engine.protocol.sentences import CONFIGURATION
from engine.recipes.recipe import ParameterGroup


def build_optimizer(groups: Sequence[ParameterGroup], config: OptimConfig) -> torch.optim.Optimizer:
    """SGD or AdamW over named groups.

    Each group has a `name`, a `base_lr`, the origin of that rate (`why`) and a flag `frozen`. Its `lr` is `base_lr`
    times the schedule's multiplier, or 0 if the group is frozen. A group whose norms and biases have no weight decay is
    two groups of torch with the same name; the second one has `decays` false.
    """
    made = []
    for group in groups:
        for decays, parameters in _by_decay(group.parameters, config.decay_norms):
            made.append(
                {
                    "params": parameters,
                    "name": group.name,
                    "base_lr": group.base_lr,
                    "lr": group.base_lr,
                    "why": CONFIGURATION,
                    "frozen": False,
                    "weight_decay": config.weight_decay if decays else 0.0,
                    "decays": decays,
                }
            )
            freeze(made[-1], group.frozen)
    if config.name == "adamw":
        betas = (config.momentum, 0.999)
        return torch.optim.AdamW(made, betas=betas, fused=True)
    return torch.optim.SGD(made, lr=1.0, momentum=config.momentum, fused=True)


def _by_decay(parameters: Sequence[nn.Parameter], decay_norms: bool) -> Iterator[tuple[bool, list[nn.Parameter]]]:
    """The parameters with and without weight decay. Norms and biases are those with a single dimension."""
    if decay_norms:
        yield True, list(parameters)
        return
    for decays in (True, False):
        if part := [parameter for parameter in parameters if (parameter.dim() > 1) is decays]:
            yield decays, part


def lay_out_like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give each loaded tensor the memory layout of its parameter: fused optimizers need the same layout in both."""
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(value)


def move_optimizer(optimizer: torch.optim.Optimizer, device: torch.device) -> None:
    """Move all tensors of the optimizer's state to `device`."""
    for state in optimizer.state.values():
        for key, value in state.items():
            if isinstance(value, torch.Tensor):
                state[key] = value.to(device)


def describe_groups(optimizer: torch.optim.Optimizer) -> tuple[Group, ...]:
    """Each group's name, number of scalars, base rate, the origin of that rate, and whether it is frozen."""
    groups: dict[str, Group] = {}
    for group in optimizer.param_groups:
        name, scalars = group["name"], sum(parameter.numel() for parameter in group["params"])
        before = groups[name].parameters if name in groups else 0
        groups[name] = Group(name, before + scalars, group["base_lr"], group["frozen"], group["why"])
    return tuple(groups.values())


def largest_group(optimizer: torch.optim.Optimizer) -> Group:
    """The trained group with the largest base rate; the last one of several."""
    trained = [group for group in describe_groups(optimizer) if not group.frozen]
    return max(reversed(trained), key=lambda group: group.base_lr)


def apply_schedule(optimizer: torch.optim.Optimizer, multiplier: float) -> dict[str, float]:
    """Set each group's rate for the next update. Returns the rates by group."""
    for group in optimizer.param_groups:
        group["lr"] = 0.0 if group["frozen"] else group["base_lr"] * multiplier
    return {group["name"]: group["lr"] for group in optimizer.param_groups}


def groups_of(optimizer: torch.optim.Optimizer, name: str) -> list[dict[str, Any]]:
    """The groups of torch with this name, which have the same rate: one or two."""
    return [group for group in optimizer.param_groups if group["name"] == name]


def freeze(group: dict[str, Any], frozen: bool) -> None:
    """Freeze a group, whose parameters then get no gradients, or train it again."""
    group["frozen"] = frozen
    for parameter in group["params"]:
        parameter.requires_grad_(not frozen)
        parameter.grad = None


def set_constants(optimizer: torch.optim.Optimizer, config: OptimConfig) -> None:
    """Set the momentum and the weight decay of all groups as in a configuration."""
    for group in optimizer.param_groups:
        # Checkpoints of older versions have no `decays`.
        group["weight_decay"] = config.weight_decay if group.get("decays", True) else 0.0
        if "betas" in group:
            group["betas"] = (config.momentum, group["betas"][1])
        else:
            group["momentum"] = config.momentum


def check_scheduled_groups(groups: Sequence[ParameterGroup], config: RunConfig, arm: Arm) -> None:
    """Raise `ConfigError` if the schedule changes a group that the arm does not have."""
    known = [group.name for group in groups]
    for change in config.schedule.changes:
        if change.arm == arm and change.group is not None and change.group not in known:
            raise ConfigError(
                "Unknown group",
                f"schedule.changes, after step {change.step}: {arm} has no group `{change.group}`; "
                f"use one of {', '.join(known)}",
            )
