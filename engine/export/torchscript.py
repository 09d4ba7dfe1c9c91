"""A traced program of TorchScript: `torch::jit::load` of C++ runs it, and older versions of torch do, too."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine.export.answering import answering
from engine.export.reloaded import Reloaded

if TYPE_CHECKING:
    from engine.export.exported import Exported  # which loads torchvision, too

METADATA = "metadata.json"  # a file in the archive


def write(exported: "Exported", path: Path) -> None:
    """Write the operations that the model does with example pictures."""
    traced = torch.jit.trace(exported.program(), exported.example())  # type: ignore[no-untyped-call]
    torch.jit.save(traced, path, _extra_files={METADATA: json.dumps(exported.facts())})


def read(path: Path) -> Reloaded:
    """The program and its metadata."""
    files = {METADATA: ""}
    model = torch.jit.load(path, map_location="cpu", _extra_files=files)  # type: ignore[no-untyped-call]

    return Reloaded(json.loads(files[METADATA]), answering(model))
