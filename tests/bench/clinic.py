"""How well the label clinic finds swapped labels, and what correcting them is worth.

`python -m tests.bench.clinic FOLDER`: in the training folder of each set, 5 % of the labels are swapped by seed; the
pictures for validation are taken from it, too, so theirs are swapped as well. Each seed trains three times, with
MobileNetV2 from ImageNet weights and the recipe `auto`: with the swapped labels; after somebody who knows the truth has
answered for the first hundred pictures that the clinic shows of that run; and with the true labels. The test pictures
are never swapped. The folder is that of `tests.bench.recipes`.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

SHARE, SHOWN = 0.05, 100
RANKINGS = ("mean margin", "mean loss", "margin in the last epoch")
ACCURACIES = ("swapped", "after the clinic", "clean")


def one(folder: Path, name: str, seed: int, further: list[str]) -> dict[str, float]:
    """The share of swapped labels among the first pictures of each ranking, and the accuracies of the three runs."""
    root = folder / name
    classes = sorted(entry.name for entry in (root / "train").iterdir())
    rng = random.Random(f"{seed}/swapped")
    files = sorted(map(str, (root / "train").glob("*/*")))
    swapped = {
        file: rng.choice([label for label in classes if label != Path(file).parent.name])
        for file in rng.sample(files, round(SHARE * len(files)))
    }
    found, accuracy = _trained(folder, root, seed, swapped, further)
    shown = found.pop("shown")
    assert isinstance(shown, list)
    corrected = {file: label for file, label in swapped.items() if file not in shown}
    after = _trained(folder, root, seed, corrected, further)[1]
    clean = _trained(folder, root, seed, {}, further)[1]
    return found | dict(zip(ACCURACIES, (accuracy, after, clean), strict=True))  # type: ignore[return-value]


def _trained(
    folder: Path, root: Path, seed: int, labels: Mapping[str, str], further: Sequence[str]
) -> tuple[dict[str, float | list[str]], float]:
    """What a run finds of the labels that are not those of the folders, and its accuracy on the test pictures."""
    from engine import Run, load_config
    from engine.data.corrections import Correction, write_corrections
    from engine.protocol import EpochDone, RunFailed, RunFinished

    with tempfile.TemporaryDirectory() as runs:
        write_corrections(Path(runs, "list.csv"), [Correction(*pair) for pair in labels.items()])
        settings = [f"data.root={root}", "model.name=mobilenet_v2", "recipe=auto", f"seed={seed}"]
        settings += [f"model.weights={folder / 'mobilenet_v2.pth'}", "data.image_size=64", "data.threads=1"]
        settings += ["data.prepare=false", "train.compile=false", f"checkpoint.dir={runs}"]
        settings += [f"data.exclude={runs}/list.csv"] if labels else []
        run, sums = Run(load_config("configs/folder.yaml", [*settings, *further])), []
        for event in run.events():
            if isinstance(event, EpochDone):
                sums.append(run.work.arms.current.label_record.figures()[0].clone())
            if isinstance(event, RunFailed):
                raise SystemExit(f"{event.title}: {event.message}")
        assert isinstance(event, RunFinished) and event.test_accuracy is not None
        paths = [sample.path for sample in run.work.catalogue.train]
    return _precision(paths, sums, labels), event.test_accuracy


def _precision(paths: Sequence[str], sums: Sequence[object], labels: Mapping[str, str]) -> dict[str, float | list[str]]:
    import torch

    last = torch.as_tensor(sums[-1])
    only = last - torch.as_tensor(sums[-2]) if len(sums) > 1 else last
    scores = (
        last[:, 0] / last[:, 2].clamp(min=1),
        -last[:, 1] / last[:, 2].clamp(min=1),
        only[:, 0] / only[:, 2].clamp(min=1),
    )
    swapped = [path in labels for path in paths]
    count = sum(swapped)
    found: dict[str, float | list[str]] = {"count": count, "pictures": len(paths)}
    for name, score in zip(RANKINGS, scores, strict=True):
        order = score.argsort(stable=True).tolist()
        for first in (count, SHOWN):
            found[f"{name}, first {'swapped' if first == count else SHOWN}"] = (
                sum(swapped[number] for number in order[:first]) / count if count else 0.0
            )
    order = scores[0].argsort(stable=True).tolist()
    suspects = [number for number in order if scores[0][number] < 0][:SHOWN]
    found["suspects"] = len(suspects)
    found["shown"] = [paths[number] for number in suspects]
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with the data sets and mobilenet_v2.pth")
    parser.add_argument("--sets", nargs="+", default=["emoji", "fashion"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], help="a further setting")
    parser.add_argument("--one", nargs=2, metavar=("SET", "SEED"))
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(args.folder, args.one[0], int(args.one[1]), args.set)), flush=True)
        return
    for name in args.sets:
        runs = [_in_process(args, name, seed) for seed in range(args.seeds)]
        for key in runs[0]:
            values = [run[key] for run in runs]
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            print(f"{name}  {key}: {statistics.mean(values):.3f} ({spread:.3f})", flush=True)


def _in_process(args: argparse.Namespace, name: str, seed: int) -> dict[str, float]:
    words = [str(args.folder), *(f"--set={text}" for text in args.set), "--one", name, str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.clinic", *words],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    print(f"{name}, seed {seed}: {done.stdout.decode().strip()}", file=sys.stderr, flush=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
