"""What a number may be: one rule for each kind of value, for settings, for commands and for the command line."""

import argparse
import math
from collections.abc import Callable
from typing import TypeVar

from engine.protocol.commands import Command, ScaleRate, SetEpochs, SetMicroBatch, SetRate, SetSteps
from engine.protocol.printable import printable

N = TypeVar("N", int, float)

MOST_RATE = 100
MOST_EPOCHS = 100_000
MOST_STEPS = 10**12
MOST_PICTURES = 65_536
"of a batch, and so of a micro-batch"
MOST_SECONDS = 10**9
"more than thirty years: for all that a person may want to wait for"
MOST_GIB = 10**9


class TooSmallError(ValueError):
    """A number so small that it would become 0."""


def rate(value: float) -> str:
    """Why it is no learning rate; empty if it is one. The other rules answer in the same way."""
    return "" if 0 <= value <= MOST_RATE else f"a rate lies in 0..{MOST_RATE}, {_shown(value)} does not"  # NaN does not


def factor(value: float) -> str:
    """What a rate is multiplied by."""
    return "" if 0 <= value < math.inf else f"a factor is a number from 0 up, {_shown(value)} is not"


def epochs(value: int) -> str:
    """Of an arm, in all."""
    return _in(value, "epochs lie", MOST_EPOCHS)


def steps(value: int, most: int = MOST_STEPS) -> str:
    """Of an arm, in all."""
    return _in(value, "steps lie", most)


def micro_batch(value: int) -> str:
    """Pictures that go through the model at once."""
    return _in(value, "the pictures of a micro-batch lie", MOST_PICTURES)


def seconds(value: float) -> str:
    """To wait for something."""
    return "" if 0 <= value <= MOST_SECONDS else f"seconds lie in 0..{MOST_SECONDS}, {_shown(value)} does not"


def problem(command: Command) -> str:
    """Why no run could ever obey the command, whatever its state; empty if one could."""
    match command:
        case SetRate():
            return rate(command.base_lr)
        case ScaleRate():
            return factor(command.factor)
        case SetEpochs():
            return epochs(command.epochs)
        case SetSteps():
            return steps(command.steps)
        case SetMicroBatch():
            return micro_batch(command.pictures)
        case _:
            return ""


def real(text: str) -> float:
    """The number that a text is.

    Raises:
        ValueError: it is none, or one so small that it would become 0.
    """
    value = float(text)
    if value == 0 and any(digit in "123456789" for digit in text.lower().partition("e")[0]):
        raise TooSmallError(f"{_shown(text)} is too small, it would become 0")
    return value + 0.0  # no negative zero


def real_argument(rule: Callable[[float], str]) -> Callable[[str], float]:
    """A type for argparse: a number that keeps to a rule."""
    return lambda text: _argument(text, real, "a number", rule)


def whole_argument(rule: Callable[[int], str]) -> Callable[[str], int]:
    """The same for whole numbers."""
    return lambda text: _argument(text, int, "a whole number", rule)


def _argument(text: str, read: Callable[[str], N], kind: str, rule: Callable[[N], str]) -> N:
    try:
        value = read(text)
    except TooSmallError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is not {kind}") from None
    if reason := rule(value):
        raise argparse.ArgumentTypeError(reason)
    return value


def _in(value: int, words: str, most: int) -> str:
    return "" if 1 <= value <= most else f"{words} in 1..{most}, {_shown(value)} does not"


def _shown(value: float | str) -> str:
    """The value in as many characters as a sentence can have."""
    if isinstance(value, int) and abs(value) >= 10**30:
        return "one of more than 30 digits"
    text = f"{value:g}" if isinstance(value, float) else printable(str(value)) or "an empty text"
    return text if len(text) <= 40 else f"{text[:40]}..."
