"""A small process that the shell waits for; it ends when the program ends or detaches.

The program itself cannot detach by a fork: a process that has used CUDA must not fork. So it is a child from the start,
before it has loaded anything, and the shell waits for its parent.
"""

import contextlib
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from engine.protocol.streams import say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# Usual keys and pasting, no mouse, no reports of focus or size, lines that wrap, the main screen, a cursor.
PLAIN = "\x1b[<u\x1b[?2004l\x1b[?1000;1002;1003;1006;1015;1004;2048l\x1b[?7h\x1b[?1049l\x1b[?25h"


class Leash:
    """What ties the program to its terminal."""

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

    def cut(self, status: int) -> None:
        """Leave the terminal and its session; the shell gets its prompt back, and `status`."""
        # The leader of a process group may not do this; this child is one only if it has cut already.
        if os.getsid(0) != os.getpid():
            os.setsid()
        forget_terminal()
        self._cut = True
        with contextlib.suppress(BrokenPipeError):  # nobody waits
            os.write(self._descriptor, bytes([status]))
        os.close(self._descriptor)


def forget_terminal() -> None:
    """Stop reading from the terminal and writing to it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def attended(program: Callable[[Leash], int]) -> int:
    """Run `program` in a child process; its exit status, or the one that it passed to `Leash.cut`.

    Signals are handed on to the child. This process must have no other threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    modes = _modes()
    reading, writing = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return program(Leash(writing))
    os.close(writing)

    def hand_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(child, number)

    for number in SIGNALS:
        signal.signal(number, hand_on)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # as the screen does
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    cut = os.read(reading, 1)
    if cut:
        return cut[0]
    _, ended = os.waitpid(child, 0)
    if os.WIFEXITED(ended):
        return os.waitstatus_to_exitcode(ended)
    killer = signal.Signals(os.WTERMSIG(ended))
    if killer in SIGNALS:  # before there was a screen or a run; later the child handles them
        return 128 + killer
    _tidy(modes)
    what = f"the program was ended by {killer.name}; its last checkpoint is whole"
    say(f"Run lost: {what}: `finetune-tui runs` lists the run, and --resume goes on with it")
    return 128 + killer


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
