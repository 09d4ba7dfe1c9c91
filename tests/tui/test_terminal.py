"""The real program in a real terminal: a pseudo-terminal, a process, files."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine import checkpoint
from tests.engine.driving import hold_up_saving
from tui.terminal import Screen

ROOT = Path(__file__).parents[2]
# One thread for torch: for so small a model more are no faster, and far slower beside other programs.
ENVIRONMENT = os.environ | {
    "TERM": "xterm-256color",
    "COLUMNS": "80",
    "LINES": "24",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
}
DEADLINE = 120.0  # seconds until a wait gives up; a failure, never a measure

CONFIG = """
name: small
device: cpu
init: scratch
data: {{root: {root}, image_size: 32, batch_size: 4, threads: 1}}
model: {{name: shufflenet_v2_x0_5}}
optim: {{scratch_lr: 0.001}}
train: {{epochs: {epochs}}}
checkpoint: {{dir: {runs}}}
"""


class Terminal:
    """A program in a terminal of 80x24, whose standard error is a pipe of its own."""

    def __init__(self, *args: str, cwd: Path) -> None:
        self.screen, program_side = pty.openpty()
        # The controlling terminal, so that closing our side hangs the program up.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", *args],
            stdin=program_side,
            stdout=program_side,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=ENVIRONMENT,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
        )
        os.close(program_side)
        self.seen = b""

    def wait_for(self, text: str) -> None:
        """Read until `text` is on its way to the screen."""
        end = time.monotonic() + DEADLINE
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not come: {self.seen[-2000:]!r}"
            if not self._read():
                raise AssertionError(f"the program ended before {text!r}: {self.process.stderr.read()!r}")
        self.seen = self.seen[self.seen.index(text.encode()) + len(text) :]

    def press(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def hang_up(self) -> None:
        """What a dropped connection does."""
        os.close(self.screen)
        self.screen = -1

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.screen >= 0:
            self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def end(self) -> tuple[int, str]:
        """Exit status and what was written to standard error."""
        while self.screen >= 0 and self._read():
            pass
        _, errors = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, errors.decode()

    def _read(self) -> bool:
        """Take in what the program draws; whether it still can."""
        ready, _, _ = select.select([self.screen], [], [], 0.2)
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self.screen, 1 << 16)
        except OSError:  # the other side is closed
            return False
        self.seen += data
        return bool(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to work in, with pictures and a configuration of a run too long to end by itself."""
    for part in ("train", "test"):
        for label, name in enumerate(("cat", "dog")):
            place = tmp_path / "pictures" / part / name
            place.mkdir(parents=True)
            for number in range(8):
                Image.new("RGB", (40, 40), (90 * label + 5 * number, 90, 90)).save(place / f"{number}.png")
    text = CONFIG.format(root=tmp_path / "pictures", runs=tmp_path / "runs", epochs=5000)
    (tmp_path / "small.yaml").write_text(text)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the program in the folder."""
    terminals: list[Terminal] = []

    def start(*args: str) -> Terminal:
        terminals.append(Terminal(*args, cwd=folder))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_before_the_process_ends(run, folder: Path, number: int):
    terminal = run("small.yaml")
    terminal.wait_for("TRAINING")
    terminal.process.send_signal(number)
    status, errors = terminal.end()
    assert (status, errors) == (128 + number, "")
    assert (folder / "runs" / "small-1" / "scratch" / "last.pt").is_file()


def test_a_dropped_connection_saves_too(run, folder: Path):
    terminal = run("small.yaml")
    terminal.wait_for("TRAINING")
    terminal.hang_up()
    assert terminal.end() == (128 + signal.SIGHUP, "")
    assert (folder / "runs" / "small-1" / "scratch" / "last.pt").is_file()


@pytest.mark.parametrize("first, second", [("SIGTERM", "SIGTERM"), ("SIGTERM", "SIGINT"), ("SIGHUP", "SIGTERM")])
def test_a_second_signal_leaves_at_once_and_the_checkpoint_before_is_whole(run, folder: Path, first: str, second: str):
    terminal = run("small.yaml")
    terminal.wait_for("best")
    saved = folder / "runs" / "small-1" / "scratch"
    while not (saved / "last.pt").exists():
        terminal._read()
    pipe = hold_up_saving(saved)
    terminal.process.send_signal(signal.Signals[first])
    assert select.select([pipe], [], [], DEADLINE)[0], "nothing was saved"
    if first == "SIGTERM":
        terminal.wait_for("\x1b[?1049l")
    else:  # the shell hands it on
        time.sleep(2)
        terminal.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits for the checkpoint
        terminal.process.wait(2)
    terminal.process.send_signal(signal.Signals[second])
    assert terminal.end() == (128 + signal.Signals[second], "")
    assert not list((folder / "runs").rglob(".*.tmp"))
    assert checkpoint.load(saved / "last.pt")["step"] > 0
    os.close(pipe)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0])
def test_a_signal_at_any_moment_of_the_start_gives_the_terminal_back_without_a_traceback(run, delay: float):
    terminal = run("small.yaml")
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
    command = [sys.executable, "-m", "tui", "small.yaml", "--epochs", "2"]
    result = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert result.returncode == 0, result.stderr
    assert ["epoch 1/2" in line or "epoch 2/2" in line for line in result.stdout.splitlines()] == [True, True]


def test_help_is_answered_without_torch_and_without_the_screen():
    program = (
        "import sys; from tui.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted({'torch', 'textual', 'plotext'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "--resume" in result.stdout and result.stdout.endswith("[]\n")
