"""What a family of backbones is: a module with the functions that building a classifier needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import nn

from engine.data.pictures import Preparation


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """A file of pretrained weights that a library publishes."""

    url: str
    file: Path
    "where the library keeps it, whether it is there yet or not"
    classes: Sequence[str]
    "of its own head, in the order of its rows; empty if they are not known"
    description: str
    "for people: whose weights they are"


class Family(Protocol):
    """The functions of a family; a new one is a module here and a row in `FAMILIES`.

    A model's `name` is the one within the family. None of them downloads anything.
    """

    def names(self) -> Sequence[str]:
        """All models of the family."""

    def build(self, name: str) -> nn.Module:
        """A model with random weights and its own classifier, which the family's published weights fit."""

    def weights(self, name: str) -> PublishedWeights | None:
        """The published weights of a model; `None` if there are none."""

    def preparation(self, name: str) -> Preparation:
        """How pictures are prepared for the published weights."""

    def head(self, model: nn.Module) -> str:
        """Dotted name of the model's last layer.

        Raises:
            WeightsError: it cannot be found.
        """

    def stages(self, model: nn.Module) -> Mapping[str, Sequence[str]]:
        """The parts of the backbone from the picture to the head, `stem`, `stage1` and so on: the names of the
        parameters of each. Every parameter outside the head is in exactly one."""
