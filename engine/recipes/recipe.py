"""What a recipe decides. An arm asks its recipe and knows none by name."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from engine.config import RunConfig
from engine.data.augment import BatchAugmentation, PictureAugmentation
from engine.models import Classifier
from engine.protocol import Arm


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """A named group of parameters as training starts with it."""

    name: str
    parameters: Sequence[nn.Parameter]
    base_lr: float
    "learning rate before the schedule's multiplier"
    frozen: bool = False
    "whether it is left as it is"


@dataclass(frozen=True, slots=True)
class TrainTransform:
    """How training pictures are augmented; without any augmentation they are prepared as test pictures are."""

    pictures: tuple[PictureAugmentation, ...] = ()
    "applied to each picture, in this order"
    batches: tuple[BatchAugmentation, ...] = ()
    "applied to each batch on the device, in this order"


class Training(Protocol):
    """What `after_step` may know of an arm."""

    step: int
    "updates done"

    @property
    def model(self) -> nn.Module:
        """The model after the update."""


class Recipe(ABC):
    """The decisions of a training method. There is one object for each arm."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    @abstractmethod
    def groups(self, built: Classifier, arm: Arm) -> Sequence[ParameterGroup]:
        """The parameter groups of an arm: every trainable parameter in exactly one, any number of groups."""

    @abstractmethod
    def schedule(self, steps: int) -> Callable[[int], float]:
        """The multiplier on each group's base rate, in 0..1, by update (from 0), for `steps` updates in all."""

    @property
    @abstractmethod
    def train_transform(self) -> TrainTransform:
        """How training pictures are augmented."""

    @abstractmethod
    def loss(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean loss, a scalar, of logits (N, classes).

        `targets` are labels, int64 (N), or probabilities, float32 (N, classes), where a batch augmentation made them.
        """

    def after_step(self, arm: Training) -> None:  # noqa: B027 - most recipes do nothing here
        """Do what follows each update, such as a moving average of the weights; nothing unless a recipe wants it."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep of it, as plain values and tensors; nothing unless a recipe wants it."""
        return {}

    def load(self, state: dict[str, Any]) -> None:  # noqa: B027 - most recipes keep nothing
        """Take back what `state` returned; nothing unless a recipe wants it."""
