"""The optimizer and its named parameter groups."""

from collections.abc import Sequence
from typing import Any

import torch

from engine.config.sections import OptimConfig
from engine.protocol import Group
from engine.protocol.sentences import CONFIGURATION
from engine.recipes import ParameterGroup


def build_optimizer(groups: Sequence[ParameterGroup], config: OptimConfig) -> torch.optim.Optimizer:
    """SGD or AdamW over named groups.

    Each group of the optimizer carries its `name` and `base_lr`, where that comes from (`why`) and whether it is
    `frozen`; its `lr` is `base_lr` times the schedule's multiplier, or 0 if it is frozen.
    """
    made = [
        {
            "params": list(group.parameters),
            "name": group.name,
            "base_lr": group.base_lr,
            "lr": group.base_lr,
            "why": CONFIGURATION,
            "frozen": False,
        }
        for group in groups
    ]
    for group, wanted in zip(made, groups, strict=True):
        freeze(group, wanted.frozen)
    if config.name == "adamw":
        betas = (config.momentum, 0.999)
        return torch.optim.AdamW(made, betas=betas, weight_decay=config.weight_decay, fused=True)
    return torch.optim.SGD(made, lr=1.0, momentum=config.momentum, weight_decay=config.weight_decay, fused=True)


def lay_out_like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give each loaded tensor the memory layout of its parameter: fused optimizers go through both side by side."""
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(value)


def describe_groups(optimizer: torch.optim.Optimizer) -> tuple[Group, ...]:
    """Name, number of scalars, base rate and where it comes from, and whether it is frozen, of each group."""
    return tuple(
        Group(
            group["name"],
            sum(parameter.numel() for parameter in group["params"]),
            group["base_lr"],
            group["frozen"],
            group["why"],
        )
        for group in optimizer.param_groups
    )


def apply_schedule(optimizer: torch.optim.Optimizer, multiplier: float) -> dict[str, float]:
    """Set each group's rate for the next update; the rates by name."""
    for group in optimizer.param_groups:
        group["lr"] = 0.0 if group["frozen"] else group["base_lr"] * multiplier
    return {group["name"]: group["lr"] for group in optimizer.param_groups}


def group_of(optimizer: torch.optim.Optimizer, name: str) -> dict[str, Any]:
    """The group of that name."""
    (group,) = (group for group in optimizer.param_groups if group["name"] == name)
    return group


def freeze(group: dict[str, Any], frozen: bool) -> None:
    """Leave the parameters of a group as they are, without gradients, or train them again."""
    group["frozen"] = frozen
    for parameter in group["params"]:
        parameter.requires_grad_(not frozen)
        parameter.grad = None


def set_constants(optimizer: torch.optim.Optimizer, config: OptimConfig) -> None:
    """Give all groups the momentum and the weight decay of a configuration."""
    for group in optimizer.param_groups:
        group["weight_decay"] = config.weight_decay
        if "betas" in group:
            group["betas"] = (config.momentum, group["betas"][1])
        else:
            group["momentum"] = config.momentum
