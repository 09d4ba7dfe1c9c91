"""timm's models: the family of names that begin with `timm/`, such as `timm/convnext_tiny.fb_in22k`, or `hf-hub:`.

timm is an extra of this program (`pip install 'finetune-tui[timm]'`), and takes seconds to load, so each function loads
it when it is called.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from platformdirs import user_cache_path
from torch import nn

from engine.data.pictures import Preparation
from engine.errors import WeightsError
from engine.models.family import PublishedWeights
from engine.models.weights import as_preparation

HUB = "hf-hub:"
"begins the name of a model on the Hugging Face hub that timm can load"
FILE = "model.safetensors"
STAND_IN = 1
"classes of the head that a model without one gets, only to be replaced"


def names() -> Sequence[str]:
    """All of timm's models, and each set of published weights of a model as `model.weights`."""
    timm = _timm()
    known: list[str] = sorted({*timm.list_models(), *timm.list_pretrained()})
    return known


def build(name: str) -> nn.Module:
    """The model with random weights. A model that has no head gets one of a single class."""
    timm, source = _timm(), _source(name)
    given = {**source.arguments, "num_classes": source.weights["num_classes"] or STAND_IN}
    if name.startswith(HUB):
        given["pretrained_cfg"] = dict(source.weights)
    try:
        # A transformer that may see pictures of any size; its position embedding is resized as needed.
        model: nn.Module = timm.create_model(source.model, dynamic_img_size=True, **given)
    except TypeError:  # the model has no such argument
        model = timm.create_model(source.model, **given)
    return model


def weights(name: str) -> PublishedWeights | None:
    """The published weights, where the Hugging Face library stores them or in this program's cache folder."""
    found = _source(name).weights
    repository, file = found.get("hf_hub_id"), found.get("hf_hub_filename") or FILE
    if repository:
        return _on_the_hub(repository, file, _class_names(found))
    if url := found.get("url"):
        path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
        return PublishedWeights(url, path, _class_names(found), f"timm's weights {name}")
    return None


def preparation(name: str) -> Preparation:
    """The preparation in timm's configuration of the weights.

    Raises:
        WeightsError: the model does not take square pictures in colour.
    """
    found = _source(name).weights
    channels, height, width = found["input_size"]
    if channels != 3 or height != width:
        raise WeightsError(
            "Model not usable", f"timm/{name} takes pictures of {channels}x{height}x{width}; use one for 3xNxN"
        )
    known = ("nearest", "bilinear", "bicubic")
    return as_preparation(
        {
            "image_size": height,
            "resize_size": math.floor(height / found["crop_pct"]),
            "mean": found["mean"],
            "std": found["std"],
            "interpolation": found["interpolation"] if found["interpolation"] in known else "bicubic",
        }
    )


def head(model: nn.Module) -> str:
    """Dotted name of the last layer, as timm says.

    Raises:
        WeightsError: the model has two of them (distilled transformers), or none.
    """
    configuration: Any = model.pretrained_cfg
    found = configuration.get("classifier")
    if not isinstance(found, str):
        raise WeightsError("No head found", f"{type(model).__name__} has no single last layer ({found}); use another")
    return found


def stages(model: nn.Module) -> Mapping[str, Sequence[str]]:
    """timm's own groups of layers: the stem, then the stages of a convolutional network or a transformer's blocks."""
    from timm.models import group_parameters

    outside = f"{head(model)}."
    parameters = dict(model.named_parameters())
    groups = group_parameters(model, model.group_matcher(coarse=True))  # type: ignore[operator]
    parts: list[list[str]] = []
    for number in sorted(groups):
        part = [name for name in groups[number] if not name.startswith(outside)]
        if parts and all(parameters[name].dim() == 1 for name in part):  # nothing, or a norm before the head
            parts[-1] += part
        else:
            parts.append(part)
    stem, *rest = parts
    return {"stem": stem} | {f"stage{number}": stage for number, stage in enumerate(rest, 1)}


def _on_the_hub(repository: str, file: str, classes: Sequence[str]) -> PublishedWeights:
    from huggingface_hub import hf_hub_url, try_to_load_from_cache

    cached = try_to_load_from_cache(repository, file)
    own = user_cache_path("finetune-tui", appauthor=False) / "weights" / repository.replace("/", "--") / file
    path = Path(cached) if isinstance(cached, str) else own
    url = hf_hub_url(repository, file, endpoint=os.environ.get("HF_ENDPOINT"))  # that of a mirror, if there is one
    return PublishedWeights(url, path, classes, f"the weights {repository} of Hugging Face")


class _Source(NamedTuple):
    """What timm is asked for."""

    model: str
    "timm's name of the architecture, with the tag of the weights if it has one"
    weights: Mapping[str, Any]
    "timm's configuration of the weights"
    arguments: Mapping[str, Any] = {}
    "of the architecture"


def _source(name: str) -> _Source:
    """What a name stands for. The configuration of a model on the hub is downloaded once, a small file.

    Raises:
        WeightsError: it cannot be downloaded, or timm does not know the model that it names.
    """
    timm = _timm()
    if not name.startswith(HUB):
        found: Any = timm.models.get_pretrained_cfg(name)
        return _Source(name, found.to_dict())
    repository = name.removeprefix(HUB)
    given = _hub_configuration(repository)
    model = given.get("architecture")
    if not isinstance(model, str) or not timm.is_model(model):
        what = f"is a {model}, which timm {timm.__version__} does not know" if model else "is no model of timm"
        raise WeightsError("Unknown model", f"{name} {what}; use another one")
    configuration = {**given.get("pretrained_cfg", given), "hf_hub_id": repository}
    for key in ("num_classes", "label_names"):
        if key in given:
            configuration[key] = given[key]
    known = timm.models.get_pretrained_cfg(model)
    return _Source(model, {**known.to_dict(), "url": "", **configuration}, given.get("model_args") or {})


def _hub_configuration(repository: str) -> dict[str, Any]:
    """`config.json` of a model on the hub, from the cache of the Hugging Face library if it is there."""
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    try:
        cached = try_to_load_from_cache(repository, "config.json")
        file = cached if isinstance(cached, str) else hf_hub_download(repository, "config.json")
        found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    except Exception as error:  # the library has many kinds of errors for names and for the network
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            "Model not found", f"{HUB}{repository}: {reason}; check the name and the connection"
        ) from None
    return found


def _class_names(configuration: Mapping[str, Any]) -> Sequence[str]:
    """The classes of the published head: those of ImageNet if it has 1,000, else as the configuration says."""
    given = configuration.get("label_names")
    if given:
        return list(given)
    if configuration["num_classes"] != 1000:
        return []
    from timm.data.imagenet_info import ImageNetInfo

    return [text.partition(",")[0] for text in ImageNetInfo().label_descriptions()]


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError:
        raise WeightsError(
            "timm is not installed", "models of timm and of Hugging Face need it: pip install 'finetune-tui[timm]'"
        ) from None
    return timm
