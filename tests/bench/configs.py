"""A run to measure: a model from scratch on the CPU, on a few pictures that are made once."""

import tempfile
from pathlib import Path

from engine.config import RunConfig, load_config
from tests.bench.pictures import write_pictures

TRAINING, TEST = 192, 32


def config_of(model: str, size: int, batch: int, *settings: str) -> RunConfig:
    """`size` pixels a side, batches of `batch`, and further settings as `a.b=c`."""
    root = write_pictures(Path(tempfile.gettempdir()) / "finetune-tui-bench" / f"steering-{size}", TRAINING, TEST)
    ours = [f"data.root={root}", f"data.image_size={size}", f"data.batch_size={batch}", f"model.name={model}"]
    return load_config("configs/folder.yaml", [*ours, "recipe=lesson", "init=scratch", "device=cpu", *settings])
