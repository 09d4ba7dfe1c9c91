"""How often a sound run is called faulty, and whether a faulty one is: `python -m tests.bench.verdicts [FOLDER]`.

Twenty sound runs of different models, recipes, arms, data and seeds, and runs that are made to have a fault each. All
verdicts are asked for after every epoch; a table says which ones came, and in which epochs. FOLDER is that of
`tests.bench.recipes`; without it, only the runs on the demo's pictures are made.
"""

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

DEMO, SLOW = "demo", ("optim.groups.backbone.lr=1e-6", "optim.groups.head.lr=1e-5")
MIDDLE = ("optim.groups.backbone.lr=2e-3", "optim.groups.head.lr=2e-2")
PLAIN = ("data.augment=false", "model.dropout=0")


@dataclass(frozen=True)
class Case:
    """A run, and the verdict that it is made for."""

    data: str
    settings: tuple[str, ...]
    seed: int = 0
    fault: str = ""
    "empty: it is sound"
    made: str = ""
    "what is done to the pictures: see `_made`"


def _cases(arm: str, *settings: str, data: str = DEMO, seeds: int = 1) -> list[Case]:
    return [Case(data, (f"init={arm}", *settings), seed) for seed in range(seeds)]


SOUND: list[Case] = [
    *_cases("pretrained", seeds=2),
    *_cases("scratch", seeds=2),
    *_cases("pretrained", "recipe=auto", seeds=2),
    *_cases("pretrained", "recipe=auto", "train.epochs=0"),
    *_cases("scratch", "recipe=auto", "train.epochs=6"),
    *_cases("pretrained", "train.mixup=0.2", "train.epochs=6"),
    *_cases("pretrained", "recipe=auto", "train.epochs=5", "data.balance=sqrt"),
    *_cases("pretrained", "optim.groups.backbone.frozen=true", "data.augment=false", seeds=2),
    *_cases("pretrained", "recipe=auto", data="emoji", seeds=2),
    *_cases("pretrained", "recipe=auto", data="mnist"),
    *_cases("scratch", "optim.scratch_lr=0.02", "train.epochs=8", "model.name=shufflenet_v2_x0_5", data="mnist"),
    *_cases("pretrained", "train.epochs=5", *MIDDLE, data="emoji"),
    *_cases("pretrained", "train.epochs=3", *MIDDLE, *PLAIN, data="mnist"),
    *_cases("scratch", "recipe=auto", "train.epochs=5", "model.name=shufflenet_v2_x0_5", data="fashion"),
    *_cases("pretrained", "recipe=auto", "train.epochs=3", data="fashion"),
]
FAULTY: list[Case] = [
    Case(DEMO, ("train.epochs=4", "optim.groups.backbone.lr=1e-8", "optim.groups.head.lr=1e-8"), 0, "rate-too-small"),
    Case(DEMO, ("train.epochs=4", "init=scratch", "optim.scratch_lr=1e-7"), 0, "rate-too-small"),
    Case("mnist", ("train.epochs=4", "recipe=auto", "optim.lr=1e-8"), 0, "rate-too-small"),
    Case(DEMO, ("train.epochs=4", "init=scratch", "optim.scratch_lr=5"), 0, "rate-too-large"),
    Case(DEMO, ("train.epochs=4", "recipe=auto", "optim.lr=1"), 0, "rate-too-large"),
    Case(DEMO, ("train.epochs=4", "optim.groups.backbone.lr=1", "optim.groups.head.lr=10"), 0, "rate-too-large"),
    Case(DEMO, ("train.epochs=4", *SLOW), 1, "head-not-fitted"),
    Case("mnist", ("train.epochs=5", *PLAIN), 0, "head-not-fitted"),
    Case(DEMO, ("train.epochs=3", "init=scratch", "data.batch_size=120"), 0, "few-steps"),
    Case("emoji", ("train.epochs=3", "data.batch_size=128", "optim.groups.head.lr=1e-2"), 0, "few-steps"),
    Case(
        "mnist",
        ("train.epochs=25", "init=scratch", "optim.scratch_lr=0.02", "model.name=shufflenet_v2_x0_5", *PLAIN),
        0,
        "overfitting",
        "swapped",
    ),
    Case("mnist", ("train.epochs=14", *MIDDLE, *PLAIN), 0, "overfitting", "swapped"),
    Case("fashion", ("data.split_val=false", "train.epochs=4", *MIDDLE), 0, "never-predicted", "uneven"),
    Case(DEMO, ("train.epochs=3", "data.prepare=false", "data.batch_size=4"), 0, "data-waits", "large"),
]


