"""What a run is trained on: the versions of the libraries, and the name of the device."""

import platform
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import torch

PROGRAMS = ("finetune-tui", "torch", "torchvision")


def versions() -> dict[str, str]:
    """The versions that the numbers of a run depend on, by name."""
    found = {"python": platform.python_version()}
    for name in PROGRAMS:
        with suppress(metadata.PackageNotFoundError):  # it runs from a folder that is not installed
            found[name] = metadata.version(name)
    return found | ({"cuda": torch.version.cuda} if torch.cuda.is_available() and torch.version.cuda else {})


def device_name(device: torch.device) -> str:
    """The name of the GPU or of the processor; empty if the system does not say it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # another system than Linux
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
