"""The model as it is written: its weights, and what a reader must know of it."""

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import nn

from engine.data.pictures import Preparation
from engine.inference.trained import TrainedModel

FACTS = (*Preparation.__dataclass_fields__, "classes", "temperature")
"what every file must say of itself"
EXAMPLES = 2  # pictures in a batch that a model is traced with; of 1, tracers conclude that it is always 1


@dataclass(frozen=True, slots=True)
class Exported:
    """A model in evaluation mode on the CPU, float32, in torch's plain memory layout."""

    model: nn.Module
    name: str
    "`model.name` of the configuration"
    classes: Sequence[str]
    preparation: Preparation
    temperature: float
    half: bool
    "whether its weights are written as float16"

    @classmethod
    def of(cls, trained: TrainedModel, half: bool) -> Self:
        """A copy of a trained model that is on the CPU."""
        model = copy.deepcopy(trained.model).float().to(memory_format=torch.contiguous_format)
        name = trained.config.model.name
        return cls(model, name, trained.classes, trained.preparation, trained.temperature, half)

    @property
    def weights(self) -> str:
        """The type of its weights in the file."""
        return "float16" if self.half else "float32"

    def state(self) -> dict[str, torch.Tensor]:
        """The weights by name, as they are written."""
        return {
            key: value.half() if self.half and value.is_floating_point() else value
            for key, value in self.model.state_dict().items()
        }

    def program(self) -> nn.Module:
        """The model to trace: normalised pictures, float32 (N, 3, size, size), to logits, float32 (N, classes)."""
        return _Half(copy.deepcopy(self.model)).eval().requires_grad_(False) if self.half else self.model

    def example(self) -> torch.Tensor:
        """Pictures to trace the model with, float32 (2, 3, size, size)."""
        size = self.preparation.image_size
        return torch.randn(EXAMPLES, 3, size, size, generator=torch.Generator().manual_seed(0))

    def facts(self) -> dict[str, Any]:
        """What a reader must know: how pictures are prepared, the classes by index, and the temperature.

        Probabilities are the softmax of the logits divided by the temperature.
        """
        preparation = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self.preparation).items()}
        known = {"classes": list(self.classes), "temperature": self.temperature}
        return preparation | known | {"model": self.name, "weights": self.weights}

    def texts(self) -> dict[str, str]:
        """The same as a JSON text each, for formats whose metadata are texts."""
        return {key: json.dumps(value, ensure_ascii=False) for key, value in self.facts().items()}


class _Half(nn.Module):
    """A model that computes in float16; what goes in and comes out is float32."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model.half()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, float32 (N, classes)."""
        logits: torch.Tensor = self.model(images.half())
        return logits.float()
