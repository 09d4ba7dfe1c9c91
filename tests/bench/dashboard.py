"""What the dashboard costs and how fast it answers: `python -m tests.bench.dashboard`, at 120x36 on the demo.

`tax` trains the same with and without it, one after the other; `images/s` is what the run itself reports of its
steps, `whole epochs` is by the clock, all that is between the steps included. The first epoch is left out.
`keys` are pressed at random moments while it trains; the time is from the key to the first output with its answer.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tests.bench.screen import HEIGHT, WIDTH, Dashboard

SIDES = ("headless", "dashboard")
KEYS = (  # and what is drawn at once; the rate is changed there and back
    ("?", "Esc closes", "opens the help"),
    ("?", "switch arm", "closes the help"),
    ("+", "after this step", "raises a rate"),
    ("-", "after this step", "lowers it again"),
    ("]", ">head", "chooses a group"),
    ("[", ">backbone", "chooses the other"),
)
GOAL_RATIO, GOAL_SECONDS = 0.98, 0.1


def train(side: str, epochs: int) -> dict[str, float]:
    """The demo's training, to its end."""
    with tempfile.TemporaryDirectory() as runs:
        settings = _settings(runs, epochs)
        if side == "headless":
            command = [sys.executable, "-m", "engine", "train", "--demo", "--json", *settings]
            subprocess.run(command, check=True, capture_output=True)
        else:
            with Dashboard("--demo", *settings) as dashboard:
                dashboard.wait_for(" FINISHED ")
        lines = [json.loads(line) for line in (Path(runs) / "demo-1" / "journal.jsonl").read_text().splitlines()]
    rows = [line for line in lines if line["type"] == "epoch_done"]
    clock = [after["at"] - before["at"] for before, after in pairwise(rows)]
    return {
        "images/s": statistics.median(row["images_per_second"] for row in rows[1:]),
        "epochs/min": 60 / statistics.median(clock),
    }


def tax(rounds: int, epochs: int) -> None:
    """Training with the dashboard against training without it."""
    figures = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            figures[side].append(train(side, epochs))
    for unit, name in (("images/s", "steps"), ("epochs/min", "whole epochs")):
        values = {side: [row[unit] for row in figures[side]] for side in SIDES}
        medians = {side: statistics.median(values[side]) for side in SIDES}
        for side in SIDES:
            spread = f"({min(values[side]):.1f}..{max(values[side]):.1f})"
            print(f"  {name:<14}{side:<11}{medians[side]:8.1f} {unit:<12}{spread}")
        print(f"  {'':<14}{'ratio':<11}{medians['dashboard'] / medians['headless']:8.3f} (goal {GOAL_RATIO})")


def keys(presses: int) -> None:
    """Each key's answer, and what is sent while it trains and while it is paused."""
    seconds: dict[str, list[float]] = {what: [] for _, _, what in KEYS}
    moments = random.Random(0)
    with _training() as dashboard:
        training = _bytes_per_second(dashboard, 10)
        for number in range(presses):
            key, answer, what = KEYS[number % len(KEYS)]
            time.sleep(moments.uniform(0.3, 1.0))
            seconds[what].append(dashboard.answer(key, answer))
        dashboard.answer("p", " PAUSED ")
        time.sleep(2)
        paused = _bytes_per_second(dashboard, 10)
    for (key, _, _), (what, values) in zip(KEYS, seconds.items(), strict=True):
        print(f"  {key} {what:<23}{_summary(values)}")
    every = [value for values in seconds.values() for value in values]
    goal = f"(goal: p95 below {1000 * GOAL_SECONDS:.0f} ms)"
    print(f"  {f'all {len(every)} presses':<25}{_summary(every)} {goal}")
    print(f"  {'sent while training':<25}{training:8.0f} bytes/s\n  {'sent while paused':<25}{paused:8.0f} bytes/s")


@contextmanager
def _training() -> Iterator[Dashboard]:
    with tempfile.TemporaryDirectory() as runs, Dashboard("--demo", *_settings(runs, 1000)) as dashboard:
        dashboard.wait_for(" TRAINING ")
        time.sleep(3)
        yield dashboard


def _settings(runs: str, epochs: int) -> list[str]:
    return ["--epochs", str(epochs), "--set", f"checkpoint.dir={runs}", "--set", "train.compile=false"]


def _bytes_per_second(dashboard: Dashboard, seconds: float) -> float:
    before = dashboard.bytes
    time.sleep(seconds)
    return (dashboard.bytes - before) / seconds


def _summary(seconds: list[float]) -> str:
    ordered = sorted(1000 * value for value in seconds)
    p95 = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
    return f"median {statistics.median(ordered):6.1f}  p95 {p95:6.1f}  max {ordered[-1]:6.1f} ms"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of training to the end; 0 leaves it out")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--presses", type=int, default=60, help="0 leaves them out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        train("headless", 2)  # draws and prepares the pictures
        print(f"dashboard: {WIDTH}x{HEIGHT}, {os.cpu_count()} processors", flush=True)
        if options.rounds:
            tax(options.rounds, options.epochs)
        if options.presses:
            keys(options.presses)


if __name__ == "__main__":
    main()
