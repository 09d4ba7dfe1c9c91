"""What those who watch cost a run: `python -m tests.bench.watching`.

Attach and leave, hundreds of times, while it trains: whether its weights are those of a run that nobody watched.
Training speed with so many viewers against the stretch before it without, in turns within one run, by the clock and in
the run's own processor time a step; and what the socket costs where nobody watches.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import psutil

from engine import protocol as p
from engine.config import RunConfig
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers
from engine.storage.journal import Journal, read_records
from tests.bench.configs import config_of
from tests.engine.service.remote.soak import ROOT, soak, tell, training
from tests.tui.console import FRESH, Terminal, kill_all, make_folder, until

MODELS = {
    "SqueezeNet at 32, batch 4": ("squeezenet1_1", 32, 4),
    "ShuffleNetV2 x0.5 at 64, batch 64": ("shufflenet_v2_x0_5", 64, 64),
}
Ratio = tuple[float, float]
"of speed, and of processor time a step"
SIDES = ("1 viewer", "4 viewers", "1 stopped viewer")


def attached(run: Path, exits: ExitStack) -> "subprocess.Popen[str]":
    """A process that reads all that it is told."""
    command = [sys.executable, "-m", "tests.engine.service.remote.viewers", str(run), "reads"]
    viewer = exits.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
    exits.callback(viewer.kill)
    assert viewer.stdout is not None and viewer.stdout.readline() == "attached\n"
    return viewer


class Stretch(NamedTuple):
    """Some seconds of training, and the processor time it took."""

    side: str
    began: float
    ended: float
    processor: float


def ratios(config: RunConfig, folder: Path, rounds: int, seconds: float) -> tuple[float, dict[str, list[Ratio]]]:
    """Steps a second without a viewer, and of each side the ratios to the stretch before it without."""
    stretches: list[Stretch] = []

    def measure(side: str) -> None:
        time.sleep(0.5)  # what came before has passed
        began, before = time.time(), process.cpu_times()
        time.sleep(seconds)
        after = process.cpu_times()
        stretches.append(Stretch(side, began, time.time(), after.user + after.system - before.user - before.system))

    with training(config, folder, epochs=100_000) as (run, number):
        process = psutil.Process(number)
        time.sleep(5)
        for _ in range(rounds):
            for side in SIDES:
                measure("")
                with ExitStack() as exits:
                    viewers = [attached(run, exits) for _ in range(4 if side == "4 viewers" else 1)]
                    if "stopped" in side:
                        viewers[0].send_signal(signal.SIGSTOP)
                    measure(side)
        tell(run, p.StopAfterEpoch())
    times = [record.time for record in read_records(run) if isinstance(record.message, p.TrainStep)]
    rows = []
    for stretch in stretches:
        steps = sum(stretch.began <= at < stretch.ended for at in times)
        rows.append((stretch.side, steps / (stretch.ended - stretch.began), stretch.processor / steps))
    found: dict[str, list[Ratio]] = {side: [] for side in SIDES}
    for (_, speed, processor), (side, speed_with, processor_with) in zip(rows[::2], rows[1::2], strict=True):
        found[side].append((speed_with / speed, processor_with / processor))
    return statistics.median(speed for side, speed, _ in rows if not side), found


def unwatched(seconds: float = 10.0, events: int = 20_000) -> tuple[float, float]:
    """Processor time, as a share, of an open socket to which nobody comes; and seconds an event costs its run."""
    watchers, inbox = Watchers(), SimpleQueue[Any]()
    server = Server(inbox, watchers)
    step = p.TrainStep("scratch", 1, 1, 0.5, 0.5, 100.0, 0.0, {"backbone": 0.1, "head": 0.1}, 1.0)
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name))
        watchers.set_folder(Path(name))
        server.open(Path(name))
        began = time.process_time()
        time.sleep(seconds)
        idle = (time.process_time() - began) / seconds
        began = time.process_time()
        for _ in range(events):
            watchers.emit(step)
        cost = (time.process_time() - began) / events
        server.close()
        journal.close()
    return idle, cost


def hung_up(seconds: float = 20.0) -> float:
    """Processor time, as a share, of a dashboard whose terminal went away, in a pause: what it adds to training."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_folder(Path(name))
        terminal = Terminal("small.yaml", cwd=folder, program=FRESH)
        try:
            terminal.wait_for("TRAINING")
            terminal.press("p")
            terminal.wait_for("PAUSED")
            program = terminal.program
            terminal.hang_up()
            until(lambda: program.terminal() is None, "a session of its own")
            time.sleep(5)
            before = program.cpu_times()
            time.sleep(seconds)
            after = program.cpu_times()
        finally:
            terminal.close()
            kill_all(folder)
    return (after.user + after.system - before.user - before.system) / seconds


def _median(values: tuple[float, ...]) -> str:
    return f"{statistics.median(values):6.3f} ({min(values):.3f}..{max(values):.3f})"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of a stretch")
    options = parser.parse_args()
    print(f"watching: {os.cpu_count()} processors", flush=True)
    idle, cost = unwatched()
    print(f"  a dashboard without its terminal, in a pause: {hung_up():.3%} of a processor")
    print(f"  where nobody watches: {idle:.3%} of a processor, {1e6 * cost:.1f} µs an event")
    for title, (model, size, batch) in MODELS.items():
        config = config_of(model, size, batch)
        with tempfile.TemporaryDirectory() as folder:
            speed, found = ratios(config, Path(folder) / "speed", options.rounds, options.seconds)
            print(f"{title}: {speed:.1f} steps/s without a viewer", flush=True)
            for side, values in found.items():
                speeds, processor = zip(*values, strict=True)
                print(f"  {side:<17}{_median(speeds)} of that; processor time a step {_median(processor)}", flush=True)
            result = soak(config, Path(folder) / "soak", options.cycles)
            same = "equal" if result.watched == result.alone else "DIFFERENT"
            print(f"  {options.cycles} attached and left in {result.seconds:.0f} s: {result.cycles}")
            print(f"  weights after {result.steps} steps: {same} to those of a run that nobody watched", flush=True)


if __name__ == "__main__":
    main()
