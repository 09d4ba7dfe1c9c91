"""What the screen takes from training: `python -m tests.bench.tax`, at 120x36.

The whole program trains, and its screen draws, only takes events in, or does neither, in turns of 2 s within one
process (`tests/bench/switched.py`). Speed is that of steps which follow each other within an epoch, so that evaluations
and checkpoints are not in it; each ratio is to the stretch of the same round in which nothing was done.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from engine import protocol as p
from engine.storage.journal import Record, read_records
from tests.bench.median import with_interval
from tests.bench.pictures import write_pictures
from tests.bench.screen import HEIGHT, WIDTH, Dashboard
from tests.bench.switched import SECONDS, SIDES

SETTLED = 0.3  # seconds of a stretch that are left out: what was drawn last is still on its way
ALL = ("train.compile=false", "checkpoint.points_gib=0.05")
GOAL = 0.98


class Stretch(NamedTuple):
    """A stretch in figures."""

    side: str
    lengths: list[float]
    "seconds of each step that followed another one"
    processor: float
    "the process's processor time a step, in seconds"
    screen: float
    "the screen's thread's share of a processor"


def demo() -> list[str]:
    """The demo with larger batches: small steps, thus many events."""
    return ["--demo", "--epochs", "2000", "--set", "data.batch_size=64"]


def resnet() -> list[str]:
    """A larger model in small batches."""
    root = write_pictures(Path(tempfile.gettempdir()) / "finetune-tui-bench" / "2048", 2048, 64)
    settings = (f"data.root={root}", "data.image_size=64", "data.batch_size=8", "model.name=resnet18", "device=cpu")
    options = [word for setting in settings for word in ("--set", setting)]
    return ["configs/folder.yaml", "--init", "scratch", "--epochs", "100", *options]


MODELS = {"ShuffleNetV2 x0.5 at 64, batch 64": demo, "ResNet-18 at 64, batch 8": resnet}


def stretches(arguments: list[str], rounds: int) -> list[Stretch]:
    """The stretches of so many rounds of one training; a round with a stretch too short for two steps is left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = [word for setting in (*ALL, f"checkpoint.dir={folder}/runs") for word in ("--set", setting)]
        program = [sys.executable, "-m", "tests.bench.switched", folder / "stretches"]
        with Dashboard(*arguments, *settings, program=program) as dashboard:
            while _lines(folder / "stretches") < rounds * len(SIDES):
                if dashboard.process.poll() is not None:
                    raise SystemExit(f"the program ended with status {dashboard.process.returncode}")
                time.sleep(SECONDS)
        (run,) = (folder / "runs").iterdir()
        records = list(read_records(run))
        rows = [json.loads(line) for line in (folder / "stretches").read_text().splitlines()]
    found = [_stretch(row, records) for row in rows]
    whole = [found[first : first + len(SIDES)] for first in range(0, rounds * len(SIDES), len(SIDES))]
    return [stretch for one in whole if all(stretch.lengths for stretch in one) for stretch in one]


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _stretch(row: dict, records: list[Record]) -> Stretch:
    (began, process, thread), (ended, process_then, thread_then) = row["began"], row["ended"]
    told = [record for record in records if began + SETTLED <= record.time < ended]
    follows = [
        (a, b) for a, b in pairwise(told) if isinstance(a.message, p.TrainStep) and isinstance(b.message, p.TrainStep)
    ]
    lengths = [b.time - a.time for a, b in follows if a.message.epoch == b.message.epoch]  # type: ignore[union-attr]
    steps = sum(isinstance(record.message, p.TrainStep) and began <= record.time < ended for record in records)
    screen = (thread_then - thread) / (ended - began)
    return Stretch(row["side"], lengths, (process_then - process) / max(steps, 1), screen)


def report(found: list[Stretch]) -> None:
    """Print a table of the sides."""
    if not found:
        raise SystemExit(f"in no round two steps followed each other within each {SECONDS:g} s: too slow to measure")
    sides = {side: [stretch for stretch in found if stretch.side == side] for side in SIDES}
    speeds = {side: [1 / statistics.fmean(stretch.lengths) for stretch in sides[side]] for side in SIDES}
    print("| | steps/s | ratio | processor time a step, ratio | slowest of 100 steps | the screen's thread |")
    print("|---|---|---|---|---|---|")
    for side in SIDES:
        ratios = [speed / base for speed, base in zip(speeds[side], speeds["neither"], strict=True)]
        times = [a.processor / b.processor for a, b in zip(sides[side], sides["neither"], strict=True)]
        lengths = sorted(length for stretch in sides[side] for length in stretch.lengths)
        compared = ("1", "1") if side == "neither" else (with_interval(ratios), with_interval(times))
        cells = [side, f"{statistics.median(speeds[side]):.1f}", *compared]
        cells.append(f"{1000 * lengths[int(0.99 * len(lengths))]:.0f} ms")
        cells.append(f"{statistics.median(stretch.screen for stretch in sides[side]):.1%} of a processor")
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help=f"of {len(SIDES)} stretches of {SECONDS:g} s each")
    options = parser.parse_args()
    print(f"tax: {WIDTH}x{HEIGHT}, {os.cpu_count()} processors, goal {GOAL}", flush=True)
    for title, arguments in MODELS.items():
        found = stretches(arguments(), options.rounds)
        print(f"\n{title}, {len(found) // len(SIDES)} rounds; in brackets the 95 % interval of the median\n")
        report(found)


if __name__ == "__main__":
    main()
