"""Accuracy and processor seconds of recipes on real pictures: `python -m tests.bench.recipes`.

`lesson` and `auto` are this program's; the others are written plainly in `tests.bench.peers`. `auto` chooses its own
number of epochs; all others have `--epochs`. All train MobileNetV2 from the same ImageNet weights on the same pictures.
Each run is a process of its own; the time is that of its
processors from the first look at the pictures (after the imports) to the score on the test pictures. The data sets are
folders `FOLDER/NAME/train` and `FOLDER/NAME/test` with a folder for each class; none comes with the program.
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

from tests.bench.peers import FINE_TUNE, PEERS, train

OURS = ("lesson", "auto")


def one(folder: Path, name: str, recipe: str, seed: int, epochs: int, further: list[str]) -> dict[str, float]:
    """The test accuracy and the processor seconds of one run."""
    from engine import Run, load_config
    from engine.protocol import RunFailed, RunFinished

    with tempfile.TemporaryDirectory() as runs:
        own = recipe if recipe in OURS else "lesson"
        settings = [f"data.root={folder / name}", "model.name=mobilenet_v2", f"recipe={own}", f"seed={seed}"]
        settings += [f"model.weights={folder / 'mobilenet_v2.pth'}", "data.image_size=96", "data.threads=1"]
        settings += ["data.prepare=false", "train.compile=false", f"checkpoint.dir={runs}", *further]
        if recipe != "auto":  # which chooses its epochs itself
            settings.append(f"train.epochs={epochs}")
        config = load_config("configs/folder.yaml", settings)
        began = time.process_time()
        if recipe in OURS:
            *_, end = Run(config).events()
            if isinstance(end, RunFailed):
                raise SystemExit(f"{end.title}: {end.message}")
            assert isinstance(end, RunFinished) and end.accuracy is not None
            accuracy = end.accuracy if end.test_accuracy is None else end.test_accuracy
        else:
            classes = sorted(entry.name for entry in (folder / name / "train").iterdir())
            accuracy = train(recipe, config, classes, epochs)
        return {"accuracy": accuracy, "seconds": time.process_time() - began}


def main() -> None:
    """Print a table: recipes by data sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with the data sets and mobilenet_v2.pth")
    parser.add_argument("--sets", nargs="+", default=["fashion", "emoji", "mnist"])
    parser.add_argument("--recipes", nargs="+", default=[*OURS, *PEERS, FINE_TUNE])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], help="a further setting of the program's own recipes")
    parser.add_argument("--one", nargs=3, metavar=("SET", "RECIPE", "SEED"))
    args = parser.parse_args()
    if args.one:
        name, recipe, seed = args.one
        print(json.dumps(one(args.folder, name, recipe, int(seed), args.epochs, args.set)))
        return
    print(f"test accuracy in % (standard error) and processor seconds, {args.seeds} seeds, {args.epochs} epochs")
    print("| recipe |" + "".join(f" {name} |" for name in args.sets))
    print("|---|" + "---|" * len(args.sets))
    for recipe in args.recipes:
        cells = []
        for name in args.sets:
            runs = [_in_process(args, name, recipe, seed) for seed in range(args.seeds)]
            scores = [100 * run["accuracy"] for run in runs]
            error = statistics.stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0
            seconds = statistics.median(run["seconds"] for run in runs)
            cells.append(f" {statistics.mean(scores):.1f} ({error:.1f}), {seconds:.0f} s |")
        print(f"| {recipe} |" + "".join(cells), flush=True)


def _in_process(args: argparse.Namespace, name: str, recipe: str, seed: int) -> dict[str, float]:
    words = [str(args.folder), "--epochs", str(args.epochs), *(f"--set={text}" for text in args.set)]
    words += ["--one", name, recipe, str(seed)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.recipes", *words], env=environment, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
