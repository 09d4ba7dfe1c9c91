"""The optimizer and its named parameter groups."""

import torch
from torch import nn

from engine.config import OptimConfig
from engine.protocol import Arm, Group


def build_optimizer(model: nn.Module, head: str, config: OptimConfig, arm: Arm) -> torch.optim.Optimizer:
    """SGD or AdamW over the groups `backbone` and `head`, every trainable parameter in exactly one.

    Each group carries its `name` and `base_lr`; its `lr` is `base_lr` times the schedule's multiplier, or 0 where
    the group is `frozen`.
    """
    frozen = is_frozen(config, arm)
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    parts = {
        "backbone": [parameter for name, parameter in named if not name.startswith(f"{head}.")],
        "head": [parameter for name, parameter in named if name.startswith(f"{head}.")],
    }
    assert sum(len(part) for part in parts.values()) == len(named)
    pretrained = {"backbone": config.groups.backbone.lr, "head": config.groups.head.lr}
    groups = [
        {"params": part, "name": name, "base_lr": rate, "lr": rate}
        for name, part in parts.items()
        for rate in [pretrained[name] if arm == "pretrained" else config.scratch_lr]
    ]
    for parameter in parts["backbone"]:
        parameter.requires_grad_(not frozen)
    if config.name == "adamw":
        betas = (config.momentum, 0.999)
        return torch.optim.AdamW(groups, betas=betas, weight_decay=config.weight_decay, fused=True)
    return torch.optim.SGD(groups, lr=1.0, momentum=config.momentum, weight_decay=config.weight_decay, fused=True)


def is_frozen(config: OptimConfig, arm: Arm) -> bool:
    """Whether an arm trains its last layer alone."""
    return arm == "pretrained" and config.groups.backbone.frozen


def lay_out_like_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Give each loaded tensor the memory layout of its parameter: fused optimizers go through both side by side."""
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(value)


def describe_groups(optimizer: torch.optim.Optimizer) -> tuple[Group, ...]:
    """Name, number of trainable scalars and base rate of each group."""
    return tuple(
        Group(
            group["name"],
            sum(parameter.numel() for parameter in group["params"] if parameter.requires_grad),
            group["base_lr"],
        )
        for group in optimizer.param_groups
    )


def apply_schedule(optimizer: torch.optim.Optimizer, multiplier: float) -> dict[str, float]:
    """Set each group's rate for the next update; the rates by name."""
    for group in optimizer.param_groups:
        frozen = not group["params"][0].requires_grad
        group["lr"] = 0.0 if frozen else group["base_lr"] * multiplier
    return {group["name"]: group["lr"] for group in optimizer.param_groups}


def set_base_rate(optimizer: torch.optim.Optimizer, name: str, base_lr: float) -> None:
    """Give the group of that name another base rate, which the schedule multiplies from the next update on."""
    (group,) = (group for group in optimizer.param_groups if group["name"] == name)
    group["base_lr"] = base_lr
