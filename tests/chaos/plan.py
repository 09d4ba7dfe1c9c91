"""The run that all is done to: both arms, steered all the time, bit by bit the same whenever it is left in peace."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import torch

from engine.config import RunConfig
from engine.errors import EngineError
from engine.protocol import (
    Arm,
    Command,
    Evaluate,
    Rewind,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetRate,
    SwitchArm,
)
from engine.storage import checkpoint
from tests.engine.backbones import PLAIN as MODEL

NAME = "small"
EVERY = 0.1  # seconds between two autosaves
EPOCHS = 8


class Turn(NamedTuple):
    """A command, and the step of a branch of an arm that it is sent after."""

    arm: Arm
    branch: int
    step: int
    command: Command


TURNS = (
    Turn("scratch", 1, 3, SetRate("head", 0.002)),
    Turn("scratch", 1, 6, Save()),
    Turn("scratch", 1, 6, ScaleRate("backbone", 0.5)),
    Turn("scratch", 1, 10, Evaluate()),
    Turn("scratch", 1, 19, Rewind("step-000006.pt")),
    Turn("scratch", 2, 8, SetFrozen("backbone")),
    Turn("scratch", 2, 13, SwitchArm("pretrained")),
    Turn("pretrained", 1, 5, SetRate("head", 0.003)),
    Turn("pretrained", 1, 5, SetEpochs(5)),
    Turn("pretrained", 1, 9, Save()),
    Turn("pretrained", 1, 16, SwitchArm("scratch")),
    Turn("scratch", 2, 18, SetFrozen("backbone", False)),
    Turn("scratch", 2, 25, Rewind("branch-1.pt")),
    Turn("scratch", 3, 24, SetEpochs(6)),
    Turn("scratch", 3, 30, SwitchArm("pretrained")),
    Turn("pretrained", 1, 20, Rewind("step-000009.pt")),
    Turn("pretrained", 2, 17, SwitchArm("scratch")),
    Turn("scratch", 3, 36, ScaleRate("head", 0.5)),
)


class Progress(NamedTuple):
    """A run from its beginning to its end, and where everything of it is."""

    root: Path
    "pictures and weights"
    home: Path
    "what it writes"
    every: float = EVERY

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.home / "runs" / f"{NAME}-1"

    @property
    def told(self) -> Path:
        """What the last process told, an event a line; it lies outside of `runs`, whose disk may be full."""
        return self.home / "told.jsonl"

    def config(self) -> RunConfig:
        """Of the run, whenever it is started."""
        data = {"source": "folder", "root": self.root / "pictures", "image_size": 32, "batch_size": 4, "threads": 2}
        return RunConfig.model_validate(
            {
                "name": NAME,
                "device": "cpu",
                "init": "scratch",
                "data": data,
                "model": {"name": MODEL, "weights": str(next(self.root.glob("*.pth")))},
                "optim": {"scratch_lr": 0.001},
                "train": {"epochs": EPOCHS, "compile": False},
                "checkpoint": {"dir": self.home / "runs", "every_seconds": self.every},
            }
        )


def make_inputs(root: Path) -> None:
    """The pictures and the weights of the pretrained arm."""
    from tests.engine.conftest import write_pictures, write_weights

    write_pictures(root / "pictures", {"train": 14, "test": 3})
    write_weights(root, MODEL)


def outcome(folder: Path) -> dict[str, str]:
    """The weights of every checkpoint that a person knows by its name, as checksums."""
    files = sorted(folder.glob("*/*.pt"))
    return {str(file.relative_to(folder)): _digest(file) for file in files}


def differences(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Which of the checkpoints are missing, too many, or other ones."""
    names = sorted(found.keys() | expected.keys())
    return [f"{name} differs" for name in names if found.get(name) != expected.get(name)]


def _digest(file: Path) -> str:
    try:
        model: dict[str, torch.Tensor] = checkpoint.load(file)["model"]
    except EngineError as error:
        return error.message
    digest = hashlib.sha256()
    for name, tensor in model.items():
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
