"""The base class of recipes, and the objects that a recipe returns."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from engine.config import RunConfig
from engine.data.augment import BatchAugmentation, PictureAugmentation
from engine.data.augment.crop import random_resized_crop
from engine.data.augment.erasing import random_erasing
from engine.data.augment.flip import horizontal_flip
from engine.data.augment.mixing import cutmix, mixup, one_of
from engine.data.augment.trivial import trivial_augment
from engine.models import BuiltModel
from engine.protocol import Arm
from engine.recipes.schedule import multiplier


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """A named group of parameters at the start of training."""

    name: str
    parameters: Sequence[nn.Parameter]
    base_lr: float
    "learning rate before the schedule's multiplier"
    frozen: bool = False
    "whether the group is not trained"


@dataclass(frozen=True, slots=True)
class TrainTransform:
    """How training pictures are augmented. Without augmentation they are prepared like test pictures."""

    pictures: tuple[PictureAugmentation, ...] = ()
    "applied to each picture, in this order"
    batches: tuple[BatchAugmentation, ...] = ()
    "applied to each batch on the device, in this order"

    @property
    def is_empty(self) -> bool:
        """Whether the model sees the same of a picture in each epoch, so that its features can be cached."""
        return not self.pictures and not self.batches


class Training(Protocol):
    """The attributes of an arm that `after_step` may use."""

    step: int
    "number of updates so far"

    @property
    def model(self) -> nn.Module:
        """The model after the update."""


class Recipe(ABC):
    """The decisions of a training method. Each arm has its own object.

    A recipe must have `groups`; what it does not decide itself is as the settings of the configuration say.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    @abstractmethod
    def groups(self, built: BuiltModel, arm: Arm) -> Sequence[ParameterGroup]:
        """The parameter groups of an arm, in any number. Every trainable parameter is in exactly one group."""

    def rate_settings(self, arm: Arm) -> Mapping[str, float]:
        """The settings that the base rates are proportional to, with their values.

        If all of them are multiplied by a number, so is the base rate of every group. Empty: there are none.
        """
        return {}

    def schedule(self, steps: int) -> Callable[[int], float]:
        """A function from the update (counted from 0) to the multiplier of base rates, in 0..1, for `steps` updates.

        By default the schedule of the configuration (`schedule.name`).
        """
        return partial(multiplier, total=steps, config=self.config.schedule)

    @property
    def train_transform(self) -> TrainTransform:
        """How training pictures are augmented.

        By default a random resized crop and a horizontal flip, unless `data.augment` is false, and the augmentations
        that the configuration asks for.
        """
        data, train = self.config.data, self.config.train
        pictures: list[PictureAugmentation] = []
        if data.augment:
            pictures += [partial(random_resized_crop, smallest=data.crop_scale), horizontal_flip]
        if data.trivial_augment:
            pictures.append(trivial_augment)
        if data.erasing:
            pictures.append(partial(random_erasing, probability=data.erasing))
        mixing: list[BatchAugmentation] = []
        if train.mixup:
            mixing.append(partial(mixup, alpha=train.mixup))
        if train.cutmix:
            mixing.append(partial(cutmix, alpha=train.cutmix))
        return TrainTransform(tuple(pictures), tuple(mixing) if len(mixing) < 2 else (one_of(*mixing),))

    def loss(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean loss, a scalar, of logits (N, classes). By default cross entropy, with `train.label_smoothing`.

        `targets` are labels, int64 (N), or probabilities, float32 (N, classes), if there is a batch augmentation.
        """
        return cross_entropy(logits, targets, label_smoothing=self.config.train.label_smoothing)

    def after_step(self, arm: Training) -> None:  # noqa: B027 - most recipes do nothing here
        """Called after each update, for example for a moving average of the weights. Does nothing by default."""

    def state(self) -> dict[str, Any]:
        """The state for a checkpoint, as plain values and tensors. Empty by default."""
        return {}

    def load(self, state: dict[str, Any]) -> None:  # noqa: B027 - most recipes keep nothing
        """Restore what `state` returned. Does nothing by default."""
