"""The functions that a family of backbones must have."""

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
    "the place where the library stores it; it may not exist yet"
    classes: Sequence[str]
    "classes of the pretrained head, in the order of its rows; empty if they are unknown"
    description: str
    "text for users that says whose weights they are"
    accuracy: float | None = None
    "top-1 accuracy on ImageNet, in 0..1; `None` if the library does not say it"
    bytes: int | None = None
    "size of the file; `None` if the library does not say it"


class Family(Protocol):
    """The functions of a family. A new family is a module here and a row in `FAMILIES`.

    `name` is a model's name without the family. No function downloads anything.
    """

    def names(self) -> Sequence[str]:
        """All models of the family."""

    def build(self, name: str) -> nn.Module:
        """A model with random weights and its original head, so that the published weights fit."""

    def weights(self, name: str) -> PublishedWeights | None:
        """The published weights of a model; `None` if there are none."""

    def preparation(self, name: str) -> Preparation:
        """How pictures are prepared for the published weights."""

    def head(self, model: nn.Module) -> str:
        """Dotted name of the model's last layer.

        Raises:
            WeightsError: the layer cannot be found.
        """

    def stages(self, model: nn.Module) -> Mapping[str, Sequence[str]]:
        """The names of the parameters of each stage, from the input to the head: `stem`, `stage1` and so on.

        Every parameter outside the head is in exactly one stage.
        """
