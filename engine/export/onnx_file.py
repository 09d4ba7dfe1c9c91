"""An ONNX file with its weights in it. Reading it needs no torch."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.export.reloaded import Reloaded, Values

if TYPE_CHECKING:
    from engine.export.exported import Exported  # which loads torch

MAX_BYTES = 2**31 - 2**20  # protobuf, in which the file is written, ends at 2 GiB


def write(exported: "Exported", path: Path) -> None:
    """Write the model with an input `images` and an output `logits`, for any number of pictures."""
    import torch

    size = sum(value.nbytes for value in exported.state().values())
    if size > MAX_BYTES:
        raise UserError(
            "Too large for ONNX",
            f"an ONNX file holds 2 GiB at most, and the weights of {exported.name} are {size / 2**30:.1f} GiB; "
            f"use --half, or --format torch-export",
        )
    written = torch.onnx.export(
        exported.program(),
        (exported.example(),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        input_names=["images"],
        output_names=["logits"],
        verbose=False,
    )
    assert written is not None
    written.model.metadata_props.update(exported.texts())
    written.save(path, external_data=False)


def read(path: Path) -> Reloaded:
    """The model in ONNX Runtime, on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    texts = session.get_modelmeta().custom_metadata_map

    def logits(images: Values) -> Values:
        (found,) = session.run(["logits"], {"images": images})
        return found  # type: ignore[no-any-return]

    return Reloaded({key: json.loads(text) for key, text in texts.items()}, logits)
