"""The dashboard in a terminal of its own, with the time at which its output arrives."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.tui.reader import Reader

PROGRAM = Path(sys.executable).with_name("finetune-tui")
WIDTH, HEIGHT = 120, 36
SIZES = ((80, 24), (WIDTH, HEIGHT), (200, 50))
INHERITED = ("COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "OMP_NUM_THREADS")  # not: it is measured as it is by itself
DEADLINE = 300.0  # seconds until a wait gives up


class Dashboard:
    """The program in a pseudo-terminal; a thread reads what it draws, as a terminal does."""

    def __init__(
        self, *args: str, size: tuple[int, int] = (WIDTH, HEIGHT), program: Sequence[str | Path] = (PROGRAM,)
    ) -> None:
        """`size` in columns and rows; `program`: what is run in the place of the installed one."""
        self._screen, program_side = pty.openpty()
        fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", *reversed(size), 0, 0))
        environment = {key: value for key, value in os.environ.items() if key not in INHERITED}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*program, *args],
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            env=environment | {"TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(program_side)
        self._news, self._pieces = threading.Condition(), list[bytes]()
        self._reader = Reader()
        self._seen, self._wanted, self._found, self._ended = b"", b"", 0.0, False
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Save and end, as where somebody ends the process."""
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        self.process.kill()
        self.process.wait()

    def listen(self, seconds: float) -> list[bytes]:
        """What it sends within so many seconds, piece by piece as it comes."""
        with self._news:
            self._pieces = []
        time.sleep(seconds)
        with self._news:
            return self._pieces

    def wait_for(self, text: str) -> float:
        """Until `text` has been drawn; when it came."""
        with self._news:
            self._wanted = text.encode()
            self._look()
            return self._wait()

    def answer(self, key: str, text: str) -> float:
        """Send a key; the seconds until `text` is drawn, whatever was drawn before."""
        with self._news:
            self._seen, self._wanted = b"", text.encode()
            sent = time.perf_counter()
            self.press(key)
            return self._wait() - sent

    def press(self, key: str) -> None:
        """Send a key."""
        os.write(self._screen, key.encode())

    def _wait(self) -> float:
        if not self._news.wait_for(lambda: not self._wanted or self._ended, DEADLINE) or self._wanted:
            raise SystemExit(f"{self._wanted!r} was not drawn: {self._seen[-2000:].decode(errors='replace')}")
        return self._found

    def _look(self) -> None:
        if self._wanted and self._wanted in self._seen:
            self._found, self._wanted = time.perf_counter(), b""
            self._news.notify_all()

    def _read(self) -> None:
        with suppress(OSError):  # the program has ended
            while data := os.read(self._screen, 1 << 16):
                with self._news:
                    self._seen = (self._seen + self._reader.read(data))[-(1 << 16) :]
                    self._pieces.append(data)
                    self._look()
        with self._news:
            self._ended = True
            self._news.notify_all()
