"""The same model as timm builds it, and how timm describes it: for the formats of timm and of transformers."""

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.data.pictures import Preparation
from engine.errors import UserError
from engine.export.exported import Exported
from engine.models.families import find_family

OURS = "finetune_tui"
"key of a timm configuration for what timm has no key for"
CLOSE = 1e-4  # of the largest logit: more than rounding differs by


def twin(exported: Exported) -> tuple[str, nn.Module]:
    """timm's name of the model, and timm's model with its weights, float32.

    Raises:
        UserError: timm has no model of this name whose weights have the same names and give the same logits.
    """
    import timm

    name = find_family(exported.name)[1]
    if not timm.is_model(name):
        raise _refusal(exported, "timm has no model of this name")
    model: nn.Module = timm.create_model(name, num_classes=len(exported.classes)).eval().requires_grad_(False)
    try:
        model.load_state_dict(exported.model.state_dict())
    except RuntimeError:
        raise _refusal(exported, "timm's model of this name has other layers, or other names for them") from None
    images = exported.example()
    with torch.inference_mode():
        ours, theirs = exported.model(images), model(images)
    if not (ours - theirs).abs().max() <= CLOSE * ours.abs().max():
        raise _refusal(exported, "timm's model of this name computes something else with the same weights")
    return name, model


def configuration(exported: Exported, name: str, model: nn.Module) -> dict[str, Any]:
    """What timm's `config.json` says of a model: its name, its classes, and how pictures are prepared."""
    preparation, classes = exported.preparation, list(exported.classes)
    known: Any = model.pretrained_cfg
    return {
        "architecture": name,
        "num_classes": len(classes),
        "num_features": model.num_features,
        "label_names": classes,
        "pretrained_cfg": {
            "input_size": [3, preparation.image_size, preparation.image_size],
            "fixed_input_size": known["fixed_input_size"],
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
