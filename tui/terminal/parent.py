"""A small process that the shell waits for; it ends when the program ends or detaches.

The program itself cannot detach by a fork: a process that has used CUDA must not fork. So it is a child from the start,
before it has loaded anything, and the shell waits for its parent.
"""

import contextlib
import json
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from engine.errors import EngineError
from engine.protocol.streams import say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# Usual keys and pasting, no mouse, no reports of focus or size, lines that wrap, the main screen, a cursor.
PLAIN = "\x1b[<u\x1b[?2004l\x1b[?1000;1002;1003;1006;1015;1004;2048l\x1b[?7h\x1b[?1049l\x1b[?25h"


class Ended(NamedTuple):
    """How a program ended, or that it left its terminal."""

    status: int
    told: str = ""
    "what it has said with `Leash.tell`"


class Leash:
    """What ties the program to its terminal, and to the process that the shell waits for."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._cut = False

    def when_dropped(self, do: Callable[[], None]) -> None:
        """Call `do`, from a thread, when the parent is killed: then the shell has the terminal again."""

        def wait() -> None:
            ends = select.poll()
            ends.register(self._descriptor, 0)  # only the end of the reader
            ends.poll()
            if not self._cut:
                do()

        threading.Thread(target=wait, name="leash", daemon=True).start()

    def tell(self, text: str) -> None:
        """Say something to the process that the shell waits for, which reads it when this one has ended."""
        self._write(told=text)

    def cut(self, status: int) -> None:
        """Leave the terminal and its session; the shell gets its prompt back, and `status`."""
        # The leader of a process group may not do this; this child is one only if it has cut already.
        if os.getsid(0) != os.getpid():
            os.setsid()
        forget_terminal()
        self._cut = True
        self._write(cut=status)
        os.close(self._descriptor)

    def _write(self, **said: int | str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody waits
            os.write(self._descriptor, f"{json.dumps(said)}\n".encode())


def forget_terminal() -> None:
    """Stop reading from the terminal and writing to it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def attended(program: Callable[[Leash], int], lost: str) -> Ended:
    """Run `program` in a child process; its exit status, or the one that it passed to `Leash.cut`.

    Signals are handed on to the child. This process must have no other threads, and only it returns. `lost` is what is
    said where the child was killed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    modes = _modes()
    reading, writing = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        child = os.fork()
    except OSError as error:
        reason = f"no process can be started for the run ({error.strerror}); raise `ulimit -u`, or use --headless"
        raise EngineError("Not started", reason) from None
    if child == 0:
        os.close(reading)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        sys.exit(program(Leash(writing)))
    os.close(writing)

    def hand_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(child, number)

    handlers = {number: signal.signal(number, hand_on) for number in SIGNALS}
    handlers[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # as the screen does
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        return _awaited(child, reading, modes, lost)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _awaited(child: int, reading: int, modes: list[Any] | None, lost: str) -> Ended:
    """Wait until the child ends or leaves the terminal."""
    told = ""
    with os.fdopen(reading, encoding="utf-8") as lines:
        for said in map(json.loads, lines):
            if "cut" in said:
                return Ended(said["cut"])
            told = said["told"]
    _, ended = os.waitpid(child, 0)
    if os.WIFEXITED(ended):
        return Ended(os.waitstatus_to_exitcode(ended), told)
    killer = signal.Signals(os.WTERMSIG(ended))
    if killer not in SIGNALS:  # those come before there was a screen or a run; later the child handles them
        _tidy(modes)
        say(lost.format(killer.name))
    return Ended(128 + killer)


def _modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:  # no terminal
        return None


def _tidy(modes: list[Any] | None) -> None:
    """Restore the terminal: the child was killed (perhaps as memory ran out) and could not."""
    if modes is None:
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # so that a background job does not stop here
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetattr(0, termios.TCSAFLUSH, modes)
        print(PLAIN, end="", flush=True)
