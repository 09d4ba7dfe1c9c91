"""Builds a classifier for the user's classes, with pretrained or random weights and a new head."""

import random
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from engine.config.sections import ModelConfig
from engine.data.pictures import Preparation
from engine.errors import WeightsError
from engine.models.families import find_family
from engine.models.family import Family, PublishedWeights
from engine.models.head import replace_head
from engine.models.inside import unwrapped
from engine.models.published import fetch_published
from engine.models.warm_start import copy_rows, join_names
from engine.models.weights import DEMO_WEIGHTS, find_weights, load_backbone, read_classes, read_preparation
from engine.protocol import Arm, Loading


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """A model, and what a recipe must know about it."""

    model: nn.Module
    head: str
    "dotted name of the last layer"
    init: str
    "description of the origin of its weights, for users"
    stages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    "names of the backbone's parameters by stage, from the input to the head"


def preparation(config: ModelConfig, image_size: int | None) -> Preparation:
    """How pictures are prepared: as in the metadata of the weights, otherwise as for ImageNet. Downloads nothing.

    Raises:
        WeightsError: the model is unknown, the weights cannot be read, or the model cannot take this `image_size`.
    """
    family, name = find_family(config.name)
    file = _file(config)
    prepared = read_preparation(file) if file is not None else family.preparation(name)
    if image_size is None or image_size == prepared.image_size:
        return prepared
    _check_size(family, name, image_size)
    return prepared.at_size(image_size)


def fetch(config: ModelConfig, arm: Arm) -> Generator[Loading, None, None]:
    """Download the published weights that an arm starts with, unless they exist already.

    Raises:
        WeightsError: the model is unknown, or has no published weights.
        EngineError: the download failed.
    """
    find_family(config.name)
    if arm == "pretrained" and _file(config) is None:
        yield from fetch_published(_published(config))


def starting_file(config: ModelConfig) -> tuple[PublishedWeights | None, Path]:
    """The file that the pretrained arm starts from, and whose it is: `None` for one that the configuration names.

    Raises:
        WeightsError: the model is unknown, or has no published weights.
    """
    find_family(config.name)
    file = _file(config)
    if file is not None:
        return None, file
    published = _published(config)
    return published, published.file


def build(config: ModelConfig, classes: Sequence[str], arm: Arm, seed: int) -> BuiltModel:
    """Build the model of an arm on the CPU: pretrained or random weights, and a new head with a row for each class.

    The head is the same for both arms, except for the rows that the pretrained arm takes from the pretrained head.
    Downloads nothing: call `fetch` first.

    Raises:
        WeightsError: the model is unknown, the weights are missing or do not fit, or rows of the pretrained head are
            wanted and it has none of the classes.
    """
    family, name = find_family(config.name)
    init, found, weights, source = "random weights", None, None, ""
    if arm == "pretrained":
        file = _file(config)
        if file is None:
            published = _published(config)
            file, init = published.file, published.description
        else:
            init = "the demo's own weights" if config.weights == "demo" else f"weights of {file}"
        found, source = find_weights(file), str(file)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.Random(f"{seed}/backbone").getrandbits(62))
        model = family.build(name)
        head = family.head(model)
        if found is not None:
            found = unwrapped(model, found)
            weights = found.tensors
            load_backbone(model, head, weights, source)
            init += found.note
        torch.manual_seed(random.Random(f"{seed}/head").getrandbits(62))
        replace_head(model, head, len(classes))
        if weights is not None and config.head == "pretrained":
            taken = copy_rows(model, head, classes, weights, known=_pretrained_classes(config), source=source)
            init += f"; the head's rows of {join_names(taken)} are the pretrained classifier's"
        if weights is not None and config.head == "fitted":
            init += "; the head is fitted to the training pictures"
        if weights is not None and config.dropout is not None:
            _set_dropout(model, config.dropout)
    return BuiltModel(model, head, init, family.stages(model))


def build_for_weights(name: str, classes: int) -> BuiltModel:
    """A model with a head of `classes` rows, whose weights are to be loaded from a checkpoint.

    Raises:
        WeightsError: the model is unknown.
    """
    family, inner = find_family(name)
    with torch.random.fork_rng(devices=[]):
        model = family.build(inner)
        head = family.head(model)
        replace_head(model, head, classes)
    return BuiltModel(model, head, "the weights of a checkpoint", family.stages(model))


def _set_dropout(model: nn.Module, probability: float) -> None:
    for module in model.modules():
        if isinstance(module, _DropoutNd):
            module.p = probability


def _file(config: ModelConfig) -> Path | None:
    """The file with the weights; `None` for published weights."""
    if config.weights == "demo":
        return DEMO_WEIGHTS
    return None if config.weights == "default" else Path(config.weights)


def _published(config: ModelConfig) -> PublishedWeights:
    family, name = find_family(config.name)
    published = family.weights(name)
    if published is None:
        raise WeightsError(
            "No pretrained weights",
            f"there are none for {config.name}; set model.weights to a file, or train from scratch with init: scratch",
        )
    return published


def _pretrained_classes(config: ModelConfig) -> Sequence[str]:
    """The classes of the pretrained head, in the order of its rows."""
    file = _file(config)
    return _published(config).classes if file is None else read_classes(file)


def _check_size(family: Family, name: str, size: int) -> None:
    """Raise `WeightsError` if the model cannot take pictures of this size."""
    try:
        with torch.device("meta"):
            model = family.build(name).to("meta")
    except Exception:  # RegNet cannot be built on the meta device, so it cannot be checked
        return
    try:
        with torch.device("meta"):
            model(torch.empty(2, 3, size, size, device="meta"))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise WeightsError(
            "Picture size does not fit",
            f"{name} cannot take data.image_size {size} ({str(error).splitlines()[0]}); leave it out, or use "
            f"{family.preparation(name).image_size}",
        ) from None
