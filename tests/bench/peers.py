"""Recipes of other programs, written plainly, for `tests.bench.recipes`.

Each trains torchvision's model from the same weights, on the same pictures, for as many epochs. What they have in
common is the usual: crops of 8 to 100 % of the area, flips, batches of 64, batch norm trained, a random new last layer.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from engine.config import RunConfig
from engine.data.pictures import Preparation
from engine.models import BuiltModel, build, preparation


@dataclass(frozen=True)
class Peer:
    """What a recipe decides."""

    rate: float
    "of the head"
    weight_decay: float = 0.01
    cosine: bool = False
    "with a warm-up over a tenth of the steps"
    clip: float | None = None
    layer_decay: float = 1.0
    "rate of a stage divided by that of the next one"


PEERS = {
    "AdamW 1e-4, constant": Peer(1e-4),
    "AdamW 6e-4, cosine, clip 3 (as lightly-train)": Peer(6e-4, cosine=True, clip=3.0),
    "AdamW 1e-4, layer decay 0.9, cosine, clip 1 (as AutoGluon)": Peer(
        1e-4, weight_decay=1e-3, cosine=True, clip=1.0, layer_decay=0.9
    ),
}
FINE_TUNE = "fine_tune (as fastai)"


def train(name: str, config: RunConfig, classes: Sequence[str], epochs: int) -> float:
    """Train with the recipe of that name; the accuracy on the test pictures after the last epoch, in 0..1."""
    torch.manual_seed(config.seed)
    random.seed(config.seed)
    built, prepared = (
        build(config.model, classes, "pretrained", config.seed),
        preparation(config.model, config.data.image_size),
    )
    loader = _loader(config, prepared, "train")
    if name == FINE_TUNE:
        _fine_tune(built, loader, epochs)
    else:
        _constant_groups(built, loader, epochs, PEERS[name])
    return _accuracy(built.model, _loader(config, prepared, "test"))


def _constant_groups(built: BuiltModel, loader: DataLoader, epochs: int, peer: Peer) -> None:
    """All layers from the first step on, each stage with its own rate."""
    stages = list(built.stages.values())
    parameters = dict(built.model.named_parameters())
    depth = {name: len(stages) - number for number, names in enumerate(stages) for name in names}
    groups = [
        {"params": [value], "base": peer.rate * peer.layer_decay ** depth.get(name, 0)}
        for name, value in parameters.items()
    ]
    optimizer = torch.optim.AdamW(groups, lr=peer.rate, weight_decay=peer.weight_decay)
    total = epochs * len(loader)
    warmup = max(round(0.1 * total), 1)

    def rate(step: int) -> float:
        if not peer.cosine:
            return 1.0
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / max(total - warmup, 1))) / 2

    _train(built.model, optimizer, loader, epochs, rate, peer.clip)


def _fine_tune(built: BuiltModel, loader: DataLoader, epochs: int) -> None:
    """`Learner.fine_tune(epochs - 1)` of fastai 2 with its defaults: an epoch of the head and batch norms, then all.

    Its rates: 2e-3 for the frozen epoch; then 1e-3 for the head down to 1e-5 for the first layers, one-cycle, AdamW.
    Its larger head with two linear layers is left out, so that all recipes train the same model.
    """
    model, norms = built.model, (nn.BatchNorm1d, nn.BatchNorm2d)
    of_norms = {id(p) for module in model.modules() if isinstance(module, norms) for p in module.parameters()}
    inside = f"{built.head}."
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(inside) or id(parameter) in of_norms)
    trained = [{"params": [p], "base": 2e-3} for p in model.parameters() if p.requires_grad]
    first = torch.optim.AdamW(trained, lr=2e-3, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)
    _train(model, first, loader, 1, _one_cycle(len(loader), start=0.99, div=25.0), None)
    model.requires_grad_(True)
    stages = list(built.stages.values())
    third = {name: 3 * number // len(stages) for number, names in enumerate(stages) for name in names}
    rates = (1e-5, 1e-4, 1e-3)
    groups = [
        {"params": [value], "base": rates[min(third.get(name, 2), 1 if name in third else 2)]}
        for name, value in model.named_parameters()
    ]
    second = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)
    _train(model, second, loader, epochs - 1, _one_cycle((epochs - 1) * len(loader), start=0.3, div=5.0), None)


def _one_cycle(total: int, start: float, div: float) -> Callable[[int], float]:
    """fastai's `fit_one_cycle`: up from 1 / div to 1 over the first part, then down, both along half cosines."""
    top = max(round(start * total), 1)

    def rate(step: int) -> float:
        if step < top:
            return 1 / div + (1 - 1 / div) * (1 - math.cos(math.pi * step / top)) / 2
        return (1 + math.cos(math.pi * (step - top) / max(total - top, 1))) / 2

    return rate


def _train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loader: DataLoader,
    epochs: int,
    rate: Callable[[int], float],
    clip: float | None,
) -> None:
    step = 0
    for _ in range(epochs):
        model.train()
        for images, labels in loader:
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * rate(step)
            optimizer.zero_grad()
            cross_entropy(model(images), labels).backward()
            if clip is not None:
                clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            step += 1


def _loader(config: RunConfig, prepared: Preparation, part: str) -> DataLoader:
    size = prepared.image_size
    last = [transforms.ToTensor(), transforms.Normalize(prepared.mean, prepared.std)]
    crops = [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), *last]
    centre = [transforms.Resize(prepared.resize_size), transforms.CenterCrop(size), *last]
    steps = transforms.Compose(crops if part == "train" else centre)
    pictures = datasets.ImageFolder(str(config.data.root / part), steps)  # type: ignore[operator]
    return DataLoader(pictures, config.data.batch_size, shuffle=part == "train")


@torch.inference_mode()
def _accuracy(model: nn.Module, loader: DataLoader) -> float:
    model.eval()
    right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in loader)
    return right / len(loader.dataset)  # type: ignore[arg-type]
