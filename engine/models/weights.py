"""Files of pretrained weights, read without running any code in them."""

import json
import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from engine.data.pictures import Preparation
from engine.errors import WeightsError

DEMO_WEIGHTS = Path(__file__).parent.parent / "demo" / "weights.safetensors"


def read_preparation(file: Path) -> Preparation:
    """How the weights' own metadata says pictures are prepared; ImageNet's way where it says nothing."""
    if file.suffix != ".safetensors":
        return Preparation()
    known = Preparation.__dataclass_fields__
    try:
        with safe_open(file, framework="pt") as opened:
            metadata = {key: json.loads(text) for key, text in (opened.metadata() or {}).items() if key in known}
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in metadata.items()}
        return Preparation(**values)
    except (OSError, SafetensorError, json.JSONDecodeError, TypeError) as error:
        raise _unreadable(file, error) from None


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a `.pth` or `.safetensors` file by name.

    A checkpoint of this program, or a dictionary with its weights under `state_dict` or `model`, will do.

    Raises:
        WeightsError: the file is missing, damaged, holds code, or holds something else.
    """
    try:
        if file.suffix == ".safetensors":
            with safe_open(file, framework="pt") as opened:
                return {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - no mapping
        content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise _unreadable(file, error) from None
    except pickle.UnpicklingError:
        raise WeightsError(
            "Weights refused",
            f"{file}: not a file of plain tensors (it is damaged or holds code); save a state_dict",
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise WeightsError("Weights refused", f"{file}: expected tensors by name (a state_dict)")
    return {str(key).removeprefix("module."): value for key, value in content.items()}


def load_backbone(model: nn.Module, head: str, weights: dict[str, torch.Tensor], source: str) -> None:
    """Copy all weights outside the head into the model, in place.

    Raises:
        WeightsError: a key outside the head is missing, unexpected or misshapen; the message names them.
    """

    def outside(key: str) -> bool:
        return not key.startswith(f"{head}.")

    wanted = {key: value for key, value in model.state_dict().items() if outside(key)}
    given = {key: value for key, value in weights.items() if outside(key)}
    # Files of old PyTorch versions lack this counter, which no computation of these models reads.
    missing = [key for key in wanted if key not in given and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in given if key not in wanted]
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
    model.load_state_dict(given, strict=False)


def _unreadable(file: Path, error: Exception) -> WeightsError:
    if isinstance(error, FileNotFoundError) or not file.exists():
        return WeightsError("Weights not found", f"{file} does not exist; correct model.weights")
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return WeightsError("Weights not readable", f"{file}: {reason}")
