"""A folder that timm loads as a pretrained model: `timm.create_model("local-dir:FOLDER", pretrained=True)`."""

import json
from pathlib import Path

from safetensors.torch import save_file

from engine.export.answering import answering
from engine.export.exported import Exported
from engine.export.reloaded import Reloaded
from engine.export.timm_twin import configuration, read_facts, twin


def write(exported: Exported, path: Path) -> None:
    """Write `config.json` and `model.safetensors`.

    Raises:
        UserError: timm does not have the model.
    """
    text = json.dumps(configuration(exported, twin(exported)), indent=2, ensure_ascii=False)
    path.mkdir()
    (path / "config.json").write_text(text + "\n", encoding="utf-8")
    save_file(exported.state(), path / "model.safetensors", {"format": "pt"})


def read(path: Path) -> Reloaded:
    """The model in timm. float16 weights become float32 in it."""
    import timm

    model = timm.create_model(f"local-dir:{path}", pretrained=True).eval()

    return Reloaded(read_facts(path), answering(model))
