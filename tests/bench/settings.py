"""What settings cost in time: `python -m tests.bench.settings`.

A picture, decoded from a JPEG file and augmented by one thread, with each augmentation added to crop and flip; and a
training step of the pretrained arm on the CPU, with one setting at a time. The sides of a round follow each other, and
each ratio is to the plain side of the same round; the table has the medians of all rounds, with their intervals.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision.models import get_model

from engine.arms.arm import TrainedArm
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.config.values import with_values
from engine.data.batches import Batch
from engine.data.pictures import Preparation, decode_bounded
from engine.data.transfer import Transfer
from engine.hardware.process_group import ProcessGroup
from engine.recipes.table import recipe_of
from tests.bench.median import with_interval
from tests.bench.pictures import write_pictures

MODEL = "mobilenet_v2"
PICTURES, BATCH, SIZE = 16, 16, 224
PREPARED = Preparation(SIZE, 256)
PICTURE_SIDES: dict[str, dict[str, Any]] = {
    "crop and flip": {},
    "with `data.trivial_augment: true`": {"data.trivial_augment": True},
    "with `data.erasing: 0.25`": {"data.erasing": 0.25},
    "with both": {"data.trivial_augment": True, "data.erasing": 0.25},
}
STEP_SIDES: dict[str, dict[str, Any]] = {
    "SGD": {},
    "with `optim.name: adamw`": {"optim.name": "adamw"},
    "with `optim.decay_norms: false`": {"optim.decay_norms": False},
    "with `train.clip: 1`": {"train.clip": 1.0},
    "with `train.label_smoothing: 0.1`": {"train.label_smoothing": 0.1},
    "with `train.ema: 0.1`": {"train.ema": 0.1},
    "with `train.mixup: 0.2`": {"train.mixup": 0.2},
    "with `train.cutmix: 1`": {"train.cutmix": 1.0},
    "with `model.batch_norm: frozen`": {"model.batch_norm": "frozen"},
    "with a frozen backbone": {"optim.groups.backbone.frozen": True},
}


def picture_side(config: RunConfig, paths: Sequence[Path]) -> Callable[[int], None]:
    """A function that decodes and augments all pictures."""
    augmentations = recipe_of(config).train_transform.pictures

    def augment(number: int) -> None:
        for index, path in enumerate(paths):
            rng, pixels = random.Random(f"{number}/{index}"), np.array(decode_bounded(str(path), 2 * SIZE))
            for change in augmentations:
                pixels = change(pixels, PREPARED, rng)

    return augment


def step_side(config: RunConfig, batch: Batch) -> Callable[[int], None]:
    """A function that makes an update."""
    device = torch.device("cpu")
    setup = Setup(config, ("left", "right"), 100, device, Transfer(PREPARED, device), ProcessGroup())
    arm = TrainedArm("pretrained", setup)

    def step(number: int) -> None:
        arm.update(batch)

    return step


def measure(sides: dict[str, Callable[[int], None]], rounds: int) -> dict[str, list[float]]:
    """The seconds of each side in each round, after one to warm up."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(-1, rounds):
        for name, do in sides.items():
            began = time.perf_counter()
            do(number)
            if number >= 0:
                found[name].append(time.perf_counter() - began)
    return found


def show(title: str, found: dict[str, list[float]], each: int) -> None:
    """Print a table; `each` is the number of pictures of a side in a round."""
    print(f"| {title} | ms a picture | time / {next(iter(found))} |\n|---|---|---|")
    plain = next(iter(found.values()))
    for name, seconds in found.items():
        ratios = [one / other for one, other in zip(seconds, plain, strict=True)]
        print(f"| {name} | {1000 * statistics.median(seconds) / each:.2f} | {with_interval(ratios)} |")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="of steps; pictures have four times as many")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    root = write_pictures(Path(tempfile.gettempdir()) / "finetune-tui-bench" / "settings", PICTURES, 2)
    weights = root / "weights.pth"
    torch.save(get_model(MODEL, num_classes=10).state_dict(), weights)  # their values do not matter
    config = RunConfig(data={"root": root}, device="cpu", model={"name": MODEL, "weights": str(weights)})
    paths = sorted((root / "train").rglob("*.jpg"))
    pixels = torch.randint(0, 256, (BATCH, SIZE, SIZE, 3), dtype=torch.uint8)
    batch = Batch(pixels.permute(0, 3, 1, 2), torch.arange(BATCH) % 2, list(range(BATCH)), BATCH, 1.0, [])
    pictures = {name: picture_side(with_values(config, more), paths) for name, more in PICTURE_SIDES.items()}
    show(f"picture, {SIZE} pixels", measure(pictures, 4 * rounds), len(paths))
    steps = {name: step_side(with_values(config, more), batch) for name, more in STEP_SIDES.items()}
    show(f"step, {MODEL}, batch of {BATCH}", measure(steps, rounds), BATCH)


if __name__ == "__main__":
    main()
