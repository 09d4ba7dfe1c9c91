"""What the dashboard costs, sends, and how fast it answers: `python -m tests.bench.dashboard`, on the demo.

`tax` trains the same with and without it, one after the other; `images/s` is what the run itself reports of its
steps, `whole epochs` is by the clock, all that is between the steps included. The first epoch is left out.
`sent` is what goes to the terminal while it trains, and in a pause, the age of the newest checkpoint named apart.
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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tests.bench.screen import HEIGHT, PROGRAM, SIZES, WIDTH, Dashboard
from tests.tui.console import rows_of
from tui.keys import KEYS as TABLE

SIDES = ("headless", "dashboard")
KEYS = (  # and what is drawn at once; what a key changes the next one changes back
    ("?", "Esc closes", "opens the help"),
    ("?", "5 progress", "closes the help"),
    ("+", "after this step", "raises a rate"),
    ("-", "after this step", "lowers it again"),
    ("]", ">head", "chooses a group"),
    ("[", ">backbone", "chooses the other"),
    ("z", "1 loss", "zooms a plot"),
    ("z", "5 progress", "gives the room back"),
    ("8", "7 learning rates", "hides a pane"),
    ("8", "8 system", "shows it again"),
)
LEFT, MOVES_THE_CURSOR = "\x1b[D", "loss  step "  # as terminals send it; of the plot that has the focus
FLAGS = ((), ("--lowbw",))  # how little is to be sent
SECONDS, SETTLED, CLOCKS_ROW = 10, 3.0, 1  # of listening; until a pause has been drawn; where the age stands
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


def sent() -> None:
    """What the terminal is sent, at each size and each pace that there is."""
    known = subprocess.run([PROGRAM, "train", "--help"], check=True, capture_output=True, text=True).stdout
    print(f"  {'sent':<25}{'training':>16}{f'{SECONDS} s of a pause':>20}{'of that the age':>18}")
    for flags in FLAGS:
        if not all(flag in known for flag in flags):
            print(f"  {' '.join(flags)}: not known to {PROGRAM.name}")
            continue
        for size in SIZES:
            with _training(*flags, size=size) as dashboard:
                training = _length(dashboard.listen(SECONDS))
                dashboard.answer("p", " PAUSED ")
                time.sleep(SETTLED)
                paused = dashboard.listen(SECONDS)
            age = _length(piece for piece in paused if set(rows_of(piece)) <= {CLOCKS_ROW})
            name = f"{size[0]}x{size[1]} {' '.join(flags)}"
            figures = f"{training / SECONDS / 1024:10.1f} KiB/s{_length(paused):14d} bytes{age:12d} bytes"
            print(f"  {name:<25}{figures}", flush=True)


def keys(presses: int) -> None:
    """Each key's answer."""
    seconds: dict[tuple[str, str], list[float]] = {(key, what): [] for key, _, what in KEYS}
    moments = random.Random(0)
    with _training() as dashboard:

        def press(key: str, answer: str, what: str) -> None:
            time.sleep(moments.uniform(0.3, 1.0))
            seconds.setdefault((key, what), []).append(dashboard.answer(key, answer))

        for number in range(presses):
            press(*KEYS[number % len(KEYS)])
        if any(key.name == "cursor_left" for key in TABLE):
            dashboard.press("\t")
            for _ in range(max(presses // len(KEYS), 1)):
                press(LEFT, MOVES_THE_CURSOR, "moves the cursor")
    for (key, what), values in seconds.items():
        if values:
            print(f"  {'←' if key == LEFT else key} {what:<23}{_summary(values)}")
    every = [value for values in seconds.values() for value in values]
    goal = f"(goal: p95 below {1000 * GOAL_SECONDS:.0f} ms)"
    print(f"  {f'all {len(every)} presses':<25}{_summary(every)} {goal}")


@contextmanager
def _training(*flags: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Iterator[Dashboard]:
    with (
        tempfile.TemporaryDirectory() as runs,
        Dashboard("--demo", *flags, *_settings(runs, 1000), size=size) as dashboard,
    ):
        dashboard.wait_for(" TRAINING ")
        time.sleep(3)
        yield dashboard


def _settings(runs: str, epochs: int) -> list[str]:
    return ["--epochs", str(epochs), "--set", f"checkpoint.dir={runs}", "--set", "train.compile=false"]


def _length(pieces: Iterable[bytes]) -> int:
    return sum(len(piece) for piece in pieces)


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
    parser.add_argument("--sent", action=argparse.BooleanOptionalAction, default=True, help="count what is sent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        train("headless", 2)  # draws and prepares the pictures
        print(f"dashboard: {WIDTH}x{HEIGHT} where no size is named, {os.cpu_count()} processors", flush=True)
        if options.rounds:
            tax(options.rounds, options.epochs)
        if options.sent:
            sent()
        if options.presses:
            keys(options.presses)


if __name__ == "__main__":
    main()
