"""Build a torchvision classification model for a number of classes."""

import difflib
import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from engine.config.sections import ModelConfig
from engine.data.pictures import Preparation
from engine.errors import WeightsError
from engine.models.head import find_head, replace_head
from engine.models.warm_start import copy_rows, listed
from engine.models.weights import (
    DEMO_WEIGHTS,
    as_preparation,
    fetch_published,
    load_backbone,
    published_file,
    read_classes,
    read_preparation,
    read_weights,
)
from engine.protocol import Arm, Loading


@dataclass(frozen=True, slots=True)
class Classifier:
    """A model, the dotted name of its last layer, and where its weights come from in words."""

    model: nn.Module
    head: str
    init: str


def preparation(config: ModelConfig, image_size: int | None) -> Preparation:
    """How pictures are prepared: as the weights' own metadata says, else ImageNet's way; downloads nothing.

    Raises:
        WeightsError: unknown model, unreadable weights, or a model that cannot take pictures of `image_size`.
    """
    _check_name(config.name)
    file = _file(config)
    prepared = read_preparation(file) if file is not None else _torchvision_preparation(config.name)
    if image_size is None or image_size == prepared.image_size:
        return prepared
    _check_size(config.name, image_size)
    return prepared.at_size(image_size)


def fetch(config: ModelConfig, arm: Arm) -> Generator[Loading, None, None]:
    """Download the weights that an arm starts with, if it starts with torchvision's and they are not there yet.

    Raises:
        WeightsError: unknown model, or one that torchvision has no weights for.
        EngineError: the weights could not be downloaded.
    """
    _check_name(config.name)
    if arm == "pretrained" and _file(config) is None:
        yield from fetch_published(_default_weights(config.name), config.name)


def build(config: ModelConfig, classes: Sequence[str], arm: Arm, seed: int) -> Classifier:
    """The model of an arm on the CPU: pretrained or random weights, and a new head of a row a class.

    The head is the same for both arms, but for what the pretrained one's takes from the pretrained classifier.

    Downloads nothing: `fetch` comes before.

    Raises:
        WeightsError: unknown model, or weights that are missing or do not fit, or have none of the classes whose
            rows are wanted.
    """
    _check_name(config.name)
    init, weights, source = "random weights", None, ""
    if arm == "pretrained":
        file = _file(config)
        if file is None:
            file, init = published_file(_default_weights(config.name), config.name), "torchvision's default weights"
        else:
            init = "the demo's own weights" if config.weights == "demo" else f"weights of {file}"
        weights, source = read_weights(file), str(file)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.Random(f"{seed}/backbone").getrandbits(62))
        model = _random(config.name)
        head = find_head(model)
        if weights is not None:
            load_backbone(model, head, weights, source)
        torch.manual_seed(random.Random(f"{seed}/head").getrandbits(62))
        replace_head(model, head, len(classes))
        if weights is not None and config.head == "pretrained":
            known = _pretrained_classes(config)
            taken = copy_rows(model, head, classes, weights, known=known, source=source)
            init += f"; the head's rows of {listed(taken)} are the pretrained classifier's"
    return Classifier(model, head, init)


def _file(config: ModelConfig) -> Path | None:
    if config.weights == "demo":
        return DEMO_WEIGHTS
    return None if config.weights == "default" else Path(config.weights)


def _pretrained_classes(config: ModelConfig) -> Sequence[str]:
    """The classes of the pretrained weights' own head, in the order of its rows."""
    file = _file(config)
    return _default_weights(config.name).meta["categories"] if file is None else read_classes(file)


def _check_name(name: str) -> None:
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "use resnet18, mobilenet_v3_small or the like"
        raise WeightsError("Unknown model", f"model.name `{name}` is no torchvision classification model; {hint}")


def _check_size(name: str, size: int) -> None:
    """Raise `WeightsError` where the model cannot take pictures of this size."""
    if name.startswith("regnet"):
        return  # takes any, and is the one family that cannot be built without memory for its weights
    with torch.device("meta"):
        model = _random(name)
        try:
            model(torch.empty(2, 3, size, size))
        except (RuntimeError, AssertionError, ValueError) as error:
            raise WeightsError(
                "Picture size does not fit",
                f"data.image_size {size} is not for {name} ({str(error).splitlines()[0]}); leave it out, or use "
                f"{_torchvision_preparation(name).image_size}",
            ) from None


def _random(name: str) -> nn.Module:
    """The model with random weights, built so that torchvision's own weights fit it, but for second classifiers."""
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        # Their second classifiers, for training, are not part of the recipe. Their weights want pictures
        # normalised in another way than their metadata says, which the model itself sees to.
        options = {"aux_logits": False, "init_weights": True, "transform_input": True}
    elif name.startswith("vit_"):
        # The position embedding has an entry a patch, so the size is part of the weights.
        options = {"image_size": _torchvision_preparation(name).image_size}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model


def _default_weights(name: str) -> Any:  # noqa: ANN401 - a member of one of torchvision's many enums
    return getattr(torchvision.models.get_model_weights(name), "DEFAULT", None)


def _torchvision_preparation(name: str) -> Preparation:
    weights = _default_weights(name)
    if weights is None:
        return Preparation()
    preset = weights.transforms()
    return as_preparation(
        {
            "image_size": preset.crop_size[0],
            "resize_size": preset.resize_size[0],
            "mean": preset.mean,
            "std": preset.std,
            "interpolation": preset.interpolation.value,
        }
    )
