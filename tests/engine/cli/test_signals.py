"""Ways out: whenever a signal comes, no traceback, no half-written file and no process is left."""

import contextlib
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.storage import checkpoint
from tests.engine.driving import saving_held_up
from tests.paths import ROOT
from tests.programs import Program

PATIENCE = 120


@contextmanager
def training(tmp_path: Path, *arguments: str, **how: Any) -> Iterator[Program]:
    """A process with a session of its own, so that what it leaves behind is found."""
    words = ("engine", "train", str(tmp_path / "small.yaml"), "--json", *arguments)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Program(*words, session=True, **(streams | how)) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def read_until(process: Program, kind: str) -> None:
    assert process.stdout is not None
    assert any(f'"type": "{kind}"' in line or f'"type":"{kind}"' in line for line in process.stdout)


def check_nothing_is_left(process: "Program | subprocess.Popen[bytes]", folder: Path) -> None:
    assert process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not list(folder.rglob(".*.tmp"))
    for file in folder.rglob("*.pt"):
        assert checkpoint.load(file)["step"] >= 0


# --- while Python imports --------------------------------------------------------------------------------


@pytest.mark.parametrize("program", [("engine", "train"), ("tui",)], ids=lambda program: program[0])
@pytest.mark.parametrize(
    "number, delay", [*((signal.SIGINT, delay) for delay in (0, 50, 150, 300, 600)), (signal.SIGTERM, 150)]
)
def test_in_the_first_moments_a_signal_ends_it_without_a_traceback(
    tmp_path: Path, small: Any, program: tuple[str, ...], number: int, delay: int
) -> None:
    log = tmp_path / "errors"
    settings = (str(tmp_path / "small.yaml"), "--epochs", "100000", "--model", "squeezenet1_1")
    command = [sys.executable, "-X", "importtime", "-m", *program, *settings]
    nothing = subprocess.DEVNULL
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, stdin=nothing, stdout=nothing, stderr=errors, start_new_session=True
        ) as process,
    ):
        # What Python itself does before it runs a line of this program is out of our hands.
        while not re.search(r"\| +argparse\n", log.read_text()):
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(delay / 1000)
        process.send_signal(number)
        assert process.wait(PATIENCE) in (128 + number, -number)
    said = [line for line in log.read_text().splitlines() if not line.startswith("import time:")]
    assert not any("Traceback" in line or "KeyboardInterrupt" in line for line in said), said
    check_nothing_is_left(process, tmp_path)


# --- while it trains ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]
)
def test_a_signal_leaves_a_checkpoint_and_nothing_else(tmp_path: Path, small: Any, number: int) -> None:
    with training(tmp_path, "--epochs", "100000") as process:
        read_until(process, "train_step")
        if number == signal.SIGXCPU:  # the system sends it, to the thread that computes
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
        else:
            process.send_signal(number)
        _, messages = process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + number and "Traceback" not in messages
        check_nothing_is_left(process, tmp_path)
    assert (tmp_path / "runs" / "small-1" / "scratch" / "last.pt").exists()


def test_a_terminal_that_goes_away_leaves_a_checkpoint_and_nothing_else(tmp_path: Path, small: Any) -> None:
    screen, program_side = pty.openpty()
    terminal = {"stdin": program_side, "stdout": program_side, "stderr": program_side}
    with training(tmp_path, "--epochs", "100000", **terminal) as process:
        os.close(program_side)
        seen = b""
        while b'"train_step"' not in seen:
            seen += os.read(screen, 1 << 16)
        os.close(screen)
        assert process.wait(PATIENCE) == 128 + signal.SIGHUP
        check_nothing_is_left(process, tmp_path)
    assert (tmp_path / "runs" / "small-1" / "scratch" / "last.pt").exists()


def test_with_nohup_a_terminal_that_goes_away_is_no_reason_to_stop(tmp_path: Path, small: Any) -> None:
    with training(tmp_path, ignored=[signal.SIGHUP]) as process:
        read_until(process, "train_step")
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        check_nothing_is_left(process, tmp_path)


@pytest.mark.parametrize("settings, status", [([], 0), (["optim.scratch_lr=100", "watchdog.not_finite=false"], 1)])
def test_an_end_and_a_failure_leave_nothing_either(
    tmp_path: Path, small: Any, settings: list[str], status: int
) -> None:
    with training(tmp_path, *(text for setting in settings for text in ("--set", setting))) as process:
        _, messages = process.communicate(timeout=PATIENCE)
        assert process.returncode == status and "Traceback" not in messages
        check_nothing_is_left(process, tmp_path)


# --- while it saves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_during_a_save_leaves_at_once_and_the_checkpoint_before_is_whole(
    tmp_path: Path, small: Any, first: int, number: int
) -> None:
    with training(tmp_path, "--epochs", "100000") as process:
        read_until(process, "checkpoint_saved")
        threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would hold the run up
        folder = tmp_path / "runs" / "small-1" / "scratch"
        while not (folder / "last.pt").exists():
            time.sleep(0.01)
        with saving_held_up(folder) as wait:
            process.send_signal(first)
            wait(PATIENCE)
            for later in (signal.SIGHUP, signal.SIGUSR1, number):  # the first two are no demand to hurry
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.5)
                process.send_signal(later)
            process.wait(PATIENCE)
            messages = process.stderr.read()
        assert process.returncode == 128 + number and "Traceback" not in messages
        check_nothing_is_left(process, tmp_path)
    assert checkpoint.load(folder / "last.pt")["step"] > 0
