"""How exact the gradients of a training step are, and what that costs: `python -m tests.bench.exactness`.

A gradient is compared with that of the same batch in double precision, for three memory layouts of the model on the
CPU: torch's plain one; the one with adjacent channels and torch's batch norm, which this program used at first; and
what it uses now. The models are torchvision's with random weights (or a file's, `--weights`), without dropout. The
pictures are drawn like photographs, or those below `--pictures`. A rounded number that turns the sign of a ReLU's input
makes all of a gradient wrong by chance, so there are many batches, and the error is the root of the mean square.

The sides take turns within one process. The times are processor time on one thread, which other programs disturb least.
"""

import argparse
import copy
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torchvision.io import ImageReadMode, decode_image
from torchvision.models import get_model
from torchvision.transforms.functional import center_crop, normalize, resize

from engine.models.exact_norm import make_batch_norm_exact
from tests.bench.median import with_interval
from tests.bench.pictures import write_pictures

MODELS = ("mobilenet_v2", "resnet18", "shufflenet_v2_x0_5", "efficientnet_b0")
SIDES = ("plain", "old", "ours")
CLASSES = 10
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def model_of(name: str, weights: Path | None) -> nn.Module:
    """In the plain layout, with nothing random in a step."""
    torch.manual_seed(0)
    model: nn.Module = get_model(name, num_classes=CLASSES).train()
    if weights is not None:
        own = model.state_dict()
        state = torch.load(weights, weights_only=True)
        model.load_state_dict({n: v for n, v in state.items() if v.shape == own[n].shape}, strict=False)
    for layer in model.modules():
        if hasattr(layer, "p"):  # dropout, stochastic depth
            layer.p = 0.0
    return model


def sides_of(model: nn.Module) -> dict[str, nn.Module]:
    """The model in each layout."""
    plain, old, ours = (copy.deepcopy(model) for _ in SIDES)
    for other in (old, ours):
        other.to(memory_format=torch.channels_last)
    make_batch_norm_exact(ours)
    return {"plain": plain, "old": old, "ours": ours}


def gradient(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, float]:
    """The whole gradient, float64, and the processor time of the step in seconds."""
    model.zero_grad()
    began = time.process_time()
    cross_entropy(model(images), labels).backward()
    seconds = time.process_time() - began
    return torch.cat([parameter.grad.double().flatten() for parameter in model.parameters()]), seconds


def read_batches(root: Path, size: int, batch: int, count: int) -> list[torch.Tensor]:
    """Batches of pictures in a mixed order."""
    files = sorted(file for file in root.rglob("*") if file.suffix in {".jpg", ".png"})
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(0)).tolist()
    pictures = [
        center_crop(resize(decode_image(str(files[i]), ImageReadMode.RGB), size, antialias=True), [size, size])
        for i in order[: batch * count]
    ]
    return [
        normalize(torch.stack(pictures[start : start + batch]).float() / 255, MEAN, STD)
        for start in range(0, len(pictures) - batch + 1, batch)
    ]


def measure(name: str, options: argparse.Namespace, batches: list[torch.Tensor]) -> None:
    """Print the row of a model."""
    weights = options.weights if options.weights and options.weights.stem == name else None
    model = model_of(name, weights)
    sides, right = sides_of(model), copy.deepcopy(model).double()
    labels = torch.arange(options.batch) % CLASSES
    for side in sides.values():
        gradient(side, batches[0], labels)  # warm
    errors: dict[str, list[float]] = {side: [] for side in SIDES}
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    for images in batches:
        true, _ = gradient(right, images.double(), labels)
        for side in SIDES:
            mine, seconds = gradient(sides[side], images, labels)
            errors[side].append(float((mine - true).norm() / true.norm()))
            times[side].append(seconds)
    rms = {side: statistics.fmean(error**2 for error in errors[side]) ** 0.5 for side in SIDES}
    print(f"{name}{' (trained)' if weights else ''} at {options.size}, {len(batches)} batches of {options.batch}")
    print("  error of the gradient: " + ", ".join(f"{side} {100 * rms[side]:.4f} %" for side in SIDES))
    print(f"  ours / plain {rms['ours'] / rms['plain']:.2f}, old / plain {rms['old'] / rms['plain']:.1f}")
    for side in ("plain", "old"):
        ratios = [mine / other for mine, other in zip(times["ours"], times[side], strict=True)]
        print(f"  time of a step, ours / {side}: {with_interval(ratios, 2)}", flush=True)


def main() -> None:
    """Measure, and print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=MODELS, action="append")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--pictures", type=Path, help="a folder of pictures to use")
    parser.add_argument("--weights", type=Path, help="weights of the model that the file is named after")
    options = parser.parse_args()
    torch.set_num_threads(1)
    needed = options.batch * options.batches
    root = options.pictures
    if root is None:
        root = write_pictures(Path(tempfile.gettempdir()) / "finetune-tui-bench" / str(needed), needed, 64) / "train"
    batches = read_batches(root, options.size, options.batch, options.batches)
    print(f"one thread of {os.cpu_count()} processors, torch {torch.__version__}")
    for name in options.model or MODELS:
        measure(name, options, batches)


if __name__ == "__main__":
    main()
