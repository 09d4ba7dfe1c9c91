"""Commands of the configuration that tell people of a run, so that nobody has to look: mail, chat, anything."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO, NamedTuple, Protocol

from engine.config.placeholders import fill
from engine.config.sections import HooksConfig
from engine.protocol import ArmFinished, Diverged, Event, HookFailed, RunFailed, RunFinished
from engine.protocol.sentences import message

LOG = "hooks.log"
MOST_SECONDS = 60.0  # that a command may take
GRACE_SECONDS = 5.0  # to end when it is told to
END_SECONDS = 80.0  # that the end of a run waits: the system may not start or end one that is on a broken disk
AT_ONCE = 4


class Hand(Protocol):
    """How far an arm has come."""

    @property
    def arm(self) -> str:
        """Its name."""

    @property
    def step(self) -> int:
        """Updates done."""

    @property
    def best_accuracy(self) -> float | None:
        """On the test set, none where it was never scored."""


class _Command(NamedTuple):
    hook: str
    arguments: list[str]

    def failed(self, problem: str) -> HookFailed:
        return HookFailed(self.hook, f"`{self.arguments[0]}` {problem}")


class Hooks:
    """Runs a command for an event, each in a thread of its own: training waits for none.

    Whatever goes wrong with one is a `HookFailed`, handed out with a later event, the run's last one at the latest.
    """

    def __init__(self, config: HooksConfig, name: str) -> None:
        """`name` is the run's as long as it has no folder."""
        self.folder: Path | None = None
        "the run's, absolute; `hooks.log` is there"
        self.current: Callable[[], Hand] | None = None
        "the arm in hand, as soon as there is one"
        self._config = config
        self._name = name
        self._under_way: list[_Command] = []
        self._results: SimpleQueue[tuple[_Command, str]] = SimpleQueue()

    def before(self, event: Event) -> Iterator[HookFailed]:
        """Run what is to be run for an event that is about to be told, and tell what has failed of earlier ones.

        No event comes after the last one of a run, so that before it all that is under way is waited for.
        """
        yield from self._failures()
        match event:
            case ArmFinished():
                yield from self._start("finished", self._config.finished, event)
            case RunFailed():
                yield from self._start("failed", self._config.failed, event)
            case Diverged():
                yield from self._start("diverged", self._config.diverged, event)
        if isinstance(event, RunFinished | RunFailed):
            yield from self._failures(END_SECONDS)
            yield from [command.failed("was waited for no longer") for command in self._under_way]

    def _start(self, hook: str, arguments: Sequence[str], event: Event) -> Iterator[HookFailed]:
        if not arguments:
            return
        values = self._values(hook, event)
        command = _Command(hook, [fill(argument, values) for argument in arguments])
        # Of a failure nothing else tells, and there is one at most.
        if len(self._under_way) >= AT_ONCE and not isinstance(event, RunFailed):
            yield command.failed(f"was left out, {AT_ONCE} commands are under way already")
            return
        self._under_way.append(command)
        environment = os.environ | {f"FINETUNE_{name.upper()}": value for name, value in values.items()}
        log = None if self.folder is None else self.folder / LOG
        try:
            # Not even the start is waited for: a program may be on a disk that does not answer.
            run = partial(self._run, command, environment, log)
            threading.Thread(target=run, name=f"hooks.{hook}", daemon=True).start()
        except RuntimeError as error:  # the system has no room for another one
            self._results.put((command, f"could not be run ({error})"))

    def _run(self, command: _Command, environment: Mapping[str, str], log: Path | None) -> None:
        problem = "was not run"
        try:
            problem = _run(command.arguments, environment, log)
        finally:
            self._results.put((command, problem))

    def _values(self, hook: str, event: Event) -> dict[str, str]:
        """What is filled in for the names of `engine.config.placeholders`."""
        folder, current = self.folder, self.current() if self.current is not None else None
        best = current.best_accuracy if current is not None else None
        values = {
            "event": hook,
            "run": self._name if folder is None else folder.name,
            "path": "" if folder is None else str(folder),
            "arm": "" if current is None else current.arm,
            "step": "" if current is None else str(getattr(event, "step", current.step)),
            "accuracy": "" if best is None else f"{100 * best:.1f} %",
            "message": message(event),
        }
        return {name: value.replace("\0", "") for name, value in values.items()}  # which no argument can have

    def _failures(self, patience: float = 0.0) -> Iterator[HookFailed]:
        """What has failed since the last call, or, within `patience` seconds, of all that are under way."""
        end = time.monotonic() + patience
        while self._under_way:
            try:
                command, problem = self._results.get(timeout=max(end - time.monotonic(), 0.0))
            except Empty:
                return
            self._under_way.remove(command)
            if problem:
                yield command.failed(problem)


def _run(arguments: list[str], environment: Mapping[str, str], log: Path | None) -> str:
    """Run a command to its end, or for as long as it may take; what went wrong, empty where nothing did."""
    with contextlib.ExitStack() as stack:
        output: BinaryIO | int = subprocess.DEVNULL
        if log is not None:
            with contextlib.suppress(OSError):  # a full disk is no reason to tell nobody
                output = stack.enter_context(log.open("ab"))
        try:
            process = subprocess.Popen(
                arguments,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is for the run, which goes on to its end
            )
        except FileNotFoundError as error:
            return f"is not there ({error.strerror})"
        except (OSError, ValueError) as error:
            return f"could not be run ({getattr(error, 'strerror', None) or error})"
    try:
        status = process.wait(MOST_SECONDS)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"took longer than {MOST_SECONDS:g} s and was ended"
    if status < 0:
        return f"was ended by signal {-status}"
    where = "" if output == subprocess.DEVNULL else f", see {LOG}"
    return f"ended with status {status}{where}" if status else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command that takes too long, and what it has started, in its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):  # there is nothing left of it
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
            return
