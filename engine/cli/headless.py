"""A run without a screen: it prints events, turns signals into commands, and ends with an exit status."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType

from engine.protocol import (
    Arm,
    CheckpointFailed,
    CheckpointSaved,
    Command,
    CommandRefused,
    Event,
    RunFailed,
    RunFinished,
    RunStarted,
    Stop,
)
from engine.protocol.best import is_best_file
from engine.protocol.sentences import message
from engine.protocol.streams import Stream, say
from engine.service.ending import AGAIN_SECONDS, PATIENT, Ending, cause_of, leave_process
from engine.service.host import Host
from engine.service.launch import Launch, is_first
from engine.sinks import STREAM_SINKS
from engine.storage.atomic import discard

DONE, FAILED = 0, 1
ASKED = (signal.SIGHUP, *PATIENT)
"signals that ask for an end and never demand it at once"
OUT_OF_TIME = b"the limit of processor time (ulimit -t) is near: the run saves and ends; go on with --resume\n"

SIGNAL_SECONDS = 0.5
"the most that a signal has to wait for this thread"

Train = Callable[[SimpleQueue[Command], Callable[[Event], None]], object]
"trains a run: takes commands from the inbox, and calls the other argument with each event"


def train(launch: Launch, json_lines: bool = False, hold: bool = False) -> int:
    """Train to the end and return the exit status, as `run_headless` does.

    With `hold` an arm that has done its epochs waits for commands while somebody watches. After a signal that clusters
    send, and once the state is safe, the status is `checkpoint.signal_exit`, if that is set.

    Raises:
        EngineError: the run's folder cannot be written, or the time limit that the environment names is no time.
    """
    launch.begin()
    inbox = SimpleQueue[Command]()
    host = Host(launch, hold, inbox)
    headless = _Headless(json_lines, inbox, host.ending, launch.config.checkpoint.signal_exit)
    return headless.run(lambda inbox, emit: host.train(emit))


def run_headless(train: Train, json_lines: bool = False) -> int:
    """Call `train`, and return the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N.

    The first interrupt, termination signal, user signal or hang-up of the terminal stops the run after the current
    step, with a checkpoint if one can be written. A second interrupt or termination signal ends the process at once.
    With `json_lines` each line of standard output is an event.
    """
    return _Headless(json_lines, SimpleQueue()).run(train)


class _Headless:
    def __init__(
        self,
        json_lines: bool,
        inbox: SimpleQueue[Command],
        ending: Ending | None = None,
        signal_exit: int | None = None,
    ) -> None:
        self._out = Stream(sys.stdout, self._output_broken)
        self._messages = Stream(sys.stderr, self._output_broken)
        self._show = STREAM_SINKS["json" if json_lines else "text"](self._out, self._messages)
        self._inbox = inbox
        self._ending = Ending(inbox, self._emit) if ending is None else ending
        self._leaves = ending is not None
        "whether the run may be left in the middle of something"
        self._signal_exit = signal_exit
        self._signal: tuple[int, float] | None = None
        "the first signal, and when it came"
        self._saved = ""
        self._ended = False
        "whether the last event has come"
        self._refused = False
        "whether the checkpoint before the end could not be written"
        self._unkept: set[Arm] = set()
        "arms whose best weights could not be written"
        self._status = DONE

    def run(self, train: Train) -> int:
        # The other processes that torchrun starts print only why they fail.
        self._prints = is_first()
        numbers = [signal.SIGINT, signal.SIGTERM]
        # `nohup` ignores hang-ups, and a script that starts this may ignore what its cluster sends.
        numbers += [number for number in ASKED if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle_signal) for number in numbers}
        try:
            if self._leaves:
                self._train_beside(train)
            else:
                train(self._inbox, self._emit)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._status

    def _train_beside(self, train: Train) -> None:
        """Train in a thread of its own: a signal is handled even if that waits in code outside Python."""
        errors: list[BaseException] = []

        def work() -> None:
            try:
                train(self._inbox, self._emit)
            except BaseException as error:
                errors.append(error)
                self._ending.done()  # it may not have come so far

        try:
            threading.Thread(target=work, name="engine", daemon=True).start()
        except RuntimeError:  # the system allows no more threads: a signal is then handled when Python is next at work
            work()
        while not self._ending.wait(SIGNAL_SECONDS):
            pass  # a signal that the system gives to another thread is handled now
        if self._ending.left:
            if not self._ended:
                self._status = self._ended_by(self._ending.cause)
            leave_process(self._status, flush=not self._ending.is_stuck)
        if errors:
            raise errors[0]

    def _emit(self, event: Event) -> None:
        if not self._prints:
            self._print(message(event) if isinstance(event, RunFailed) else "")
        else:
            self._show(event)
        match event:
            case RunStarted():
                self._saved = event.resumed_from
            case CheckpointFailed() if is_best_file(event):
                self._unkept.add(event.arm)
            case CheckpointSaved():
                self._saved = event.path
                if is_best_file(event):
                    self._unkept.discard(event.arm)
            case CommandRefused(command="stop") if self._ending.asked:
                self._refused = True
                self._inbox.put(Stop(save=False, cause=self._ending.cause))
                last = f"the last good checkpoint is {self._saved}" if self._saved else "there is no checkpoint"
                self._print(f"stopping without saving; {last}")
            case RunFinished(completed=True):
                self._status = FAILED if self._unkept else DONE
            case RunFinished() if event.cause:
                self._status = self._ended_by(event.cause)
            case RunFailed():
                self._status = event.exit_status

        self._ended = self._ended or isinstance(event, RunFinished | RunFailed)

    def _print(self, text: str) -> None:
        if text:
            say(text, self._messages)

    def _handle_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._signal is None:
            self._signal = number, now
            if number == signal.SIGXCPU:
                os.write(2, OUT_OF_TIME)  # a stream may be in the middle of another line
            # One of several processes may be told of the end before its own signal comes.
            self._stop(self._status if self._ended else 128 + number, cause_of(number))
            return
        first, when = self._signal
        again = number == first and now - when < AGAIN_SECONDS
        if again or number in ASKED or "TORCHELASTIC_RUN_ID" in os.environ:
            # This is the first signal again: the shell and torchrun pass on what the terminal sends, too, and a
            # cluster sends its own to each process. Torchrun kills a process that takes too long.
            return
        discard()
        os._exit(128 + number)

    def _stop(self, status: int, cause: str = "") -> None:
        self._status = status
        self._ending.ask(cause)

    def _ended_by(self, cause: str) -> int:
        """The exit status of a run that a signal, or the limit of its job, has ended."""
        if cause and not self._refused and self._signal_exit is not None:
            return self._signal_exit
        own = getattr(signal, cause, signal.SIGTERM)  # of a limit that is no signal, as of one
        return self._status or 128 + own

    def _output_broken(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):  # such as a full disk under a redirected output
            self._print(f"output not written: {error.strerror}; training goes on without it")
        elif not self._ending.asked:  # the reader has gone (`| head`): stop with a checkpoint, and without a message
            self._stop(FAILED)
