"""The device and the precision that a run computes with."""

import os
from typing import Literal

import torch

from engine.errors import ConfigError

Precision = Literal["float32", "bfloat16", "float16"]

CONTEXT_BYTES = 2**30
"memory of a GPU that a process takes before it computes anything, and some more"


def choose_device(name: str, process: int = 0) -> torch.device:
    """The device that a configuration names; `auto` is CUDA if there is a GPU, else MPS, else the CPU.

    `process` is the number of this process on its machine. It takes the CUDA device of that number, unless the
    configuration names one.

    Raises:
        ConfigError: this machine does not have the device.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    device = torch.device("cuda" if cuda else "mps" if mps else "cpu") if name == "auto" else torch.device(name)
    if device.type == "cuda" and device.index is None and process:
        device = torch.device("cuda", process)
    present = {"cpu": True, "mps": mps, "cuda": cuda and (device.index or 0) < torch.cuda.device_count()}
    if not present[device.type]:
        raise ConfigError("No such device", f"device: {name} does not exist here; use auto or cpu")
    return device


def has_room_beside(device: torch.device) -> bool:
    """Whether another process can do there what this one does: a GPU has as much memory left as is used."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return free > torch.cuda.max_memory_reserved(device) + CONTEXT_BYTES


def describe_device(device: torch.device, processes: int) -> str:
    """The device for people: `cuda`, or `4 x cuda`."""
    return f"{processes} x {device.type}" if processes > 1 else str(device)


def choose_precision(name: Literal["auto", "float32", "bfloat16", "float16"], device: torch.device) -> Precision:
    """The precision that a configuration names. `auto` is bfloat16 on CUDA, or float16 on older GPUs, else float32."""
    if name != "auto":
        return name
    if device.type != "cuda":
        return "float32"
    with torch.cuda.device(device):
        # Emulated bfloat16 is slower than float32.
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


def autocast_dtype(precision: Precision) -> torch.dtype | None:
    """The type that autocast computes with; `None`: no autocast."""
    return {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision)


def seed_random(seed: int, device: torch.device) -> None:
    """Seed the generators that a step on the device draws from.

    `torch.manual_seed` would seed those of all kinds of devices, and for devices not in use it stores a stack trace at
    each call.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def ask_for_determinism() -> None:
    """Make CUDA compute the same bits each time, where it has an algorithm for that; where it has none, it warns."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS is first used
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
