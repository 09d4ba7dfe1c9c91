"""A family of backbones as small as they can be, in this process and in those that are forked for the tests.

`test/plain` has, like SqueezeNet, dropout, a 1x1 convolution for a head, and no batch norm; `test/norm` has, like
ResNet, batch norm, a linear head, and no dropout. A step takes a tenth of the time of theirs.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

from engine.data.pictures import Preparation
from engine.models.families import FAMILIES
from engine.models.head import find_head
from engine.models.stages import find_stages

PLAIN, NORM = "test/plain", "test/norm"


class Plain(nn.Module):
    """Three convolutions, dropout, and a fourth convolution for the head.

    A learning rate that is far too high makes the loss infinite at once, as in a deep network.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.LeakyReLU(0.1, inplace=True)),
            *(nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.1, inplace=True)),
            *(nn.Conv2d(16, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.1, inplace=True)),
        )
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(16, classes, 1), nn.AdaptiveAvgPool2d(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of a batch of pictures."""
        return torch.flatten(self.classifier(self.features(images)), 1).sinh()


class Norm(nn.Module):
    """Two convolutions with batch norm, and a linear layer."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(
            nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)
        )
        self.fc = nn.Linear(16, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of a batch of pictures."""
        features: torch.Tensor = self.layer1(torch.relu(self.bn1(self.conv1(images))))
        logits: torch.Tensor = self.fc(features.mean((2, 3)))
        return logits


# --- the functions of the family ------------------------------------------------------------------------

_MODELS: dict[str, Callable[[int], nn.Module]] = {"plain": Plain, "norm": Norm}


def names() -> Sequence[str]:
    """Both."""
    return list(_MODELS)


def build(name: str) -> nn.Module:
    """One of a thousand classes, with random weights."""
    return _MODELS[name](1000)


def weights(name: str) -> None:
    """Nobody publishes any."""


def preparation(name: str) -> Preparation:
    """ImageNet's."""
    return Preparation()


def head(model: nn.Module) -> str:
    """Dotted name of the last layer."""
    return find_head(model)


def stages(model: nn.Module) -> Mapping[str, Sequence[str]]:
    """The parts of the backbone."""
    return find_stages(model, find_head(model))


FAMILIES["test"] = sys.modules[__name__]
