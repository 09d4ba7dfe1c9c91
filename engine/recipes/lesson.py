"""The lesson's recipe: a small rate for the pretrained layers, and ten times that rate for the new last layer."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from engine.data.augment import PICTURE
from engine.models import Classifier
from engine.protocol import Arm
from engine.recipes.recipe import ParameterGroup, Recipe, TrainTransform
from engine.recipes.schedule import multiplier


class Lesson(Recipe):
    """Fine-tuning as in Dive into Deep Learning, section 14.2. From scratch, both groups have the same rate."""

    def groups(self, built: Classifier, arm: Arm) -> Sequence[ParameterGroup]:
        """`backbone`: all parameters outside the last layer. `head`: those of the last layer."""
        optim = self.config.optim
        named = [(name, value) for name, value in built.model.named_parameters() if value.requires_grad]
        inside = f"{built.head}."
        backbone = [value for name, value in named if not name.startswith(inside)]
        head = [value for name, value in named if name.startswith(inside)]
        if arm == "scratch":
            rate = optim.scratch_lr
            return [ParameterGroup("backbone", backbone, rate), ParameterGroup("head", head, rate)]
        return [
            ParameterGroup("backbone", backbone, optim.groups.backbone.lr, optim.groups.backbone.frozen),
            ParameterGroup("head", head, optim.groups.head.lr),
        ]

    def schedule(self, steps: int) -> Callable[[int], float]:
        """The schedule of the configuration (`schedule.name`)."""
        return partial(multiplier, total=steps, config=self.config.schedule)

    @property
    def train_transform(self) -> TrainTransform:
        """A random resized crop and a horizontal flip, unless `data.augment` is false."""
        if not self.config.data.augment:
            return TrainTransform()
        return TrainTransform((PICTURE["random_resized_crop"], PICTURE["horizontal_flip"]))

    def loss(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross entropy."""
        return cross_entropy(logits, targets)
