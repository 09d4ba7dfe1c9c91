"""Time to a test accuracy, against the plain loop: `python -m tests.bench.accuracy`.

Both train the demo's pretrained arm from the same weights with the same rates and schedule, on pictures that are
there already, each in a process of its own, in turns, timed from the first look at the pictures (after the imports)
to the end of the evaluation that reaches the goal.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOALS = (0.90, 0.94)


def ours(seed: int) -> dict[float, float]:
    """This program, with nothing prepared."""
    from engine import Run
    from engine.protocol import EvalDone

    reached: dict[float, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        for event in Run(_config(seed, f"checkpoint.dir={folder}")).events():
            if isinstance(event, EvalDone):
                _note(reached, event.accuracy, time.perf_counter() - began)
    return reached


def plain(seed: int) -> dict[float, float]:
    """The recipe's loop as one writes it, with two loader processes."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    from engine.arms.optimizer import build_optimizer
    from engine.demo.dataset import CLASSES, default_root
    from engine.models import build, preparation
    from engine.recipes.table import recipe_of

    config = _config(seed)
    built, prepared = build(config.model, tuple(CLASSES), "pretrained", seed), preparation(config.model, None)
    model, optimizer = built.model, build_optimizer(recipe_of(config).groups(built, "pretrained"), config.optim)
    root, size, reached = default_root(seed), prepared.image_size, dict[float, float]()
    last = [transforms.ToTensor(), transforms.Normalize(prepared.mean, prepared.std)]
    crops = [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), *last]
    centre = [transforms.Resize(prepared.resize_size), transforms.CenterCrop(size), *last]
    began = time.perf_counter()
    loaders = [
        DataLoader(
            datasets.ImageFolder(str(root / part), transforms.Compose(steps)),
            config.data.batch_size,
            shuffle=part == "train",
            num_workers=2,
            persistent_workers=True,
        )
        for part, steps in (("train", crops), ("test", centre))
    ]
    train, test = loaders
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.train.epochs * len(train))
    for _ in range(config.train.epochs):
        model.train()
        for images, labels in train:
            loss = cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        model.eval()
        with torch.inference_mode():
            right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in test)
        _note(reached, right / len(test.dataset), time.perf_counter() - began)  # type: ignore[arg-type]
    return reached


def _config(seed: int, *settings: str):
    from engine import load_config

    return load_config("configs/demo.yaml", [f"seed={seed}", *settings])


def _note(reached: dict[float, float], accuracy: float, seconds: float) -> None:
    for goal in GOALS:
        if accuracy >= goal:
            reached.setdefault(goal, seconds)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--side", choices=("ours", "plain"), help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps({"ours": ours, "plain": plain}[options.side](options.seed)))
        return
    from engine.demo.dataset import default_root, ensure_demo_dataset

    times: dict[str, list[dict[str, float]]] = {"ours": [], "plain": []}
    for seed in range(options.seeds):
        list(ensure_demo_dataset(default_root(seed), seed))
        for side, found in times.items():
            command = [sys.executable, "-m", "tests.bench.accuracy", "--side", side, "--seed", str(seed)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd())
            found.append(json.loads(answer.stdout.splitlines()[-1]))
    print("| test accuracy | ours | plain loop | plain / ours |\n|---|---|---|---|")
    for goal in GOALS:
        cells, medians = [], []
        for found in times.values():
            reached = [seconds[str(goal)] for seconds in found if str(goal) in seconds]
            medians.append(statistics.median(reached) if reached else float("nan"))
            cells.append(f"{medians[-1]:.1f} s ({len(reached)} of {len(found)})")
        print(f"| {goal:.0%} | {' | '.join(cells)} | {medians[1] / medians[0]:.1f} |")


if __name__ == "__main__":
    main()
