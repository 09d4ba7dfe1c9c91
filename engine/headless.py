"""A run without a screen: events to the standard streams, signals to commands, an end to an exit status."""

import contextlib
import os
import signal
import sys
from queue import SimpleQueue
from types import FrameType

from engine.launch import Launch
from engine.protocol import CheckpointSaved, Command, CommandRefused, Event, RunFailed, RunFinished, Stop, encode
from engine.report import Report, message
from engine.session import drive

DONE, FAILED = 0, 1


def train(launch: Launch, json_lines: bool = False) -> int:
    """Train to the end and return the exit status: 0 done, 1 failed, 2 the user's mistake, 130 or 143 interrupted.

    An interrupt or a termination signal stops after the current step, with a checkpoint if one can be
    written; a second one leaves at once. With `json_lines` the standard output has an event a line.
    """
    return _Headless(json_lines).train(launch)


class _Headless:
    def __init__(self, json_lines: bool) -> None:
        self._json_lines = json_lines
        self._report = Report(sys.stdout, sys.stderr)
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._stopping = False
        self._saved = ""
        self._status = DONE

    def train(self, launch: Launch) -> int:
        before = {number: signal.signal(number, self._signalled) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            drive(launch.config, self._inbox, self._emit, launch.resume)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._status

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            os._exit(128 + number)
        self._stop(128 + number)

    def _stop(self, status: int) -> None:
        self._stopping = True
        self._status = status
        self._inbox.put(Stop(save=True))

    def _emit(self, event: Event) -> None:
        match event:
            case CheckpointSaved():
                self._saved = event.path
            case RunFailed():
                self._status = event.exit_status
            case RunFinished(completed=True):
                self._status = DONE
        try:
            self._write(event)
            if isinstance(event, CommandRefused) and event.command == "stop" and self._stopping:
                self._inbox.put(Stop(save=False))
                last = f"the last good checkpoint is {self._saved}" if self._saved else "there is no checkpoint"
                print(f"stopping without saving; {last}", file=sys.stderr)
        except OSError as error:
            _give_up_broken_streams()
            if not isinstance(error, BrokenPipeError):
                # A full disk, say, under a redirected output: the training is worth more.
                print(f"output not written: {error.strerror}; training goes on without it", file=sys.stderr)
            elif not self._stopping:  # nobody reads any more (`| head`): end quietly, and lose nothing
                self._stop(FAILED)

    def _write(self, event: Event) -> None:
        if not self._json_lines:
            self._report.show(event)
            return
        print(encode(event), flush=True)
        if text := message(event):
            print(text, file=sys.stderr, flush=True)


def _give_up_broken_streams() -> None:
    """Point the standard streams that cannot be written at nothing, where what waits in them goes too."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)
            with contextlib.suppress(OSError):
                stream.flush()
