"""A run without a screen: it prints events, turns signals into commands, and ends with an exit status."""

import os
import signal
import sys
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
from engine.service.host import Host
from engine.service.launch import Launch, is_first
from engine.sinks import STREAM_SINKS
from engine.storage.atomic import discard

DONE, FAILED = 0, 1
ASKED = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
"""signals that ask for an end and never demand it at once; clusters send the user's two before the time is up, the
system the last one, each second, when the limit of processor time is near"""
OUT_OF_TIME = b"the limit of processor time (ulimit -t) is near: the run saves and ends; go on with --resume\n"

Train = Callable[[SimpleQueue[Command], Callable[[Event], None]], object]
"trains a run: takes commands from the inbox, and calls the other argument with each event"


def train(launch: Launch, json_lines: bool = False, hold: bool = False) -> int:
    """Train to the end and return the exit status, as `run_headless` does.

    With `hold` an arm that has done its epochs waits for commands while somebody watches.
    """
    launch.begin()
    return run_headless(lambda inbox, emit: Host(launch, hold, inbox).train(emit), json_lines)


def run_headless(train: Train, json_lines: bool = False) -> int:
    """Call `train`, and return the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N.

    The first interrupt, termination signal, user signal or hang-up of the terminal stops the run after the current
    step, with a checkpoint if one can be written. A second interrupt or termination signal ends the process at once.
    With `json_lines` each line of standard output is an event.
    """
    return _Headless(json_lines).run(train)


class _Headless:
    def __init__(self, json_lines: bool) -> None:
        self._out = Stream(sys.stdout, self._output_broken)
        self._messages = Stream(sys.stderr, self._output_broken)
        self._show = STREAM_SINKS["json" if json_lines else "text"](self._out, self._messages)
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._stopping = False
        self._saved = ""
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
            train(self._inbox, self._emit)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._status

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
            case CommandRefused(command="stop") if self._stopping:
                self._inbox.put(Stop(save=False))
                last = f"the last good checkpoint is {self._saved}" if self._saved else "there is no checkpoint"
                self._print(f"stopping without saving; {last}")
            case RunFinished(completed=True):
                self._status = FAILED if self._unkept else DONE
            case RunFailed():
                self._status = event.exit_status

    def _print(self, text: str) -> None:
        if text:
            say(text, self._messages)

    def _handle_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            if number in ASKED or "TORCHELASTIC_RUN_ID" in os.environ:
                # This is the first signal again: the shell and torchrun pass on what the terminal sends, too, and a
                # cluster sends its own to each process. Torchrun kills a process that takes too long.
                return
            discard()
            os._exit(128 + number)
        if number == signal.SIGXCPU:
            os.write(2, OUT_OF_TIME)  # a stream may be in the middle of another line
        self._stop(128 + number)

    def _stop(self, status: int) -> None:
        self._stopping = True
        self._status = status
        self._inbox.put(Stop(save=True))

    def _output_broken(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):  # such as a full disk under a redirected output
            self._print(f"output not written: {error.strerror}; training goes on without it")
        elif not self._stopping:  # the reader has gone (`| head`): stop with a checkpoint, and without a message
            self._stop(FAILED)
