"""Accuracy and processor seconds of recipes on real pictures: `python -m tests.bench.recipes`.

`lesson` and `auto` are this program's; the others are written plainly in `tests.bench.peers`. `auto` chooses its own
number of epochs; all others have `--epochs`. All train MobileNetV2 from the same ImageNet weights on the same pictures.
Each run is a process of its own; the time is that of its
processors from the first look at the pictures (after the imports) to the score on the test pictures. Seeds are the
outermost loop, so that other work on the machine disturbs all recipes alike and each whole seed adds to the tables. The
data sets are folders `FOLDER/NAME/train` and `FOLDER/NAME/test` with a folder for each class; none comes with the
program.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.pairs import difference
from tests.bench.peers import FINE_TUNE, PEERS, train
from tests.bench.run_log import Case, RunLog, run_cases

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
    """Print tables, recipes by data sets, after each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with the data sets and mobilenet_v2.pth")
    parser.add_argument("--sets", nargs="+", default=["fashion", "emoji", "mnist"])
    parser.add_argument("--recipes", nargs="+", default=[*OURS, *PEERS, FINE_TUNE])
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], help="a further setting of the program's own recipes")
    parser.add_argument("--log", type=Path, help="a file with a line for each run; those in it are not run again")
    parser.add_argument("--one", nargs=3, metavar=("SET", "RECIPE", "SEED"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        name, recipe, seed = args.one
        print(json.dumps(one(args.folder, name, recipe, int(seed), args.epochs, args.set)))
        return
    log, common = RunLog(args.log), [f"--epochs={args.epochs}", *(f"--set={text}" for text in args.set)]
    cases = [
        Case("recipes", name, recipe, seed, " ".join(common))
        for seed in range(args.first, args.first + args.seeds)
        for name in args.sets
        for recipe in args.recipes
    ]
    words = ["tests.bench.recipes", str(args.folder), *common]
    run_cases(
        cases,
        log,
        lambda case: [*words, "--one", case.data, case.side, str(case.seed)],
        lambda: print(tables(log, args.recipes, args.sets, " ".join(common)), flush=True),
    )


def tables(log: RunLog, recipes: Sequence[str], sets: Sequence[str], options: str) -> str:
    """Accuracy and time of each recipe, and the differences to `auto` by seed."""
    head = ["| recipe |" + "".join(f" {name} |" for name in sets), "|---|" + "---|" * len(sets)]
    first = ["test accuracy in % (standard error), median of processor seconds, number of seeds", *head]
    second = ["points more than `auto`, by seed (95 % interval), number of seeds", *head]
    for recipe in recipes:
        cells, differences = [], []
        for name in sets:
            scores = log.by_seed("recipes", name, recipe, options, "accuracy")
            seconds = log.by_seed("recipes", name, recipe, options, "seconds")
            cells.append(_mean(scores, seconds))
            differences.append(_points(scores, log.by_seed("recipes", name, "auto", options, "accuracy")))
        first.append(f"| {recipe} |" + "".join(cells))
        if recipe != "auto":
            second.append(f"| {recipe} |" + "".join(differences))
    return "\n".join([*first, "", *second, ""])


def _mean(scores: dict[int, float], seconds: dict[int, float]) -> str:
    if not scores:
        return " - |"
    values = [100 * score for score in scores.values()]
    error = f" ({statistics.stdev(values) / len(values) ** 0.5:.1f})" if len(values) > 1 else ""
    return f" {statistics.fmean(values):.1f}{error}, {statistics.median(seconds.values()):.0f} s, {len(values)} |"


def _points(scores: dict[int, float], auto: dict[int, float]) -> str:
    found = difference(scores, auto)
    if found is None:
        return " - |"
    low, high = found.interval
    return f" {100 * found.mean:+.1f} ({100 * low:+.1f}..{100 * high:+.1f}), {found.pairs} |"


if __name__ == "__main__":
    main()
