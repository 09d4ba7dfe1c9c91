"""The real program in a real terminal: a pseudo-terminal, a process, files."""

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from PIL import Image

from engine.storage.journal import JOURNAL
from tests.paths import ROOT
from tests.programs import Program
from tests.tui.reader import Reader

FRESH = (sys.executable, "-m", "tui")
"the command for a program that is no fork"
KNOWN = ("--model", "shufflenet_v2_x0_5")
"a model that it has"
DEADLINE = 120.0  # seconds until a wait gives up; a failure, never a measure

CONFIG = """
name: small
device: cpu
init: scratch
data: {{root: {root}, image_size: 32, batch_size: 4, threads: 1}}
model: {{name: {model}}}
optim: {{scratch_lr: 0.001}}
train: {{epochs: {epochs}, compile: false}}
checkpoint: {{dir: {runs}}}
"""


def environment() -> dict[str, str]:
    terminal = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    return os.environ | terminal | {"PYTHONPATH": str(ROOT)}


def rows_of(sent: bytes) -> dict[int, str]:
    """What was written to which row of a terminal, the first one 1, where each piece is sent to its place."""
    rows: dict[int, str] = {}
    _, *parts = re.split(r"\x1b\[(\d+);\d+H", sent.decode(errors="replace"))
    for row, text in zip(parts[::2], parts[1::2], strict=True):
        if written := re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|[\r\n]", "", text):
            rows[int(row)] = rows.get(int(row), "") + written
    return rows


def make_folder(folder: Path, epochs: int = 5000, model: str = KNOWN[1]) -> Path:
    """Pictures, and the configuration `small.yaml` of a run that is too long to end by itself."""
    for part in ("train", "test"):
        for label, name in enumerate(("cat", "dog")):
            place = folder / "pictures" / part / name
            place.mkdir(parents=True)
            for number in range(8):
                Image.new("RGB", (40, 40), (90 * label + 5 * number, 90, 90)).save(place / f"{number}.png")
    text = CONFIG.format(root=folder / "pictures", runs=folder / "runs", epochs=epochs, model=model)
    (folder / "small.yaml").write_text(text)
    return folder


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.02)


def script(path: Path, text: str) -> Path:
    """A shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def steps(folder: Path) -> int:
    """The last step in the journal of the run that `small.yaml` has made; only its end is read."""
    journal = folder / "runs" / "small-1" / JOURNAL
    if not journal.exists():
        return 0
    with journal.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 10_000))
        last = re.findall(rb'"type": ?"train_step".*?"step": ?(\d+)', file.read())
    return int(last[-1]) if last else 0


def kill_all(folder: Path) -> None:
    """End every process that works in a folder, detached ones too."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder):
                process.kill()
                process.wait(DEADLINE)


class Terminal:
    """A program in a terminal of 80x24, whose standard error is a pipe of its own."""

    def __init__(self, *args: str, cwd: Path, program: Sequence[str] = (), shell: bool = False) -> None:
        """`program`: the command to run, by default `finetune-tui` as a fork of a process that has loaded it.

        `shell`: something like one stands between terminal and fork, and takes the terminal back when that ends.
        """
        self.screen, program_side = pty.openpty()
        streams = {"stdin": program_side, "stdout": program_side, "stderr": subprocess.PIPE}
        # The terminal is the controlling one, so that closing our side hangs the program up.
        self.process: Program | subprocess.Popen[str]
        if program:
            self.process = subprocess.Popen(
                [*program, *args],
                **streams,
                cwd=cwd,
                env=environment(),
                text=True,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
            )
        else:
            self.process = Program("tui", *args, **streams, cwd=cwd, env=environment(), session=True, awaited=shell)
        os.close(program_side)
        self.seen = b""
        self._reader = Reader()

    @property
    def program(self) -> psutil.Process:
        """The process that trains, behind the one that the shell waits for."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def wait_for(self, text: str) -> None:
        """Read until `text` is on its way to the screen."""
        end = time.monotonic() + DEADLINE
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not come: {self.seen[-2000:]!r}"
            if not self.read():
                raise AssertionError(f"the program ended before {text!r}: {self.process.stderr.read()!r}")
        self.seen = self.seen[self.seen.index(text.encode()) + len(text) :]

    def press(self, keys: str) -> None:
        """Type."""
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
        self.process.wait()
        self.process.stderr.close()

    def end(self) -> tuple[int, str]:
        """Exit status and what was written to standard error."""
        while self.screen >= 0 and self.read():
            pass
        status = self.process.wait(DEADLINE)
        return status, self.process.stderr.read()

    def read(self) -> bool:
        """Take in what the program draws; whether it still can."""
        ready, _, _ = select.select([self.screen], [], [], 0.2)
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self.screen, 1 << 16)
        except OSError:  # the other side is closed
            return False
        self.seen += self._reader.read(data)
        return bool(data)
