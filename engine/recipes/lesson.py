"""The lesson's recipe: a small rate for the pretrained layers, and ten times that rate for the new last layer.

Its rates, 5e-5 and 5e-4, are those of Dive into Deep Learning. The book sums the loss over a batch of 128 and has no
momentum: with a mean loss its rates would be 6.4e-3 and 6.4e-2. So this recipe learns slowly. `auto` is the recipe for
a good classifier.
"""

from collections.abc import Mapping, Sequence

from engine.models import BuiltModel
from engine.protocol import Arm
from engine.recipes.recipe import ParameterGroup, Recipe


class Lesson(Recipe):
    """Fine-tuning as in Dive into Deep Learning, section 14.2. From scratch, both groups have the same rate."""

    def groups(self, built: BuiltModel, arm: Arm) -> Sequence[ParameterGroup]:
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

    def rate_settings(self, arm: Arm) -> Mapping[str, float]:
        """The rates of both groups, which are one setting from scratch."""
        optim = self.config.optim
        if arm == "scratch":
            return {"optim.scratch_lr": optim.scratch_lr}
        return {"optim.groups.backbone.lr": optim.groups.backbone.lr, "optim.groups.head.lr": optim.groups.head.lr}
