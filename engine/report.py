"""Events as text for people: one line an epoch, messages, and a progress bar where there is a terminal."""

import time

from engine.protocol import (
    ArmStarted,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    CommandRefused,
    CompileChosen,
    Compiled,
    EpochDone,
    Evaluating,
    Event,
    ImageSkipped,
    JournalFailed,
    Loading,
    PicturesPrepared,
    RunFailed,
    RunFinished,
    RunStarted,
    TrainStep,
)
from engine.streams import Output

BAR_WIDTH = 24
BAR_SECONDS = 0.2


class Report:
    """Writes epochs to `out` and messages to `messages`; a bar only where `messages` is a terminal."""

    def __init__(self, out: Output, messages: Output) -> None:
        self._out = out
        self._messages = messages
        self._bar = messages.isatty()
        self._drawn = 0.0
        self._steps_per_epoch = 1

    def show(self, event: Event) -> None:
        """Write what a person wants to know of the event, if anything."""
        if isinstance(event, TrainStep | Evaluating | Loading):
            self._progress(event)
            return
        if isinstance(event, ArmStarted):
            self._steps_per_epoch = event.steps_per_epoch
        if isinstance(event, EpochDone):
            self._line(self._out, epoch_line(event))
        elif text := message(event):
            self._line(self._messages, text)

    def _line(self, stream: Output, text: str) -> None:
        if self._bar:
            self._messages.write("\r\x1b[K")
            self._messages.flush()
        print(text, file=stream, flush=True)

    def _progress(self, event: TrainStep | Evaluating | Loading) -> None:
        if not self._bar or time.monotonic() - self._drawn < BAR_SECONDS:
            return
        self._drawn = time.monotonic()
        match event:
            case TrainStep():
                done, total = (event.step - 1) % self._steps_per_epoch + 1, self._steps_per_epoch
                text = f"epoch {event.epoch}  loss {event.loss:.3f}  {event.images_per_second:.0f} images/s"
            case Evaluating():
                done, total, text = event.done, event.total, "evaluating"
            case Loading():
                done, total, text = event.done, event.total, event.what
        filled = BAR_WIDTH * done // total if total else 0
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        self._messages.write(f"\r\x1b[K[{bar}] {text}"[:79])
        self._messages.flush()


def epoch_line(event: EpochDone) -> str:
    """An epoch in one line."""
    return (
        f"{event.arm:<10} epoch {event.epoch}/{event.epochs}  train loss {event.train_loss:.4f} "
        f"accuracy {event.train_accuracy:.1%}  test loss {event.test_loss:.4f} accuracy {event.test_accuracy:.1%}  "
        f"{event.images_per_second:.0f} images/s  {event.seconds:.0f} s"
    )


def message(event: Event) -> str:
    """What a person is told of an event that is neither progress nor an epoch; empty where nothing."""
    match event:
        case RunStarted():
            resumed = f", resumed from {event.resumed_from}" if event.resumed_from else ""
            return (
                f"{event.name}: {event.model} on {event.device} ({event.precision}), {len(event.classes)} classes, "
                f"{event.train_images} training and {event.test_images} test pictures, in {event.path}{resumed}"
            )
        case ArmStarted():
            rates = ", ".join(f"{group.name} {group.base_lr:g}" for group in event.groups)
            return f"{event.arm}: {event.init}; learning rates: {rates}"
        case CompileChosen(worth=True):
            return f"{event.arm}: compiling the training step ({event.reason})"
        case Compiled(failure=""):
            return f"{event.arm}: compiled in {event.seconds:.0f} s"
        case Compiled():
            return f"{event.arm}: not compiled, training goes on without: {event.failure}"
        case PicturesPrepared() if event.reason:
            kept = f"{event.prepared} of {event.pictures} pictures are kept prepared"
            return f"{kept}, the others are decoded as needed: {event.reason}"
        case ImageSkipped():
            return f"skipped {event.path}: {event.reason} ({event.count} so far)"
        case CheckpointSaved(reason="key" | "stop"):
            return f"saved {event.path} at step {event.step}"
        case CheckpointFailed() | JournalFailed():
            return f"not saved: {event.message}"
        case CheckpointDamaged():
            return f"passed over: {event.message}"
        case CommandRefused():
            return f"{event.command} refused: {event.reason}"
        case RunFinished(weights_sha256=""):
            return "stopped before the first step"
        case RunFinished(best_accuracy=None):
            return f"stopped at step {event.step}"
        case RunFinished():
            end = "finished" if event.completed else "stopped"
            return f"{end} at step {event.step}: best accuracy {event.best_accuracy:.1%}, {event.checkpoint}"
        case RunFailed():
            return f"{event.title}: {event.message}"
        case _:
            return ""
