"""What a very long journal costs: `python -m tests.bench.journal`.

A run of one real step gets a past of very many made-up ones. Each use of its journal is timed: in seconds, and as a
multiple of the time in which the lines of the file are read and nothing is done with them. What a process of its own
does is compared with the same run without that past.
"""

import argparse
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from engine import protocol as p
from engine.config.values import with_values
from engine.report.reading import read_run
from engine.service.judging import verdict_in
from engine.service.remote.history import read_history
from engine.service.status import status_of
from engine.steering import schedule_export
from engine.steering.script import remaining_script
from engine.storage.journal import JOURNAL, Journal, Position, read_journal, read_lines
from tests.bench.configs import config_of
from tests.bench.screen import Dashboard
from tests.engine.onestep import first_step
from tui.state import UiState

PER_EPOCH, CHANGES = 500, 20
ENGINE, SCREEN = (sys.executable, "-m", "engine"), (sys.executable, "-m", "tui")
STARTED = b'{"type": "train_step"'


def one_step(root: Path) -> Path:
    """A run that was stopped after its first step, with a checkpoint; it has many epochs to come."""
    config = config_of("shufflenet_v2_x0_5", 32, 8, "train.compile=false", "train.epochs=100000")
    events = first_step(with_values(config, {"checkpoint.dir": root}))
    return Path(next(event.path for event in events if isinstance(event, p.RunStarted)))


def with_past(run: Path, folder: Path, steps: int) -> Path:
    """A copy of the run whose journal begins with so many steps. Its real step was trained after a crash lost those."""
    shutil.copytree(run, folder)
    real = list(read_lines(run))
    messages = list(read_journal(run))
    started = next(message for message in messages if isinstance(message, p.RunStarted))
    arm = next(message for message in messages if isinstance(message, p.ArmStarted))
    (folder / JOURNAL).unlink()
    journal = Journal(folder)
    for event in (started, arm):
        journal.event(event)
    for told in past(steps, [group.name for group in arm.groups], started.classes):
        if isinstance(told, tuple):
            journal.command(*told)
        else:
            journal.event(told)
    journal.close()
    with (folder / JOURNAL).open("ab") as file:
        file.writelines(real)
    return folder


def past(steps: int, groups: list[str], classes: tuple[str, ...]) -> Iterator[p.Event | tuple[p.Command, Position]]:
    """Epochs of 500 steps, scored and saved, and rates that a person changed now and then."""
    noise, changes, epochs = random.Random(0), 0, steps // PER_EPOCH
    for step in range(1, steps + 1):
        missing, epoch = math.exp(-3 * step / steps), (step - 1) // PER_EPOCH + 1
        loss, accuracy = 0.1 + missing * noise.uniform(0.8, 1.2), 1 - 0.5 * missing * noise.uniform(0.8, 1.2)
        speed, rates = noise.gauss(312.0, 10), {name: 0.1 * noise.random() for name in groups}
        yield p.TrainStep(
            arm="scratch",
            step=step,
            epoch=epoch,
            loss=loss,
            accuracy=accuracy,
            images_per_second=speed,
            data_wait=0.04 * noise.random(),
            learning_rates=rates,
            gradient_norm=noise.random(),
            seconds=8 / speed,
            optimizer=0.1 * noise.random(),
            update_ratios=rates if step % 16 == 0 else {},
        )
        if step % (steps // CHANGES) == 0:
            rate, changes = 0.01 * noise.random(), changes + 1
            yield p.SetRate("head", rate), Position("scratch", 1, step, changes - 1)
            yield p.RateChanged("scratch", step, "head", rate, change=changes)
        if step % PER_EPOCH == 0:
            correct = tuple(noise.randrange(200) for _ in classes)
            wrong = p.Mistake("/pictures/test/left/00001.jpg", 0, 1, noise.random())
            yield p.EvalDone("scratch", step, epoch, loss, accuracy, 400, best=epoch % 10 == 0)
            yield p.Confusion("scratch", step, (200,) * len(classes), correct, ((0, 1, 7),), (wrong,) * 24)
            yield p.EpochDone("scratch", step, epoch, epochs, loss, accuracy, loss, accuracy, speed, 0.04, rates, 1.0)


def reads(folder: Path) -> dict[str, Callable[[], object]]:
    """What reads a journal within a process."""

    def fold() -> None:
        state = UiState()
        for event in read_history(folder):
            state.fold(event)

    return {
        "its lines, nothing more": lambda: sum(1 for _ in read_lines(folder)),
        "every line decoded": lambda: sum(1 for _ in read_journal(folder)),
        "history for a screen": lambda: sum(1 for _ in read_history(folder)),
        "history, taken in by a screen": fold,
        "commands that a resume does again": lambda: remaining_script(folder, 0, 0),
        "schedule": lambda: schedule_export.script(folder),
        "status": lambda: status_of(folder),
        "verdict": lambda: verdict_in(folder),
        "report": lambda: read_run(folder),
    }


def resumed(folder: Path) -> float:
    """Seconds from the start of a process to the first step of the resumed run."""
    began = time.perf_counter()
    command = [*ENGINE, "train", "--resume", str(folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            next(line for line in process.stdout if line.startswith(STARTED))
            return time.perf_counter() - began
        finally:
            process.kill()


def shown(command: str, folder: Path, text: str) -> float:
    """Seconds from the start of a screen until `text` is on it."""
    with Dashboard(command, str(folder), program=SCREEN) as screen:
        return screen.wait_for(text) - screen.began


def attached(folder: Path) -> float:
    """The same for a screen that attaches to a run that trains."""
    command = [*ENGINE, "train", "--resume", str(folder), "--json"]
    with ExitStack() as exits:
        process = exits.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        exits.callback(process.kill)
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith(STARTED))
        os.set_blocking(process.stdout.fileno(), True)
        drain = exits.enter_context(subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL))
        exits.callback(drain.kill)
        return shown("attach", folder, " TRAINING ")


def asked(*command: str) -> float:
    """Seconds that a command takes."""
    began = time.perf_counter()
    subprocess.run([*ENGINE, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=200_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = one_step(Path(name) / "runs")
        folder = with_past(run, Path(name) / "long", options.steps)
        megabytes = (folder / JOURNAL).stat().st_size / 1e6
        print(f"journal: {options.steps:,} steps, {megabytes:.0f} MB, {os.cpu_count()} processors\n")
        print("| in a process | seconds | times reading its lines |\n|---|---|---|")
        plain = 0.0
        for what, read in reads(folder).items():
            began = time.perf_counter()
            read()
            seconds = time.perf_counter() - began
            plain = plain or seconds
            print(f"| {what} | {seconds:.2f} | {seconds / plain:.0f} |", flush=True)
        print("\n| a process of its own | seconds | without the past |\n|---|---|---|")
        ways: dict[str, Callable[[Path], float]] = {
            "resume, to the first step": resumed,
            "resume, on the screen": lambda folder: shown("--resume", folder, " TRAINING "),
            "attach": attached,
            "view": lambda folder: shown("view", folder, "is over"),
            "schedule": lambda folder: asked("schedule", str(folder)),
        }
        for what, way in ways.items():
            print(f"| {what} | {way(folder):.1f} | {way(run):.1f} |", flush=True)


if __name__ == "__main__":
    main()
