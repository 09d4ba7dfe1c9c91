"""Sends a live run the command of a word, and waits for the event that confirms it."""

import threading
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UserError
from engine.protocol import (
    ALL_GROUPS,
    PART_NAMES,
    Arm,
    CheckpointFailed,
    Command,
    CommandRefused,
    EvalDone,
    Event,
    Paused,
    RateChanged,
    Resumed,
    RunFailed,
    RunFinished,
    Save,
    ScaleRate,
    SwitchArm,
    name_of,
    other_arm,
)
from engine.protocol.sentences import message
from engine.protocol.streams import print_lines, say
from engine.service.remote.link import SocketLink
from engine.service.status import status_of
from engine.service.words import WORDS, Word, is_answer

DONE, FAILED = 0, 1
SECONDS = 60.0  # to wait for an answer


def send(folder: Path, args: Namespace, wait: bool = True, seconds: float = SECONDS) -> int:
    """Send the command of `args.word` to the run in `folder`; 0 if it was done, or sent without waiting, else 1.

    Raises:
        UserError: the run is not live.
    """
    command = WORDS[args.word].build(args) or SwitchArm(_other(folder))
    link = SocketLink(folder, watch=wait, history=False)
    try:
        link.send(command)
        if not wait:
            print_lines([f"{args.word}: sent"])
            return DONE
        # A run that waits for pictures, for example, sends no events: closing the link ends the loop over them.
        timer = threading.Timer(max(seconds, 0), link.close)
        timer.daemon = True
        timer.start()
        status = _answered(WORDS[args.word], command, link.events())
        timer.cancel()
    finally:
        link.close()
    if status is None:
        remedy = "it takes effect when the step in progress, or loading, is done"
        say(f"{args.word}: no answer within {seconds:g} s; {remedy}")
        return FAILED
    return status


def _answered(word: Word, command: Command, events: Iterator[Event]) -> int | None:
    """Wait for the answer and print it; `None` if there is none."""
    for event in events:
        if is_answer(event, command, word):
            print_lines([_sentence(event, command)])
            return DONE
        if _is_refusal(event, command) or isinstance(event, RunFailed):
            say(message(event))
            return FAILED
        if isinstance(event, RunFinished):
            say(f"the run is over: {message(event)}")
            return FAILED
    return None


def _is_refusal(event: Event, command: Command) -> bool:
    if isinstance(event, CommandRefused):
        return event.command == name_of(command)
    # The checkpoint that `Save` asks for, not one of those that are written all the time.
    own = isinstance(event, CheckpointFailed) and Path(event.path).name.startswith("step-")
    return own and isinstance(command, Save)


def _sentence(event: Event, command: Command) -> str:
    match event:
        case RateChanged() if isinstance(command, ScaleRate) and command.group == ALL_GROUPS:
            return f"all base rates are multiplied by {command.factor:g} from step {event.step + 1} on"
        case Paused():
            return f"paused after step {event.step}{', the GPU is given back' if event.freed else ''}"
        case Resumed():
            return f"training goes on after step {event.step}"
        case EvalDone():
            return f"accuracy {event.accuracy:.1%} on the {PART_NAMES[event.part]} pictures after step {event.step}"
        case _:
            return message(event)


def _other(folder: Path) -> Arm:
    arm = status_of(folder).arm
    if arm is None:
        raise UserError("Unclear arm", f"{folder}: the current arm is not known; name the arm to switch to")
    return other_arm(arm)
