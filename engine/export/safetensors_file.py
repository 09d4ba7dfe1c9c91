"""Weights without code, with metadata: what `model.weights` of a configuration takes."""

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from engine.export.answering import answering
from engine.export.exported import Exported
from engine.export.reloaded import Reloaded
from engine.models.build import build_for_weights
from engine.models.weights import read_weights


def write(exported: Exported, path: Path) -> None:
    """Write the weights by name, and JSON texts as metadata."""
    save_file({key: value.contiguous() for key, value in exported.state().items()}, path, exported.texts())


def read(path: Path) -> Reloaded:
    """The weights in a model that is built by its name. float16 weights become float32 in it."""
    with safe_open(path, framework="pt") as opened:
        facts = {key: json.loads(text) for key, text in opened.metadata().items()}
    model = build_for_weights(facts["model"], len(facts["classes"])).model.eval()
    model.load_state_dict(read_weights(path))

    return Reloaded(facts, answering(model))
