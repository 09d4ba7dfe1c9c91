"""Build a torchvision classification model for a number of classes."""

import difflib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from engine.config import ModelConfig
from engine.data.pictures import Preparation
from engine.errors import EngineError, WeightsError
from engine.models.head import find_head, replace_head
from engine.models.weights import DEMO_WEIGHTS, load_backbone, read_preparation, read_weights
from engine.protocol import Arm

# Their second classifiers during training are not part of the recipe.
_WITHOUT_AUXILIARY: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False},
    "inception_v3": {"aux_logits": False},
}


@dataclass(frozen=True, slots=True)
class Classifier:
    """A model, the dotted name of its last layer, and where its weights come from in words."""

    model: nn.Module
    head: str
    init: str


def preparation(config: ModelConfig, image_size: int | None) -> Preparation:
    """How pictures are prepared: as the weights' own metadata says, else ImageNet's way; downloads nothing."""
    _check_name(config.name)
    file = _file(config)
    prepared = read_preparation(file) if file is not None else _torchvision_preparation(config.name)
    return prepared if image_size is None else prepared.at_size(image_size)


def build(config: ModelConfig, classes: int, arm: Arm, seed: int) -> Classifier:
    """The model of an arm on the CPU: pretrained or random weights, and a new head, the same for both arms.

    Raises:
        WeightsError: unknown model, or weights that are missing or do not fit.
        EngineError: the weights could not be downloaded.
    """
    _check_name(config.name)
    file = _file(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.Random(f"{seed}/backbone").getrandbits(62))
        if arm == "pretrained" and file is None:
            model, init = _download(config.name), "torchvision's default weights"
        else:
            model, init = _random(config.name), "random weights"
        head = find_head(model)
        if arm == "pretrained" and file is not None:
            init = f"weights of {file}" if config.weights != "demo" else "the demo's own weights"
            load_backbone(model, head, read_weights(file), str(file))
        torch.manual_seed(random.Random(f"{seed}/head").getrandbits(62))
        replace_head(model, head, classes)
    return Classifier(model, head, init)


def _file(config: ModelConfig) -> Path | None:
    if config.weights == "demo":
        return DEMO_WEIGHTS
    return None if config.weights == "default" else Path(config.weights)


def _check_name(name: str) -> None:
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(known)}"
        raise WeightsError("Unknown model", f"model.name `{name}` is no torchvision classification model; {hint}")


def _random(name: str) -> nn.Module:
    model: nn.Module = torchvision.models.get_model(
        name,
        weights=None,
        **({"init_weights": True} if name in _WITHOUT_AUXILIARY else {}),
        **_WITHOUT_AUXILIARY.get(name, {}),
    )
    return model


def _download(name: str) -> nn.Module:
    weights = _default_weights(name)
    if weights is None:
        raise WeightsError(
            "No pretrained weights",
            f"torchvision has none for {name}; set model.weights to a file, or train from scratch with init: scratch",
        )
    try:
        model: nn.Module = torchvision.models.get_model(
            name, weights=weights, progress=False, **_WITHOUT_AUXILIARY.get(name, {})
        )
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "reason", None) or error
        raise EngineError(
            "Weights not downloaded",
            f"{weights.url}: {reason}; check the connection, or fetch the file elsewhere and set model.weights to it",
        ) from None
    return model


def _default_weights(name: str) -> Any:  # noqa: ANN401 - a member of one of torchvision's many enums
    return getattr(torchvision.models.get_model_weights(name), "DEFAULT", None)


def _torchvision_preparation(name: str) -> Preparation:
    weights = _default_weights(name)
    if weights is None:
        return Preparation()
    preset = weights.transforms()
    return Preparation(
        image_size=preset.crop_size[0],
        resize_size=preset.resize_size[0],
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        interpolation=preset.interpolation.value,
    )
