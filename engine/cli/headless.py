"""A run without a screen: events to the standard streams, signals to commands, an end to an exit status."""

import os
import signal
import sys
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType

from engine.protocol import (
    CheckpointSaved,
    Command,
    CommandRefused,
    Event,
    RunFailed,
    RunFinished,
    RunStarted,
    Stop,
)
from engine.protocol.sentences import message
from engine.protocol.streams import Stream
from engine.service.host import Host
from engine.service.launch import Launch, is_first
from engine.sinks import STREAM_SINKS
from engine.storage.atomic import discard

DONE, FAILED = 0, 1


Play = Callable[[SimpleQueue[Command], Callable[[Event], None]], object]
"trains: takes commands from the inbox and hands events out"


def train(launch: Launch, json_lines: bool = False, hold: bool = False) -> int:
    """Train to the end and return the exit status, as `follow` does.

    With `hold` an arm that has done its epochs waits for commands while somebody watches.
    """
    return follow(lambda inbox, emit: Host(launch, hold, inbox).train(emit), json_lines)


def follow(play: Play, json_lines: bool = False) -> int:
    """Let `play` train, and return the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N.

    An interrupt, a termination signal or a terminal that goes away stops after the current step, with a checkpoint
    if one can be written; a second one leaves at once. With `json_lines` the standard output has an event a line.
    """
    return _Headless(json_lines).follow(play)


class _Headless:
    def __init__(self, json_lines: bool) -> None:
        self._out = Stream(sys.stdout, self._output_broken)
        self._messages = Stream(sys.stderr, self._output_broken)
        self._show = STREAM_SINKS["json" if json_lines else "text"](self._out, self._messages)
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._stopping = False
        self._saved = ""
        self._status = DONE

    def follow(self, play: Play) -> int:
        # The processes that torchrun starts beside the first one have nothing to tell but why they fail.
        self._tells = is_first()
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` has it
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._signalled) for number in numbers}
        try:
            play(self._inbox, self._emit)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._status

    def _emit(self, event: Event) -> None:
        if not self._tells:
            self._say(message(event) if isinstance(event, RunFailed) else "")
        else:
            self._show(event)
        match event:
            case RunStarted():
                self._saved = event.resumed_from
            case CheckpointSaved():
                self._saved = event.path
            case CommandRefused(command="stop") if self._stopping:
                self._inbox.put(Stop(save=False))
                last = f"the last good checkpoint is {self._saved}" if self._saved else "there is no checkpoint"
                self._say(f"stopping without saving; {last}")
            case RunFinished(completed=True):
                self._status = DONE
            case RunFailed():
                self._status = event.exit_status

    def _say(self, text: str) -> None:
        if text:
            print(text, file=self._messages, flush=True)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            if number == signal.SIGHUP or "TORCHELASTIC_RUN_ID" in os.environ:
                # No second demand, but the first one again: one from the terminal, and one handed on by the shell
                # or by torchrun, which kills what takes too long.
                return
            discard()
            os._exit(128 + number)
        self._stop(128 + number)

    def _stop(self, status: int) -> None:
        self._stopping = True
        self._status = status
        self._inbox.put(Stop(save=True))

    def _output_broken(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):  # a full disk, say, under a redirected output
            self._say(f"output not written: {error.strerror}; training goes on without it")
        elif not self._stopping:  # nobody reads any more (`| head`): end quietly, and lose nothing
            self._stop(FAILED)
