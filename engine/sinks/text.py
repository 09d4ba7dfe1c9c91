"""Writes events as text for people: a line per epoch, messages, and a progress bar on a terminal."""

import time
from collections.abc import Callable, Iterator

from engine.metrics import METRICS
from engine.protocol import (
    ArmStarted,
    EpochDone,
    Evaluating,
    Event,
    Loading,
    RunFailed,
    RunFinished,
    SweepingRates,
    TrainStep,
)
from engine.protocol.printable import printable
from engine.protocol.sentences import epoch_line, message
from engine.protocol.streams import Output, say
from engine.protocol.unsaved import Unsaved

BAR_WIDTH = 24
BAR_SECONDS = 0.2


def open_text(out: Output, messages: Output) -> Callable[[Event], None]:
    """Write epochs to `out` and messages to `messages`, with a progress bar if `messages` is a terminal."""
    return _Report(out, messages).show


class _Report:
    def __init__(self, out: Output, messages: Output) -> None:
        self._out = out
        self._messages = messages
        self._bar = messages.isatty()
        self._drawn = 0.0
        self._steps_per_epoch = 1
        self._unsaved = Unsaved()

    def show(self, event: Event) -> None:
        """Write the text of an event, if it has one."""
        if isinstance(event, TrainStep | Evaluating | SweepingRates | Loading):
            self._progress(event)
            return
        news = self._unsaved.fold(event)
        if isinstance(event, ArmStarted):
            self._steps_per_epoch = event.steps_per_epoch
        if isinstance(event, EpochDone):
            self._line(self._out, epoch_line(event) + "".join(_further(event)))
        elif news and (text := message(event)):
            self._line(self._messages, text)
        if isinstance(event, RunFinished | RunFailed) and (missing := self._unsaved.sentence):
            self._line(self._messages, missing)

    def _line(self, stream: Output, text: str) -> None:
        if self._bar:
            self._messages.write("\r\x1b[K")
            self._messages.flush()
        say(text, stream)

    def _progress(self, event: TrainStep | Evaluating | SweepingRates | Loading) -> None:
        if not self._bar or time.monotonic() - self._drawn < BAR_SECONDS:
            return
        self._drawn = time.monotonic()
        match event:
            case TrainStep():
                done, total = (event.step - 1) % self._steps_per_epoch + 1, self._steps_per_epoch
                text = f"epoch {event.epoch}  loss {event.loss:.3f}  {event.images_per_second:.0f} images/s"
            case Evaluating():
                done, total, text = event.done, event.total, "evaluating"
            case SweepingRates():
                done, total, text = event.done, event.total, f"rate {event.rate:.1e}  loss {event.loss:.3f}"
            case Loading():
                done, total, text = event.done, event.total, event.what
        filled = BAR_WIDTH * done // total if total else 0
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        self._messages.write(f"\r\x1b[K[{bar}] {printable(text)}"[:79])
        self._messages.flush()


def _further(event: EpochDone) -> Iterator[str]:
    """The headline metrics that have no field in the event."""
    for name, value in event.metrics.items():
        known = METRICS.get(name)
        if known is not None and known.headline:
            yield f"  {event.part} {known.title(name)} {known.text(value)}"
