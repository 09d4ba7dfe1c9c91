"""Commands of the user that run at an event, for example to send a mail or a chat message."""

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
from engine.protocol import (
    ArmFinished,
    CheckpointSaved,
    Diverged,
    Event,
    HookFailed,
    Loading,
    RunFailed,
    RunFinished,
)
from engine.protocol.arms import EVALUATION_LOSS
from engine.protocol.sentences import message
from engine.storage.uploads import AT_THE_END, HOOK, Uploads

LOG = "hooks.log"
MOST_SECONDS = 60.0  # a command may take
GRACE_SECONDS = 5.0  # for a command to end after a signal
SENDING_SECONDS = 3600.0  # the command that sends a checkpoint may take
END_SECONDS = 80.0  # the end of a run waits for commands: one on a broken disk may neither start nor end
PREEMPTED_SECONDS = 3.0  # the same if a signal ends the run, as the process is soon killed
AT_ONCE = 4  # commands under way


class CurrentArm(Protocol):
    """What a hook says about the current arm."""

    @property
    def arm(self) -> str:
        """Its name."""

    @property
    def step(self) -> int:
        """Updates done."""

    @property
    def best_accuracy(self) -> float | None:
        """On the pictures that choose; `None` before the first evaluation."""


class _Command(NamedTuple):
    hook: str
    arguments: list[str]

    def failed(self, problem: str) -> HookFailed:
        return HookFailed(self.hook, f"`{self.arguments[0]}` {problem}")


