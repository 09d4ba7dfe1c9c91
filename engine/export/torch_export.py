"""A program of `torch.export`: torch alone loads and runs it."""

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
    """Write the program, for any number of pictures."""
    batch = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(exported.program(), (exported.example(),), dynamic_shapes=batch)
    torch.export.save(program, path, extra_files={METADATA: json.dumps(exported.facts())})


def read(path: Path) -> Reloaded:
    """The program and its metadata."""
    files = {METADATA: ""}
    model = torch.export.load(path, extra_files=files).module()

    return Reloaded(json.loads(files[METADATA]), answering(model))
