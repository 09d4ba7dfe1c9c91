"""Where a run computes, and how exactly."""

import os
from typing import Literal

import torch

from engine.errors import ConfigError

Precision = Literal["float32", "bfloat16", "float16"]


def choose_device(name: str, process: int = 0) -> torch.device:
    """The device a configuration names; `auto` takes CUDA, then MPS, then the CPU.

    Of several processes on a machine each takes the CUDA device of its number, unless one is named.

    Raises:
        ConfigError: this machine does not have it.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    device = torch.device("cuda" if cuda else "mps" if mps else "cpu") if name == "auto" else torch.device(name)
    if device.type == "cuda" and device.index is None and process:
        device = torch.device("cuda", process)
    present = {"cpu": True, "mps": mps, "cuda": cuda and (device.index or 0) < torch.cuda.device_count()}
    if not present[device.type]:
        raise ConfigError("No such device", f"device: {name} is not to be had here; use auto or cpu")
    return device


def describe_device(device: torch.device, processes: int) -> str:
    """For people: `cuda`, or `4 x cuda`."""
    return f"{processes} x {device.type}" if processes > 1 else str(device)


def choose_precision(name: Literal["auto", "float32", "bfloat16", "float16"], device: torch.device) -> Precision:
    """The precision a configuration names; `auto` is mixed on CUDA: bfloat16, or float16 where the GPU lacks it."""
    if name != "auto":
        return name
    if device.type != "cuda":
        return "float32"
    with torch.cuda.device(device):
        # Emulated bfloat16 is slower than float32.
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


def seed_random(seed: int, device: torch.device) -> None:
    """Seed the generators that a step on the device draws from.

    `torch.manual_seed` seeds those of all kinds of devices, and for one that is not in use it keeps a note with a
    stack trace, at every call anew.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def ask_for_determinism() -> None:
    """Have CUDA compute the same bits each time, where it has an algorithm that does; others are warned of."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS is first used
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
