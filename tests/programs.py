"""The project's programs as forks of a process that has loaded torch: to load it takes seconds each time.

A fork is a process of its own, with its own streams, folder, environment, signals and, if asked for, session and
terminal. What a fresh interpreter does until it has loaded the program is not tested with these.
"""

import atexit
import contextlib
import fcntl
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import termios
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, NamedTuple

from tests.paths import ROOT

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded", __name__])

Stream = int | IO[Any] | None
"as `subprocess.Popen` takes it: a descriptor, a file, `PIPE`, `DEVNULL`, or nothing for the tests' own"


class Start(NamedTuple):
    """How a program is started."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    session: bool
    "in a session of its own, which has the terminal at its standard input, if there is one there"
    ignored: tuple[int, ...]
    "signals that it ignores from the beginning, as `nohup` has it"
    awaited: bool
    "by a process that does what `sh -c '\"$@\"; echo status $?; read line'` does"


class Program:
    """A program that was started; it has what a `subprocess.Popen` of text has."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        cwd: Path = ROOT,
        env: Mapping[str, str] | None = None,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
        session: bool = False,
        ignored: Sequence[int] = (),
        awaited: bool = False,
    ) -> None:
        """Run `python -m module arguments...`."""
        start = Start(module, list(arguments), str(cwd), dict(env or os.environ), session, tuple(ignored), awaited)
        with contextlib.ExitStack() as given:
            ends = [_Ends(stream, number, given) for number, stream in enumerate((stdin, stdout, stderr))]
            self._process = FORKS.Process(target=_begin, args=(start, [end.theirs for end in ends]), daemon=True)
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.stdin, self.stdout, self.stderr = (end.ours for end in ends)

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal, or nothing where its end has not been seen."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The exit status, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; the exit status."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing of it behind."""
        self.kill()
        self.wait()
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it writes until its end, which is waited for."""
        end = None if timeout is None else time.monotonic() + timeout
        files = [file for file in (self.stdout, self.stderr) if file is not None and not file.closed]
        said: dict[Any, list[str]] = {file: [] for file in files}
        readers = [threading.Thread(target=lambda f=file: said[f].append(f.read()), daemon=True) for file in files]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if end is None else max(0.0, end - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        self.wait(None if end is None else max(0.0, end - time.monotonic()))
        for file in files:
            file.close()
        out, err = ("".join(said.get(file, ())) for file in (self.stdout, self.stderr))
        return out, err


def run(module: str, *arguments: str, timeout: float = 120.0, **how: Any) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, without input; what it wrote and its exit status."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Program(module, *arguments, **(streams | how)) as program:
        out, err = program.communicate(timeout)
        return subprocess.CompletedProcess([module, *arguments], program.wait(), out, err)


class _Ends:
    """The two ends of one of a program's streams."""

    def __init__(self, stream: Stream, number: int, given: contextlib.ExitStack) -> None:
        """`given` closes here, when it is closed, what the program has then."""
        self.ours: IO[str] | None = None
        if stream == subprocess.PIPE:
            reading, writing = os.pipe()
            self.ours = os.fdopen(writing, "w") if number == 0 else os.fdopen(reading)
            descriptor = reading if number == 0 else writing
            given.callback(os.close, descriptor)
        elif stream == subprocess.DEVNULL:
            descriptor = os.open(os.devnull, os.O_RDWR)
            given.callback(os.close, descriptor)
        elif stream is None:
            descriptor = number
        else:
            descriptor = stream if isinstance(stream, int) else stream.fileno()
        self.theirs = _Given(descriptor)


class _Given:
    """A descriptor of which the fork gets a copy; the number of that is what it unpickles as."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        return _received, (DupFd(self._descriptor),)


def _received(copy: Any) -> int:
    descriptor: int = copy.detach()
    return descriptor


# --- in the fork ----------------------------------------------------------------------------------------


def _begin(start: Start, streams: list[int]) -> None:
    """Become the program: nothing here is different for it from a process that a shell has started."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if start.session:
        os.setsid()
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environment)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN if number in start.ignored else signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if signal.SIGINT not in start.ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if start.awaited:
        if child := os.fork():
            _wait_as_a_shell(child)
        _become_a_job()
    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _writer(1, "strict")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _writer(2, "backslashreplace")  # type: ignore[misc]
    sys.argv = ["", *start.arguments]
    sys.orig_argv = [sys.executable, "-m", start.module, *start.arguments]
    os._exit(_ended(_run(start.module)))


def _wait_as_a_shell(child: int) -> None:
    """Let a job have the terminal; where it stops, take that back, and do `fg` or `bg` as a line of input says."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    while True:
        status = os.waitpid(child, os.WUNTRACED)[1]
        os.tcsetpgrp(0, os.getpid())
        if not os.WIFSTOPPED(status):
            break
        os.write(1, b"stopped\n")
        while (line := os.read(0, 100)) != b"fg\n":
            os.write(1, b"in the background\n" if line == b"bg\n" else b"what?\n")
            os.killpg(child, signal.SIGCONT)
        os.tcsetpgrp(0, child)
        os.killpg(child, signal.SIGCONT)
    code = os.waitstatus_to_exitcode(status)
    os.write(1, f"status {code if code >= 0 else 128 - code}\n".encode())
    os.read(0, 1)
    os._exit(0)


def _become_a_job() -> None:
    """Have a process group of its own, and the terminal."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def _writer(number: int, errors: str) -> IO[str]:
    buffering = 1 if number == 2 or os.isatty(number) else -1
    return os.fdopen(number, "w", buffering, encoding="utf-8", errors=errors, closefd=False)


def _run(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _ended(status: int) -> int:
    """The end of an interpreter: its threads, what was registered for it, its streams; the exit status."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for file in (sys.stdout, sys.stderr):
        try:
            file.flush()
        except (OSError, ValueError):
            status = 120
    return status
