"""The recipe for a good classifier in little time: a fitted head, then gentle training of all stages.

The head is fitted before the backbone changes, so that the first steps do not distort pretrained features: Kumar et
al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution" (2022), arXiv 2202.10054.
`choices` has the values of the settings.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from engine.models import BuiltModel
from engine.protocol import Arm
from engine.recipes.recipe import ParameterGroup, Recipe

MAX_STAGES = 4  # groups of the backbone beside the stem; a backbone with more stages has several in a group


class Auto(Recipe):
    """Stages are groups of their own: `stem`, `stage1` and so on, and `head`. From scratch, all have the same rate."""

    def groups(self, built: BuiltModel, arm: Arm) -> Sequence[ParameterGroup]:
        """The rate of a group is `optim.layer_decay` times that of the next one; the head has `optim.lr`."""
        optim = self.config.optim
        parameters = dict(built.model.named_parameters())
        stem, *rest = built.stages.values()
        named = {"stem": list(stem)} | {f"stage{number}": names for number, names in enumerate(_merged(rest), 1)}
        frozen = arm == "pretrained" and optim.groups.backbone.frozen
        groups = []
        for depth, (name, names) in enumerate(named.items()):
            rate = optim.lr * optim.layer_decay ** (len(named) - 1 - depth) if arm == "pretrained" else optim.scratch_lr
            groups.append(ParameterGroup(name, [parameters[key] for key in names], rate, frozen))
        inside = f"{built.head}."
        head = [value for key, value in parameters.items() if key.startswith(inside)]
        groups.append(ParameterGroup("head", head, optim.lr if arm == "pretrained" else optim.scratch_lr))
        return [group for group in groups if group.parameters]

    def rate_settings(self, arm: Arm) -> Mapping[str, float]:
        """The rate of the head, or that of all groups."""
        optim = self.config.optim
        return {"optim.lr": optim.lr} if arm == "pretrained" else {"optim.scratch_lr": optim.scratch_lr}


def _merged(stages: Sequence[Sequence[str]]) -> list[list[str]]:
    """The names of at most `MAX_STAGES` groups of neighbouring stages, about as many in each."""
    count = min(MAX_STAGES, len(stages))
    bounds = [round(number * len(stages) / count) for number in range(count + 1)] if count else []
    return [[name for stage in stages[begin:end] for name in stage] for begin, end in pairwise(bounds)]
