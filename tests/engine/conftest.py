import ctypes
import random
from pathlib import Path
from queue import SimpleQueue

import pytest
import torch
from PIL import Image

from engine.config import RunConfig, load_config
from engine.loop.run import Run
from engine.models.families import find_family
from tests.engine.backbones import PLAIN

SMALL = """
name: small
device: cpu
data: {{source: folder, root: {root}, image_size: 32, batch_size: 4, threads: 2}}
model: {{name: test/plain}}
init: scratch
optim: {{scratch_lr: 0.001}}
train: {{epochs: 2}}
checkpoint: {{dir: {runs}}}
"""


def write_pictures(root: Path, parts: dict[str, int], classes: tuple[str, ...] = ("cat", "dog")) -> Path:
    """Noise of a class's own brightness, the same whatever was drawn before."""
    ctypes.CDLL(None).srand(1)  # Pillow draws noise with the C library's generator, which all tests share
    for part, count in parts.items():
        for label, name in enumerate(classes):
            folder = root / part / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                rng = random.Random(f"{part}{name}{number}")
                value = 60 + 120 * label + rng.randrange(40)
                Image.effect_noise((40 + rng.randrange(9), 36), 30).point(
                    lambda v, shift=value: (v + shift) // 2
                ).convert("RGB").save(folder / f"{number}.jpg")
    return root


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"), {"train": 7, "test": 3})


@pytest.fixture
def small(pictures: Path, tmp_path: Path) -> RunConfig:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.format(root=pictures, runs=tmp_path / "runs"))
    return load_config(file)


def write_weights(folder: Path, model: str) -> Path:
    """Random weights, always the same, as those of another training."""
    family, name = find_family(model)
    file = folder / f"{name}.pth"
    with torch.random.fork_rng():
        torch.manual_seed(7)
        torch.save(family.build(name).state_dict(), file)
    return file


@pytest.fixture
def small_run(small: RunConfig) -> Run:
    return Run(small)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for the pretrained arm of the small run."""
    return write_weights(tmp_path_factory.mktemp("weights"), PLAIN)


@pytest.fixture(scope="session")
def finished(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that is over, of a model with a linear head."""
    folder = tmp_path_factory.mktemp("finished")
    file = folder / "small.yaml"
    file.write_text(SMALL.format(root=pictures, runs=folder / "runs").replace("test/plain", "test/norm"))
    for _ in Run(load_config(file)).events(SimpleQueue()):
        pass
    return folder / "runs" / "small-1"
