"""Make the demo's weights: `python -m engine.demo.pretrain [--out FILE] [--epochs N] [--seed N]`.

Draws the classes of `shapes`, trains a ShuffleNetV2 x0.5 on them from random weights, and prints its accuracy on other
drawings. Then it writes the weights, and with them how a run prepares pictures for them.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torchvision.models import shufflenet_v2_x0_5
from torchvision.transforms import v2

from engine.demo.canvas import compose
from engine.demo.dataset import MESS, PICTURE_SIZE
from engine.demo.shapes import SHAPES

MODEL = "shufflenet_v2_x0_5"
IMAGE_SIZE, RESIZE_SIZE = 64, 72
PER_CLASS = {"train": 900, "test": 50}
BATCH_SIZE = 64
LEARNING_RATE = 0.15  # the highest of a one-cycle schedule
WEIGHT_DECAY = 1e-4

Images = torch.Tensor
"uint8 (N, 3, height, width)"


def main() -> None:
    """Parse the command line and make the weights."""
    parser = argparse.ArgumentParser(prog="python -m engine.demo.pretrain", description="Make the demo's weights.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights.safetensors")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    torch.manual_seed(options.seed)

    train, train_labels = draw("train", options.seed)
    test, test_labels = draw("test", options.seed)
    sample = train[::10].float() / 255
    mean = [round(float(part), 3) for part in sample.mean(dim=(0, 2, 3))]
    std = [round(float(part), 3) for part in sample.std(dim=(0, 2, 3))]
    print(
        f"{len(train)} + {len(test)} pictures of {len(SHAPES)} classes, {time.monotonic() - started:.0f} s", flush=True
    )

    normalise = v2.Normalize(mean, std)
    prepare = v2.Compose([v2.Resize(RESIZE_SIZE), v2.CenterCrop(IMAGE_SIZE)])

    def training_input(images: Images) -> torch.Tensor:
        return _as_input(random_crops(images), normalise)

    model = shufflenet_v2_x0_5(num_classes=len(SHAPES)).to(memory_format=torch.channels_last)
    fit(model, train, train_labels, training_input, options.epochs)
    correct = evaluate(model, _as_input(prepare(test), normalise), test_labels)
    save(model, options.out, mean, std)

    print(f"\naccuracy on {PER_CLASS['test']} unseen drawings of each class, as messy as the demo's")
    for label, name in enumerate(SHAPES):
        print(f"  {name:<16}{correct[test_labels == label].float().mean():7.1%}")
    print(f"  {'all':<16}{correct.float().mean():7.1%}")
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, {time.monotonic() - started:.0f} s in all")


def draw(split: str, seed: int) -> tuple[Images, torch.Tensor]:
    """The pictures of all classes for training or testing, and their labels."""
    # Fresh processes: one forked from a process with torch's threads can hang.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        classes = list(pool.map(partial(_draw_class, split, seed), SHAPES))
    images = torch.from_numpy(np.concatenate(classes)).permute(0, 3, 1, 2).contiguous()
    return images, torch.arange(len(SHAPES)).repeat_interleave(PER_CLASS[split])


def fit(
    model: nn.Module,
    images: Images,
    labels: torch.Tensor,
    training_input: Callable[[Images], torch.Tensor],
    epochs: int,
) -> None:
    """Train in place."""
    steps = len(images) // BATCH_SIZE
    optimizer = torch.optim.SGD(model.parameters(), momentum=0.9, nesterov=True, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps * epochs, pct_start=0.2, cycle_momentum=False
    )
    for epoch in range(1, epochs + 1):
        model.train()
        started, total = time.monotonic(), 0.0
        for indices in torch.randperm(len(images))[: steps * BATCH_SIZE].view(steps, BATCH_SIZE):
            logits = model(training_input(images[indices]))
            loss = functional.cross_entropy(logits, labels[indices])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch:>2}  loss {total / steps:.3f}  {time.monotonic() - started:.0f} s", flush=True)


def random_crops(images: Images) -> torch.Tensor:
    """Random resized crops, every other one flipped; float32 (N, 3, IMAGE_SIZE, IMAGE_SIZE) in 0..255.

    As torchvision's `RandomResizedCrop`, with 25 to 100 % of the area, but of a whole batch at a time, which
    takes a quarter of the time.
    """
    count = len(images)
    area = torch.empty(count).uniform_(0.25, 1)
    ratio = torch.exp(torch.empty(count).uniform_(math.log(3 / 4), math.log(4 / 3)))
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0] = width * (torch.randint(2, (count,)) * 2 - 1)
    affine[:, 1, 1] = height
    affine[:, 0, 2] = torch.empty(count).uniform_(-1, 1) * (1 - width)
    affine[:, 1, 2] = torch.empty(count).uniform_(-1, 1) * (1 - height)
    grid = functional.affine_grid(affine, [count, 3, IMAGE_SIZE, IMAGE_SIZE], align_corners=False)
    return functional.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)


@torch.inference_mode()
def evaluate(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Whether each picture's most probable class is the true one."""
    model.eval()
    predicted = torch.cat([model(batch).argmax(dim=1) for batch in torch.split(inputs, 256)])
    return predicted == labels


def save(model: nn.Module, file: Path, mean: list[float], std: list[float]) -> None:
    """Write the weights, with the metadata that `engine.models.weights.read_preparation` reads."""
    metadata = {
        "model": MODEL,
        "image_size": IMAGE_SIZE,
        "resize_size": RESIZE_SIZE,
        "mean": mean,
        "std": std,
        "classes": list(SHAPES),
    }
    tensors = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(tensors, file, metadata={key: json.dumps(value) for key, value in metadata.items()})


def _draw_class(split: str, seed: int, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pictures = []
    for number in range(PER_CLASS[split]):
        rng = random.Random(f"{seed}/{split}/{name}/{number}")
        # Without some easy pictures the model learns hardly anything at first.
        mess = rng.random() if split == "train" else MESS
        pictures.append(np.asarray(compose(SHAPES[name], rng, PICTURE_SIZE, mess)))
    return np.stack(pictures)


def _as_input(images: Images, normalise: nn.Module) -> torch.Tensor:
    scaled: torch.Tensor = normalise(images.float() / 255)
    return scaled.contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
