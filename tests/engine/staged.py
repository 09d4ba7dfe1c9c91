"""A network small enough for its checkpoints to be kept among the tests, and the family of backbones that has it."""

from types import SimpleNamespace

import torch
from torch import nn

from engine.data.pictures import Preparation

PARTS = ("stem", "layer1")


class Tiny(nn.Module):
    """A network with a stem, a stage and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU())
        self.layer1 = nn.Sequential(nn.Conv2d(4, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU())
        self.fc = nn.Linear(8, 5)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.fc(self.layer1(self.stem(pictures)).mean((2, 3)))


def stages(model: nn.Module) -> dict[str, list[str]]:
    return {part: [name for name, _ in model.named_parameters() if name.startswith(part)] for part in PARTS}


def family(name: str) -> SimpleNamespace:
    """A family with one model of that name."""
    return SimpleNamespace(
        names=lambda: [name],
        build=lambda name: Tiny(),
        weights=lambda name: None,
        preparation=lambda name: Preparation(32, 36),
        head=lambda model: "fc",
        stages=stages,
    )
