"""Reads files of pretrained weights without running code from them."""

import argparse
import json
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path, PosixPath, PurePosixPath
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import safe_open
from torch import nn

from engine.data.pictures import Preparation
from engine.errors import WeightsError
from engine.models.inside import FoundWeights, find_tensors

DEMO_WEIGHTS = Path(__file__).parent.parent / "demo" / "weights.safetensors"

# torch warns of files that it then refuses, and a warning would damage the screen.
warnings.filterwarnings("ignore", module=r"torch\._weights_only_unpickler")

# What training scripts save beside the tensors. It is kept as values; none of it runs anything.
PLAIN = (argparse.Namespace, PosixPath, PurePosixPath)

_PREPARATION: TypeAdapter[Preparation] = TypeAdapter(Preparation)
_CLASSES: TypeAdapter[list[str]] = TypeAdapter(list[str])


def as_preparation(values: Mapping[str, Any]) -> Preparation:
    """The preparation in metadata. Missing values are ImageNet's; unknown keys are ignored.

    Raises:
        ValidationError: a value is invalid.
    """
    return _PREPARATION.validate_python({key: values[key] for key in Preparation.__dataclass_fields__ if key in values})


def read_preparation(file: Path) -> Preparation:
    """The preparation in the metadata of a file of weights. Missing values are ImageNet's.

    The metadata of a `.safetensors` file are JSON texts by the names of `Preparation`'s fields. A checkpoint of this
    program has them under `preparation`.

    Raises:
        WeightsError: the file is missing or damaged, or its metadata are invalid.
    """
    content = _open(file)
    try:
        return as_preparation(content.get("preparation") or {})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise WeightsError(
            "Weights refused", f"{file}: its metadata cannot be used ({problems}); correct them or leave them out"
        ) from None


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a `.pth` or `.safetensors` file by name, as `find_weights` finds them."""
    return find_weights(file).tensors


def find_weights(file: Path) -> FoundWeights:
    """The tensors of a `.pth` or `.safetensors` file by name.

    The file may be a checkpoint of this program or of another one: the dictionary of tensors in it is found.

    Raises:
        WeightsError: the file is missing or damaged, or contains code, or no tensors, or several models.
    """
    found = find_tensors(_open(file))
    if isinstance(found, str):
        raise WeightsError("Weights refused", f"{file}: {found}; save the model's state_dict()")
    return found


def read_classes(file: Path) -> list[str]:
    """The classes of the pretrained head, in the order of its rows.

    A `.safetensors` file has them as a JSON list in the metadata `classes`. A checkpoint of this program has them, too.

    Raises:
        WeightsError: the file is missing or damaged, or has no classes.
    """
    found = _open(file).get("classes")
    try:
        return _CLASSES.validate_json(found) if isinstance(found, str) else _CLASSES.validate_python(found)
    except ValidationError:
        raise WeightsError(
            "Classes not known",
            f"{file} does not name the classes of its head; add them to a .safetensors file as the metadata "
            f"`classes`, a JSON list, or let the new head start at random (model.head: random)",
        ) from None


def load_backbone(model: nn.Module, head: str, weights: dict[str, torch.Tensor], source: str) -> None:
    """Copy all weights outside the head into the model, in place.

    Raises:
        WeightsError: a key outside the head is missing or unexpected, or has another shape; the message names it.
    """

    def outside(key: str) -> bool:
        return not key.startswith(f"{head}.")

    wanted = {key: value for key, value in model.state_dict().items() if outside(key)}
    given = {key: value for key, value in weights.items() if outside(key)}
    # Files of old PyTorch versions have no such counter, and these models do not use it.
    missing = [key for key in wanted if key not in given and not key.endswith("num_batches_tracked")]
    # The model has no auxiliary classifiers (GoogLeNet, Inception).
    unexpected = [key for key in given if key not in wanted and not key.startswith(("aux1.", "aux2.", "AuxLogits."))]
    misshapen = [
        f"{key} {tuple(given[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in given and given[key].shape != wanted[key].shape
    ]
    problems = [
        f"{len(keys)} {what} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})"
        for what, keys in (("missing", missing), ("unexpected", unexpected), ("misshapen", misshapen))
        if keys
    ]
    if problems:
        raise WeightsError(
            "Weights do not fit",
            f"{source} for {type(model).__name__}, keys outside the head `{head}`: {'; '.join(problems)}; "
            f"set model.name to the model they were made for",
        )
    # `load_state_dict` would change an MNASNet into an older version if a file has no version number.
    with torch.no_grad():
        for key, value in wanted.items():
            if key in given:
                value.copy_(given[key])


def _open(file: Path) -> dict[str, Any]:
    """The content of a file of weights. For `.safetensors`: tensors under `model`, `classes` as JSON text."""
    try:
        if file.suffix.lower() == ".safetensors":
            with safe_open(file, framework="pt") as opened:
                texts = opened.metadata() or {}
                known = Preparation.__dataclass_fields__
                metadata = {key: json.loads(text) for key, text in texts.items() if key in known}
                tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - no mapping
            return {"model": tensors, "preparation": metadata, "classes": texts.get("classes")}
        with torch.serialization.safe_globals(list(PLAIN)):
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        held = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"it holds code: {held[1]}" if held else "it is damaged or holds code"
        raise WeightsError(
            "Weights refused", f"{file}: not a file of plain tensors ({what}); save the model's state_dict()"
        ) from None
    except Exception as error:  # the readers raise many kinds of errors for damaged bytes
        if not file.exists():
            raise WeightsError("Weights not found", f"{file} does not exist; correct model.weights") from None
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError("Weights not readable", f"{file}: {reason}; set model.weights to a valid file") from None
    if not isinstance(content, dict):
        raise WeightsError("Weights refused", f"{file}: expected tensors by name; save the model's state_dict()")
    return content
