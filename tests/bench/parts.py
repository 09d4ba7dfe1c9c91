"""What each part of the recipe `auto` is worth: `python -m tests.bench.parts FOLDER`.

`auto` is trained as it is, and with one of its choices at a time replaced by the setting that one would have without
it. The figure is the accuracy of the best weights on the validation pictures, a fifth of each class that is taken from
the training pictures; the test pictures play no role. The data sets and the model are those of `tests.bench.recipes`.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.pairs import Difference, average, difference
from tests.bench.run_log import Case, RunLog, run_cases

WHOLE = "auto"
PARTS = {
    "fine-tuning after the fitted head": "train.epochs=0",
    "fitted head": "model.head=random",
    "frozen batch norm": "model.batch_norm=train",
    "crops of 50 % of the area and more": "data.crop_scale=0.08",
    "cosine": "schedule.name=constant",
    "no dropout": "model.dropout=0.2",
    "clipping": "train.clip=null",
    "warm-up": "schedule.warmup=0",
    "weight decay": "optim.weight_decay=0",
    "no decay on norms and biases": "optim.decay_norms=true",
}
"a part, and the setting without it; the parts that are presumably worth most come first"


def one(folder: Path, name: str, part: str, seed: int, size: int) -> dict[str, float]:
    """The best validation accuracy, in 0..1, and the processor seconds of a run without a part."""
    from engine import Run, load_config
    from engine.protocol import RunFailed, RunFinished

    settings = [f"data.root={folder / name}", "model.name=mobilenet_v2", "recipe=auto", f"seed={seed}"]
    settings += [f"model.weights={folder / 'mobilenet_v2.pth'}", f"data.image_size={size}", "data.threads=1"]
    settings += ["data.prepare=false", "train.compile=false", "device=cpu"]
    settings += [PARTS[part]] if part != WHOLE else []
    with tempfile.TemporaryDirectory() as runs:
        config = load_config("configs/folder.yaml", [*settings, f"checkpoint.dir={runs}"])
        began = time.process_time()
        *_, end = Run(config).events()
        seconds = time.process_time() - began
    if isinstance(end, RunFailed):
        raise SystemExit(f"{end.title}: {end.message}")
    assert isinstance(end, RunFinished) and end.part == "val" and end.best_accuracy is not None
    return {"accuracy": end.best_accuracy, "seconds": seconds}


def main() -> None:
    """Print the table after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder with the data sets and mobilenet_v2.pth")
    parser.add_argument("--sets", nargs="+", default=["fashion", "emoji", "mnist"])
    parser.add_argument("--parts", type=int, default=len(PARTS), help="only so many parts, from the first on")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--size", type=int, default=64, help="side of the pictures")
    parser.add_argument("--log", type=Path, help="a file with a line for each run; those in it are not run again")
    parser.add_argument("--one", nargs=3, metavar=("SET", "PART", "SEED"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        name, part, seed = args.one
        print(json.dumps(one(args.folder, name, part, int(seed), args.size)))
        return
    log, common, parts = RunLog(args.log), f"--size={args.size}", list(PARTS)[: args.parts]
    cases = [
        Case("parts", name, part, seed, common)
        for seed in range(args.first, args.first + args.seeds)
        for part in (WHOLE, *parts)
        for name in args.sets
    ]
    words = ["tests.bench.parts", str(args.folder), common]
    run_cases(
        cases,
        log,
        lambda case: [*words, "--one", case.data, case.side, str(case.seed)],
        lambda: print(table(log, parts, args.sets, common), flush=True),
    )


def table(log: RunLog, parts: Sequence[str], sets: Sequence[str], options: str) -> str:
    """The points of accuracy that `auto` loses without each part, by set and over all sets."""
    names = [f"{name} |" for name in sets]
    lines = [f"| part | without it | {' '.join(names)} mean (95 % interval) |", "|---|---|" + "---|" * (len(sets) + 1)]
    whole = {name: log.by_seed("parts", name, WHOLE, options, "accuracy") for name in sets}
    for part in parts:
        found = [difference(whole[name], log.by_seed("parts", name, part, options, "accuracy")) for name in sets]
        cells = [" - |" if one is None else f" {100 * one.mean:+.1f} ({100 * one.error:.1f}) |" for one in found]
        both = [one for one in found if one is not None]
        lines.append(f"| {part} | `{PARTS[part]}` |" + "".join(cells) + _all(both, len(sets)))
    return "\n".join(lines)


def _all(found: Sequence[Difference], sets: int) -> str:
    if len(found) < sets:
        return " - |"
    mean = average(found)
    low, high = mean.interval
    return f" {100 * mean.mean:+.1f} ({100 * low:+.1f}..{100 * high:+.1f}), {found[0].pairs} seeds |"


if __name__ == "__main__":
    main()