class Hooks:
    """Runs a command for an event, each in a thread of its own, so that training does not wait.

    The failure of a command is an event `HookFailed`, which comes before a later event, at the latest the run's last.
    """

    def __init__(self, config: HooksConfig, name: str) -> None:
        """`name` stands for the run as long as it has no folder."""
        self.folder: Path | None = None
        "the run's folder, absolute; `hooks.log` is in it"
        self.current: Callable[[], CurrentArm] | None = None
        "returns the current arm; set as soon as there is one"
        self._config = config
        self._name = name
        self._under_way: list[_Command] = []
        self._results: SimpleQueue[tuple[_Command, str]] = SimpleQueue()
        self._uploads = Uploads(self._send)

    def before(self, event: Event) -> Iterator[Event]:
        """Start the command for an event that is about to be emitted. Yields what became of earlier commands.

        Before the last event of a run it waits for all commands, because no failure can come after that event.
        """
        yield from self._failures()
        match event:
            case CheckpointSaved() if self._config.saved:
                self._uploads.add(event)
            case ArmFinished():
                yield from self._start("finished", self._config.finished, event)
            case RunFailed():
                yield from self._start("failed", self._config.failed, event)
            case RunFinished() if event.cause and not event.completed:
                yield from self._start("preempted", self._config.preempted, event)
            case Diverged() if event.what != EVALUATION_LOSS:
                yield from self._start("diverged", self._config.diverged, event)
        if isinstance(event, RunFinished | RunFailed):
            yield from self._failures(PREEMPTED_SECONDS if getattr(event, "cause", "") else END_SECONDS)
            yield from [command.failed("was waited for no longer") for command in self._under_way]
        yield from self._sent(event)

    def _sent(self, event: Event) -> Iterator[Event]:
        """What became of the checkpoints that are sent; the end of the run waits for them."""
        if isinstance(event, RunFinished | RunFailed) and self._uploads.busy:
            yield Loading("sending the last checkpoints")
            yield from self._uploads.finish(PREEMPTED_SECONDS if getattr(event, "cause", "") else AT_THE_END)
        yield from self._uploads.results()

    def _start(self, hook: str, arguments: Sequence[str], event: Event) -> Iterator[HookFailed]:
        if not arguments:
            return
        values = self._values(hook, event)
        command = _Command(hook, [fill(argument, values) for argument in arguments])
        # The command for a failed run is never left out: it may be the user's only news, and there is only one.
        if len(self._under_way) >= AT_ONCE and not isinstance(event, RunFailed):
            yield command.failed(f"was left out, {AT_ONCE} commands are under way already")
            return
        self._under_way.append(command)
        environment = _environment(values)
        log = None if self.folder is None else self.folder / LOG
        try:
            # The start is in the thread, too: the program may be on a disk that does not answer.
            run = partial(self._run, command, environment, log)
            threading.Thread(target=run, name=f"hooks.{hook}", daemon=True).start()
        except RuntimeError as error:  # the system allows no more threads
            self._results.put((command, f"could not be run ({error})"))

    def _send(self, saved: CheckpointSaved, path: Path) -> str:
        """Run the command for a checkpoint, of which `path` is a name; what went wrong."""
        assert self.folder is not None
        name = "/".join(Path(saved.path).parts[-2:])
        values = self._values(HOOK, saved) | {"path": str(path.absolute()), "name": name, "arm": saved.arm}
        arguments = [fill(argument, values) for argument in self._config.saved]
        problem = _run(arguments, _environment(values), self.folder / LOG, SENDING_SECONDS)
        return f"`{arguments[0]}` {problem}" if problem else ""

    def _run(self, command: _Command, environment: Mapping[str, str], log: Path | None) -> None:
        problem = "was not run"
        try:
            problem = _run(command.arguments, environment, log)
        finally:
            self._results.put((command, problem))

    def _values(self, hook: str, event: Event) -> dict[str, str]:
        """The values for the names of `engine.config.placeholders`."""
        folder, current = self.folder, self.current() if self.current is not None else None
        best = current.best_accuracy if current is not None else None
        if isinstance(event, ArmFinished):
            best = event.best_accuracy  # of what is on the disk
        values = {
            "event": hook,
            "run": self._name if folder is None else folder.name,
            "path": "" if folder is None else str(folder),
            "name": "",
            "arm": "" if current is None else current.arm,
            "step": "" if current is None else str(getattr(event, "step", current.step)),
            "accuracy": "" if best is None else f"{100 * best:.1f} %",
            "message": message(event),
        }
        return {name: value.replace("\0", "") for name, value in values.items()}  # an argument has no NUL

    def _failures(self, patience: float = 0.0) -> Iterator[HookFailed]:
        """Failures since the last call; waits up to `patience` seconds for commands that are under way."""
        end = time.monotonic() + patience
        while self._under_way:
            try:
                command, problem = self._results.get(timeout=max(end - time.monotonic(), 0.0))
            except Empty:
                return
            self._under_way.remove(command)
            if problem:
                yield command.failed(problem)


def _environment(values: Mapping[str, str]) -> dict[str, str]:
    return os.environ | {f"FINETUNE_{name.upper()}": value for name, value in values.items()}


def _run(arguments: list[str], environment: Mapping[str, str], log: Path | None, seconds: float | None = None) -> str:
    """Run a command to its end, or until it takes too long; what went wrong, empty if nothing did."""
    most = MOST_SECONDS if seconds is None else seconds
    with contextlib.ExitStack() as stack:
        output: BinaryIO | int = subprocess.DEVNULL
        if log is not None:
            with contextlib.suppress(OSError):  # without the log, if the disk is full
                output = stack.enter_context(log.open("ab"))
        try:
            process = subprocess.Popen(
                arguments,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal stops the run, not the command
            )
        except FileNotFoundError as error:
            return f"is not there ({error.strerror})"
        except (OSError, ValueError) as error:
            return f"could not be run ({getattr(error, 'strerror', None) or error})"
    try:
        status = process.wait(most)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"took longer than {most:g} s and was ended"
    if status < 0:
        return f"was ended by signal {-status}"
    where = "" if output == subprocess.DEVNULL else f", see {LOG}"
    return f"ended with status {status}{where}" if status else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command that takes too long, with all processes of its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):  # it has ended
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
            return