def _made(root: Path, how: str, target: Path) -> Path:
    """A copy of the pictures in `root`, spoiled: labels `swapped`, classes `uneven`, or pictures `large`."""
    rng, kept = random.Random(how), dict[str, int]()
    classes = sorted(entry.name for entry in (root / "train").iterdir())
    for file in sorted(root.glob("t*/*/*")):
        part, name = file.parts[-3:-1]
        if how == "uneven" and part == "train" and name in classes[:2]:
            kept[name] = kept.get(name, 0) + 1
            if kept[name] > 3:
                continue
        if how == "swapped" and part == "train" and rng.random() < 0.4:
            name = rng.choice([other for other in classes if other != name])
        if how == "large" and rng.random() > 0.12:
            continue
        (target / part / name).mkdir(parents=True, exist_ok=True)
        if how == "large":
            Image.open(file).convert("RGB").resize((1600, 1600)).save(target / part / name / f"{file.stem}.png")
        else:
            (target / part / name / f"{file.parent.name}-{file.name}").symlink_to(file)
    return target


def verdicts(case: Case, folder: Path, runs: str) -> Iterator[tuple[int, list[str]]]:
    """The names of all verdicts after each epoch, the one first that is said."""
    from engine import Run, load_config
    from engine.demo.dataset import default_root
    from engine.figures.arm import ArmView, fold_into
    from engine.figures.verdicts import sentence, verdicts_of
    from engine.protocol import Arm, EpochDone, HeadFitted, RunFailed, RunStarted

    demo = case.data == DEMO
    settings = [f"seed={case.seed}", f"checkpoint.dir={runs}", "train.compile=false", "data.threads=1"]
    root = default_root(case.seed) if demo else (folder / case.data).resolve()
    if case.made:
        root = _made(root, case.made, Path(runs, "pictures"))
    if not demo:
        settings += ["data.image_size=64", "model.name=mobilenet_v2", f"model.weights={folder / 'mobilenet_v2.pth'}"]
        settings += ["recipe=lesson", "data.split_val=true"]
    if not demo or case.made:
        settings += [f"data.root={root}", "data.source=folder", "data.prepare=false"]
    arms: dict[Arm, ArmView] = {}
    config = load_config("configs/demo.yaml" if demo else "configs/folder.yaml", [*settings, *case.settings])
    started: RunStarted | None = None
    for event in Run(config).events():
        started = event if isinstance(event, RunStarted) else started
        fold_into(arms, event)
        if isinstance(event, RunFailed):
            raise SystemExit(f"{event.title}: {event.message}")
        if isinstance(event, EpochDone | HeadFitted) and started is not None:
            found = verdicts_of(started, arms[event.arm])
            yield getattr(event, "epoch", 0), [verdict.name for verdict in found]
            for verdict in found[:1]:
                print(f"    {getattr(event, 'epoch', 0)}: {sentence(verdict)}", flush=True)


def main() -> None:
    """Print a line for each run, and then how many were right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="a folder with the data sets and mobilenet_v2.pth")
    parser.add_argument("--faulty", action="store_true", help="only the runs with a fault")
    parser.add_argument("--sound", action="store_true", help="only the sound runs")
    parser.add_argument("--skip", type=int, default=0, help="runs to leave out at the beginning")
    parser.add_argument("--only", default="", help="only the runs of this data set or this fault")
    args = parser.parse_args()
    cases = [*([] if args.faulty else SOUND), *([] if args.sound else FAULTY)]
    counts = {"sound": 0, "sound, with a verdict": 0, "faulty": 0, "faulty, found": 0}
    for case in cases[args.skip :]:
        if (case.data != DEMO and args.folder is None) or args.only not in ("", case.data, case.fault):
            continue
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as runs:
            found = list(verdicts(case, args.folder or Path(), runs))
        said = [(names[0], epoch) for epoch, names in found if names]
        text = "; ".join(
            f"{name} ({', '.join(str(epoch) for _, epoch in epochs)})"
            for name, epochs in itertools.groupby(said, key=lambda item: item[0])
        )
        counts["faulty" if case.fault else "sound"] += 1
        if case.fault:
            counts["faulty, found"] += any(name == case.fault for name, _ in said)
        else:
            counts["sound, with a verdict"] += bool(said)
        about = f"{case.data} {case.seed} {' '.join((*case.settings, case.made))}".strip()
        cells = (case.fault or "sound", about, str(len(found)), text or "-", f"{time.perf_counter() - began:.0f} s")
        print(f"| {' | '.join(cells)} |", flush=True)
    print(counts)


if __name__ == "__main__":
    main()
