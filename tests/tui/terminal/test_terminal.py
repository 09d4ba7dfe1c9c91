"""The real program in a real terminal: a pseudo-terminal, a process, files."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from engine.storage import checkpoint
from tests import programs
from tests.engine.driving import saving_held_up
from tests.tui.console import DEADLINE, FRESH, KNOWN
from tui.terminal.driver import Screen


def test_a_session_from_the_first_paint_to_save_and_quit(run, folder: Path):
    terminal = run("small.yaml")
    terminal.wait_for("LOADING")
    terminal.wait_for("TRAINING")
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("s")
    terminal.wait_for("saved")
    terminal.press(" ")
    terminal.wait_for("TRAINING")
    terminal.press("q")
    terminal.wait_for("save and quit")
    terminal.press("\r")
    status, errors = terminal.end()
    assert (status, errors) == (0, "")
    assert b"\x1b[?1049l" in terminal.seen, "the terminal was not given back"
    assert b"\x1b[2J" in terminal.seen.split(b"\x1b[?1049l")[0], "rows are left, which tmux may keep"
    assert b"finetune-tui --resume" in terminal.seen
    run = folder / "runs" / "small-1"
    assert torch.load(run / "scratch" / "last.pt", weights_only=True)["step"] > 0
    assert list(run.glob("scratch/step-*.pt"))


def test_a_failure_of_the_engine_is_on_the_screen_and_afterwards_on_standard_error(run, folder: Path):
    for picture in (folder / "pictures").glob("*/*/[0-3].png"):
        picture.write_bytes(b"no picture")
    terminal = run("small.yaml")
    terminal.wait_for("FAILED")
    terminal.wait_for("Too many unreadable pictures")
    terminal.press("q")
    status, errors = terminal.end()
    assert status == 2
    assert errors.startswith("Too many unreadable pictures: ") and "Traceback" not in errors


def test_a_hook_of_an_arm_that_is_done_ends_before_the_program_does(run, folder: Path):
    pipe = folder / "fifo"
    os.mkfifo(pipe)
    terminal = run("small.yaml", "--epochs", "1", "--set", f"hooks.finished=[cat, {pipe}]")
    terminal.wait_for("FINISHED")
    terminal.press("q")
    pipe.write_text("told")  # as soon as the hook reads it
    assert terminal.end() == (0, "")
    assert (folder / "runs" / "small-1" / "hooks.log").read_text() == "told"
    assert '"run_finished"' in (folder / "runs" / "small-1" / "journal.jsonl").read_text().splitlines()[-1]


@pytest.mark.parametrize(
    ("number", "chosen", "expected"),
    [(signal.SIGINT, "85", 130), (signal.SIGTERM, "null", 143), (signal.SIGUSR1, "85", 85), (signal.SIGUSR2, "0", 0)],
)
def test_a_signal_saves_before_the_process_ends(run, folder: Path, number: int, chosen: str, expected: int):
    terminal = run("small.yaml", "--set", f"checkpoint.signal_exit={chosen}")
    terminal.wait_for("TRAINING")
    terminal.process.send_signal(number)
    status, errors = terminal.end()
    assert (status, errors) == (expected, "")
    assert (folder / "runs" / "small-1" / "scratch" / "last.pt").is_file()


@pytest.mark.parametrize("first, second", [("SIGTERM", "SIGTERM"), ("SIGTERM", "SIGINT")])
def test_a_second_signal_leaves_at_once_and_the_checkpoint_before_is_whole(run, folder: Path, first: str, second: str):
    terminal = run("small.yaml")
    terminal.wait_for("best")
    saved = folder / "runs" / "small-1" / "scratch"
    while not (saved / "last.pt").exists():
        terminal.read()
    with saving_held_up(saved) as wait:
        terminal.process.send_signal(signal.Signals[first])
        wait(DEADLINE)
        terminal.wait_for("\x1b[?1049l")
        with pytest.raises(subprocess.TimeoutExpired):  # it waits for the checkpoint
            terminal.process.wait(2)
        terminal.process.send_signal(signal.Signals[second])
        assert terminal.end() == (128 + signal.Signals[second], "")
    assert not list((folder / "runs").rglob(".*.tmp"))
    assert checkpoint.load(saved / "last.pt")["step"] > 0


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0])
def test_a_signal_at_any_moment_of_the_start_gives_the_terminal_back_without_a_traceback(run, delay: float):
    terminal = run("small.yaml", *KNOWN, program=FRESH)
    while b"\x00" not in Path(f"/proc/{terminal.process.pid}/cmdline").read_bytes():
        time.sleep(0.001)
    time.sleep(0.2 + delay)
    terminal.process.send_signal(signal.SIGTERM)
    status, errors = terminal.end()
    assert status in (128 + signal.SIGTERM, -signal.SIGTERM) and "Traceback" not in errors
    assert terminal.seen.count(b"\x1b[?1049h") == terminal.seen.count(b"\x1b[?1049l")


@pytest.mark.parametrize("hang_up", [False, True])
def test_a_write_that_waits_for_a_terminal_that_nobody_reads_ends_when_it_is_given_up(hang_up: bool):
    nobody, program_side = pty.openpty()
    screen, written = Screen(program_side), threading.Event()

    def write() -> None:
        for _ in range(100):  # more than the terminal has room for
            screen.write("x" * 10_000)
            screen.flush()
        written.set()

    threading.Thread(target=write, daemon=True).start()
    assert not written.wait(1.0)
    if hang_up:
        os.close(nobody)
    else:
        screen.abandon()
    assert written.wait(DEADLINE)
    screen.close()
    if not hang_up:
        os.close(nobody)


def test_a_mistake_in_the_arguments_opens_no_screen(run, folder: Path):
    terminal = run("small.yaml", "--set", "train.epoch=3")
    status, errors = terminal.end()
    assert status == 2 and "train.epochs" in errors and b"\x1b[?1049h" not in terminal.seen


def test_without_a_terminal_the_run_goes_by_itself_with_a_line_an_epoch(folder: Path):
    result = programs.run("tui", "small.yaml", "--epochs", "2", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert ["epoch 1/2" in line or "epoch 2/2" in line for line in result.stdout.splitlines()] == [True, True]


def test_help_is_answered_without_torch_and_without_the_screen():
    program = (
        "import sys; from tui.cli import main\n"
        "main(['--help'])\n"
        "print(sorted({'torch', 'textual', 'plotext'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "predict" in result.stdout and result.stdout.endswith("[]\n")
