"""A run without a screen: events to the standard streams, signals to commands, an end to an exit status."""

import os
import signal
from queue import SimpleQueue
from types import FrameType

from engine.launch import Launch
from engine.protocol import Command, Event, RunFailed, Stop, encode
from engine.report import Report
from engine.session import drive

DONE, FAILED, INTERRUPTED = 0, 1, 130


def train(launch: Launch, json_lines: bool = False) -> int:
    """Train to the end and return the exit status: 0 done, 1 failed, 2 the user's mistake, 130 interrupted.

    An interrupt or a termination signal stops after the current step, with a checkpoint; a second one
    leaves at once.
    """
    inbox: SimpleQueue[Command] = SimpleQueue()
    status = DONE
    report = Report()

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal status
        if status >= INTERRUPTED - 2:
            os._exit(status)
        status = 128 + number
        inbox.put(Stop(save=True))

    def emit(event: Event) -> None:
        nonlocal status
        if isinstance(event, RunFailed):
            status = event.exit_status
        if json_lines:
            print(encode(event), flush=True)
            if isinstance(event, RunFailed):
                report.show(event)
        else:
            report.show(event)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        drive(launch.config, inbox, emit, launch.resume)
    except BrokenPipeError:
        # Nobody reads any more (`| head`): the checkpoints are on the disk, so end quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status
