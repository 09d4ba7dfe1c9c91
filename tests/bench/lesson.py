"""The recipe `lesson` against a plain PyTorch loop of the same recipe: `python -m tests.bench.lesson FOLDER`.

Both fine-tune MobileNetV2 from the same ImageNet weights and, by seed, the same new last layer: SGD with momentum, a
rate for the backbone and ten times it for the last layer, constant, batch norm and dropout in training mode. The plain
loop is torchvision's model, transforms and `ImageFolder`, torch's `DataLoader` and `SGD`. Crops, flips, dropout and the
order of pictures are drawn by each side with random numbers of its own, so many seeds are needed.

The figure is the accuracy on the test pictures after the last step. The recipe learns slowly, and far from chance two
loops differ more easily than near it; so batches are small by default, which gives more steps in as much time.
The data sets are those of `tests.bench.recipes`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from tests.bench.pairs import difference
from tests.bench.run_log import Case, RunLog, run_cases

SIDES = ("ours", "plain")


def ours(settings: list[str]) -> float:
    """The last test accuracy of this program, in 0..1."""
    from engine import Run, load_config
    from engine.protocol import RunFailed, RunFinished

    with tempfile.TemporaryDirectory() as runs:
        *_, end = Run(load_config("configs/folder.yaml", [*settings, f"checkpoint.dir={runs}"])).events()
    if isinstance(end, RunFailed):
        raise SystemExit(f"{end.title}: {end.message}")
    assert isinstance(end, RunFinished) and end.part == "test" and end.accuracy is not None
    return end.accuracy


def plain(settings: list[str]) -> float:
    """The same of the loop as one writes it."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader
    from torchvision import datasets, models, transforms

    from engine import load_config
    from engine.models import build, preparation

    config = load_config("configs/folder.yaml", settings)
    prepared, size = preparation(config.model, config.data.image_size), config.data.image_size
    last = [transforms.ToTensor(), transforms.Normalize(prepared.mean, prepared.std)]
    crops = [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), *last]
    centre = [transforms.Resize(prepared.resize_size), transforms.CenterCrop(size), *last]
    train, test = (
        datasets.ImageFolder(str(config.data.root / part), transforms.Compose(steps))
        for part, steps in (("train", crops), ("test", centre))
    )
    model = models.mobilenet_v2(num_classes=len(train.classes))
    model.load_state_dict(build(config.model, train.classes, "pretrained", config.seed).model.state_dict())
    head = model.classifier[-1]
    optim, rates = config.optim, config.optim.groups
    optimizer = torch.optim.SGD(
        [
            {"params": model.features.parameters(), "lr": rates.backbone.lr},
            {"params": head.parameters(), "lr": rates.head.lr},
        ],
        momentum=optim.momentum,
        weight_decay=optim.weight_decay,
    )
    torch.manual_seed(config.seed)
    model.train()
    for _ in range(config.train.epochs):
        for images, labels in DataLoader(train, config.data.batch_size, shuffle=True):
            loss = cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.inference_mode():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in DataLoader(test, 64))
    return right / len(test)


def main() -> None:
    """Measure, and print the table after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder with the data sets and mobilenet_v2.pth")
    parser.add_argument("--sets", nargs="+", default=["fashion", "emoji"])
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--size", type=int, default=48, help="side of the pictures")
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--log", type=Path, help="a file with a line for each run; those in it are not run again")
    parser.add_argument("--one", nargs=3, metavar=("SIDE", "SET", "SEED"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        side, name, seed = args.one
        began = time.process_time()
        accuracy = {"ours": ours, "plain": plain}[side](_settings(args, name, int(seed)))
        print(json.dumps({"accuracy": accuracy, "seconds": time.process_time() - began}))
        return
    log = RunLog(args.log)
    common = [f"--epochs={args.epochs}", f"--size={args.size}", f"--batch={args.batch}"]
    cases = [
        Case("lesson", name, side, seed, " ".join(common))
        for seed in range(args.first, args.first + args.seeds)
        for name in args.sets
        for side in SIDES
    ]
    words = ["tests.bench.lesson", str(args.folder), *common]
    run_cases(
        cases,
        log,
        lambda case: [*words, "--one", case.side, case.data, str(case.seed)],
        lambda: print(table(log, args.sets, " ".join(common)), flush=True),
    )


def _settings(args: argparse.Namespace, name: str, seed: int) -> list[str]:
    weights = args.folder / "mobilenet_v2.pth"
    return [
        *(f"data.root={args.folder / name}", "model.name=mobilenet_v2", f"model.weights={weights}", "recipe=lesson"),
        *(f"seed={seed}", f"data.image_size={args.size}", f"data.batch_size={args.batch}", "data.prepare=false"),
        *(f"train.epochs={args.epochs}", "data.threads=1", "train.compile=false", "device=cpu"),
    ]


def table(log: RunLog, sets: list[str], options: str) -> str:
    """Mean accuracy of both sides in %, and the difference by seed with its interval."""
    lines = ["| set | seeds | ours | plain loop | ours - plain loop (95 % interval) |", "|---|---|---|---|---|"]
    for name in sets:
        sides = [log.by_seed("lesson", name, side, options, "accuracy") for side in SIDES]
        found = difference(*sides)
        if found is None:
            continue
        means = [100 * sum(side.values()) / len(side) for side in sides]
        low, high = found.interval
        lines.append(
            f"| {name} | {found.pairs} | {means[0]:.1f} | {means[1]:.1f} "
            f"| {100 * found.mean:+.1f} ({100 * low:+.1f}..{100 * high:+.1f}) |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
