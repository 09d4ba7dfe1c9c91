"""The same model as timm builds it, and how timm describes it: for the formats of timm and of transformers."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from engine.data.pictures import Preparation
from engine.errors import UserError
from engine.export.exported import Exported
from engine.models.families import find_family

OURS = "finetune_tui"
"key of a timm configuration for what timm has no key for"
ARGUMENTS: tuple[dict[str, Any], ...] = ({}, {"dynamic_img_size": True})
"with which timm may build the model; a transformer takes pictures of another size than its own with the second ones"
CLOSE = 1e-4  # of the largest logit: more than rounding differs by


class Twin(NamedTuple):
    """timm's model with the same weights, float32."""

    architecture: str
    arguments: Mapping[str, Any]
    "what timm was given besides the number of classes"
    model: nn.Module


def twin(exported: Exported) -> Twin:
    """The model as timm builds it by its name: torchvision's by the same name.

    Raises:
        UserError: timm has no such model whose weights have the same names and give the same logits.
    """
    import timm

    known: Any = getattr(exported.model, "pretrained_cfg", {})  # of a model that is timm's already
    name = known.get("architecture") or find_family(exported.name)[1]
    if not timm.is_model(name):
        raise _refusal(exported, "timm has no model of this name")
    reasons = []
    for arguments in ARGUMENTS:
        try:
            return Twin(name, arguments, _built(exported, name, arguments))
        except ValueError as error:
            reasons.append(str(error))
    raise _refusal(exported, reasons[0])


def _built(exported: Exported, name: str, arguments: Mapping[str, Any]) -> nn.Module:
    """timm's model with the weights. Raises `ValueError`, with the reason, if it is another one."""
    import timm

    try:
        model: nn.Module = timm.create_model(name, num_classes=len(exported.classes), **arguments)
        model.eval().requires_grad_(False).load_state_dict(exported.model.state_dict())
    except (RuntimeError, TypeError):  # it has no such layers, or no such argument
        raise ValueError("timm's model of this name has other layers, or other names for them") from None
    images = exported.example()
    try:
        with torch.inference_mode():
            ours, theirs = exported.model(images), model(images)
    except (RuntimeError, AssertionError):
        raise ValueError(f"timm's model of this name takes no pictures of {images.shape[-1]} pixels") from None
    if not (ours - theirs).abs().max() <= CLOSE * ours.abs().max():
        raise ValueError("timm's model of this name computes something else with the same weights")
    return model


def configuration(exported: Exported, found: Twin) -> dict[str, Any]:
    """What timm's `config.json` says of a model: its name, its classes, and how pictures are prepared."""
    preparation, classes = exported.preparation, list(exported.classes)
    known: Any = found.model.pretrained_cfg
    return {
        "architecture": found.architecture,
        "num_classes": len(classes),
        "num_features": found.model.num_features,
        "model_args": dict(found.arguments),
        "label_names": classes,
        "pretrained_cfg": {
            "input_size": [3, preparation.image_size, preparation.image_size],
            "fixed_input_size": known.get("fixed_input_size", False) and not found.arguments,
            "interpolation": preparation.interpolation,
            "crop_pct": crop_share(preparation),
            "crop_mode": "center",
            "mean": list(preparation.mean),
            "std": list(preparation.std),
            "num_classes": len(classes),
            "first_conv": known["first_conv"],
            "classifier": known["classifier"],
        },
        OURS: {"temperature": exported.temperature, "model": exported.name, "weights": exported.weights},
    }


def crop_share(preparation: Preparation) -> float:
    """The side of the crop as a share of the short side: timm divides by it and rounds down."""
    share = preparation.image_size / preparation.resize_size
    while math.floor(preparation.image_size / share) < preparation.resize_size:
        share = math.nextafter(share, 0)
    return share


def read_facts(folder: Path) -> dict[str, Any]:
    """What a folder of timm or of transformers says of itself."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    known = config["pretrained_cfg"]
    size = known["input_size"][-1]
    return {
        "image_size": size,
        "resize_size": math.floor(size / known["crop_pct"]),
        **{key: known[key] for key in ("mean", "std", "interpolation")},
        "classes": config["label_names"],
        **config[OURS],
    }


def _refusal(exported: Exported, why: str) -> UserError:
    return UserError("Not in timm", f"{exported.name}: {why}; use --format onnx, torch-export or safetensors")
