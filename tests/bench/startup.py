"""How long until something is there: `python -m tests.bench.startup`.

Each round starts every side in a process of its own, one after the other; the table has the medians. The
demo's pictures are drawn and prepared before, in a cache folder that the rounds share.
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

from tests.bench.screen import PROGRAM, Dashboard

GOALS = {
    "finetune-tui --help": 0.3,
    "first frame: what to train on": 0.4,
    "first frame: all panels, empty": 0.5,
    "first paint: what it is doing": 0.5,
    "import torch": None,
    "import torch, torchvision": None,
    "from there to the first step": 2.0,
}


def prints_help() -> dict[str, float]:
    """The answer to --help."""
    return {"finetune-tui --help": _seconds(PROGRAM, "--help")}


def asks() -> dict[str, float]:
    """The start screen."""
    with Dashboard() as dashboard:
        asked = dashboard.wait_for("What do you want to train on?") - dashboard.began
    return {"first frame: what to train on": asked}


def first_paint(runs: Path) -> dict[str, float]:
    """The dashboard on the demo."""
    with Dashboard("--demo", "--set", f"checkpoint.dir={runs}") as dashboard:
        framed = dashboard.wait_for(" progress ") - dashboard.began
        told = dashboard.wait_for(" LOADING ") - dashboard.began
    return {"first frame: all panels, empty": framed, "first paint: what it is doing": told}


def import_torch() -> dict[str, float]:
    """What nothing that trains can be faster than."""
    return {"import torch": _seconds(sys.executable, "-c", "import torch")}


def first_step(runs: Path) -> dict[str, float]:
    """The demo by itself, from the end of torch's import on."""
    command = [sys.executable, "-m", "tests.bench.startup", "--first-step", runs]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(answer.stdout.splitlines()[-1])


def _first_step(runs: Path) -> dict[str, float]:
    import engine  # sets what torch reads from the environment when it is loaded

    began = time.perf_counter()
    import torchvision  # noqa: F401 - it is the import that is measured

    imported = time.perf_counter()
    from engine.protocol import TrainStep

    events = engine.Run(engine.load_config(None, [f"checkpoint.dir={runs}"])).events()
    next(event for event in events if isinstance(event, TrainStep))
    stepped = time.perf_counter()
    events.close()
    return {"import torch, torchvision": imported - began, "from there to the first step": stepped - imported}


def _seconds(*command: str | Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first-step", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_step:
        print(json.dumps(_first_step(options.first_step)))
        return
    figures: dict[str, list[float]] = {name: [] for name in GOALS}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        runs = Path(folder) / "runs"
        command = [sys.executable, "-m", "engine", "train", "--demo", "--epochs", "1"]
        subprocess.run([*command, "--set", f"checkpoint.dir={runs}"], check=True, capture_output=True)
        for _ in range(options.rounds):
            for name, value in (prints_help() | asks() | first_paint(runs) | import_torch() | first_step(runs)).items():
                figures[name].append(value)
    print(f"startup: medians of {options.rounds} rounds, {os.cpu_count()} processors")
    for name, values in figures.items():
        goal = "" if GOALS[name] is None else f"goal {GOALS[name]} s"
        print(
            f"  {name:<32}{statistics.median(values):6.2f} s  ({min(values):.2f}..{max(values):.2f})  {goal}".rstrip()
        )


if __name__ == "__main__":
    main()
