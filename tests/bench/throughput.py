"""Pictures a second in training, against the plain loop and the limit: `python -m tests.bench.throughput`.

`limit` is the same eager step on one batch in memory; `plain` the recipe's loop with two loader processes;
`first` and `second` this program in its first and second epoch, `compiled` the second one of a compiled step.
Each round runs every side in a process of its own, one after the other; the table has the medians and their
ratios to the limit.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.pictures import write_pictures

CASES = {
    "data-bound": {"model": "shufflenet_v2_x0_5", "size": 64, "batch": 64, "pictures": 2048, "steps": 24},
    "compute-bound": {"model": "resnet18", "size": 224, "batch": 32, "pictures": 192, "steps": 6},
}
SIDES = ("limit", "plain", "first", "second", "compiled")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def limit(case: dict, root: Path) -> dict[str, float]:
    """The eager step on one batch."""
    import torch

    step = _plain_step(case)
    images = torch.randint(0, 256, (case["batch"], 3, case["size"], case["size"]), dtype=torch.uint8)
    labels = torch.randint(0, 2, (case["batch"],))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    for number in range(case["steps"] + 2):
        if number == 2:
            began = time.perf_counter()
        step((images.float() / 255 - mean) / std, labels)
    return {"limit": case["steps"] * case["batch"] / (time.perf_counter() - began)}


def plain(case: dict, root: Path) -> dict[str, float]:
    """The recipe's loop as one writes it, with two loader processes; its second epoch."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    prepare = transforms.Compose(
        [
            transforms.RandomResizedCrop(case["size"]),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    data = datasets.ImageFolder(str(root / "train"), prepare)
    loader = DataLoader(data, case["batch"], shuffle=True, num_workers=2, persistent_workers=True)
    step = _plain_step(case)
    for _ in range(2):
        began = time.perf_counter()
        for images, labels in loader:
            step(images, labels)
        seconds = time.perf_counter() - began
    return {"plain": len(data) / seconds}


def compiled(case: dict, root: Path) -> dict[str, float]:
    """This program with a compiled step, its second epoch."""
    return {"compiled": ours(case, root, "train.compile=true")["second"]}


def ours(case: dict, root: Path, *settings: str) -> dict[str, float]:
    """This program, its first epoch (with all that comes before it) and its second."""
    from engine import Run, load_config
    from engine.protocol import EvalDone, TrainStep

    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        basic = {
            "data.root": root,
            "data.image_size": case["size"],
            "data.batch_size": case["batch"],
            "model.name": case["model"],
            "init": "scratch",
            "device": "cpu",
            "train.epochs": 2,
            "checkpoint.dir": f"{folder}/runs",
        }
        config = load_config("configs/folder.yaml", [*(f"{key}={value}" for key, value in basic.items()), *settings])
        result: dict[str, float] = {}
        began = time.perf_counter()
        for event in Run(config).events():
            if isinstance(event, TrainStep):
                done = time.perf_counter()
            elif isinstance(event, EvalDone):
                result["first" if event.epoch == 1 else "second"] = case["pictures"] / (done - began)
                began = time.perf_counter()
    return result


def _plain_step(case: dict):
    import torch
    from torch.nn.functional import cross_entropy
    from torchvision.models import get_model

    model = get_model(case["model"], num_classes=2).train()
    optimizer = torch.optim.SGD(model.parameters(), 5e-4, momentum=0.9, weight_decay=1e-3)

    def step(images, labels):
        loss = cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, default=Path(tempfile.gettempdir()) / "finetune-tui-bench")
    options = parser.parse_args()
    for name in options.case or CASES:
        case = CASES[name]
        root = write_pictures(options.root / str(case["pictures"]), case["pictures"], 64)
        if options.side:
            print(
                json.dumps(
                    {"limit": limit, "plain": plain, "ours": ours, "compiled": compiled}[options.side](case, root)
                )
            )
            continue
        figures: dict[str, list[float]] = {side: [] for side in SIDES}
        for _ in range(options.rounds):
            for side in ("limit", "plain", "ours", "compiled"):
                command = [sys.executable, "-m", "tests.bench.throughput", "--case", name, "--side", side]
                answer = subprocess.run([*command, "--root", options.root], capture_output=True, text=True, check=True)
                for key, value in json.loads(answer.stdout.splitlines()[-1]).items():
                    figures[key].append(value)
        medians = {side: statistics.median(values) for side, values in figures.items()}
        print(f"{name}: {case['model']} at {case['size']}, batch {case['batch']}, {os.cpu_count()} processors")
        for side, value in medians.items():
            spread = f"{min(figures[side]):.1f}..{max(figures[side]):.1f}"
            print(f"  {side:<9}{value:8.1f} images/s  {value / medians['limit']:5.2f} of the limit  ({spread})")


if __name__ == "__main__":
    main()
