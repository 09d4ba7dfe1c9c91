"""What is known of a model before it is used: its size, its weights, and whether they are on this machine."""

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from engine.errors import WeightsError
from engine.models.families import FAMILIES, OWN

WeightsState = Literal["here", "to download", "none"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model by its name, as `--model` takes it."""

    name: str
    parameters: int | None
    "with its own head; `None` if it cannot be built without memory for its weights"
    image_size: int | None
    "side of the pictures that it was trained with, in pixels; `None` if they are not square pictures in colour"
    accuracy: float | None
    "top-1 accuracy of its weights on ImageNet, in 0..1, if the library says it"
    weights: WeightsState
    "whether its published weights are on this machine"


def matching_names(pattern: str) -> Iterator[str]:
    """The names of models that have `pattern` in them or, if it has `*` or `?`, match it. Case does not count.

    Raises:
        WeightsError: the library of a family is not installed; the names of the other families have come before.
    """
    wanted = pattern.lower() if any(sign in pattern for sign in "*?[") else f"*{pattern.lower()}*"
    for label, family in FAMILIES.items():
        for name in family.names():
            whole = name if label == OWN else f"{label}/{name}"
            if fnmatch.fnmatchcase(whole.lower(), wanted):
                yield whole


def facts_of(whole: str) -> ModelFacts:
    """What is known of a model. Nothing is downloaded.

    Args:
        whole: one of `matching_names`.
    """
    prefix, slash, rest = whole.partition("/")
    family, name = (FAMILIES[prefix], rest) if slash else (FAMILIES[OWN], whole)
    published = family.weights(name)
    try:
        size = family.preparation(name).image_size
    except WeightsError:
        size = None
    try:
        with torch.device("meta"):
            parameters = sum(parameter.numel() for parameter in family.build(name).parameters())
    except Exception:  # a few models compute with their weights while they are built
        parameters = None
    return ModelFacts(
        whole,
        parameters,
        size,
        None if published is None else published.accuracy,
        "none" if published is None else "here" if published.file.exists() else "to download",
    )
