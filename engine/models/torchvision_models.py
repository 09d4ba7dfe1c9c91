"""torchvision's classification models: the family of names without a prefix."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from engine.data.pictures import Preparation
from engine.models.family import PublishedWeights
from engine.models.head import find_head
from engine.models.stages import find_stages
from engine.models.weights import as_preparation


def names() -> Sequence[str]:
    """All of torchvision's classification models."""
    known: list[str] = torchvision.models.list_models(module=torchvision.models)
    return known


def build(name: str) -> nn.Module:
    """The model with random weights. torchvision's weights fit it, except those of auxiliary classifiers."""
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        # Their auxiliary classifiers are not used here. Their weights need another normalisation than their metadata
        # says; with `transform_input` the model itself changes it.
        options = {"aux_logits": False, "init_weights": True, "transform_input": True}
    elif name.startswith("vit_"):
        # The position embedding has one entry per patch, so the weights fit only one picture size.
        options = {"image_size": preparation(name).image_size}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model


def weights(name: str) -> PublishedWeights | None:
    """torchvision's default weights, in the file where torchvision stores them."""
    default = _default(name)
    if default is None:
        return None
    url = str(default.url)
    file = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    measured = default.meta["_metrics"].get("ImageNet-1K", {}).get("acc@1")
    accuracy = None if measured is None else measured / 100
    size = round(default.meta["_file_size"] * 2**20)
    return PublishedWeights(url, file, default.meta["categories"], "torchvision's default weights", accuracy, size)


def preparation(name: str) -> Preparation:
    """The preparation in the metadata of the default weights; ImageNet's for a model without weights."""
    default = _default(name)
    if default is None:
        return Preparation()
    preset = default.transforms()
    return as_preparation(
        {
            "image_size": preset.crop_size[0],
            "resize_size": preset.resize_size[0],
            "mean": preset.mean,
            "std": preset.std,
            "interpolation": preset.interpolation.value,
        }
    )


def head(model: nn.Module) -> str:
    """Dotted name of the last layer."""
    return find_head(model)


def stages(model: nn.Module) -> Mapping[str, Sequence[str]]:
    """The stages of the backbone; see `stages.find_stages`."""
    return find_stages(model, find_head(model))


def _default(name: str) -> Any:  # noqa: ANN401 - a member of one of torchvision's many enums
    return getattr(torchvision.models.get_model_weights(name), "DEFAULT", None)
