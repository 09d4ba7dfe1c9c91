"""What a person is told of an event, in one sentence."""

from dataclasses import dataclass
from typing import Literal

from engine.protocol import (
    ArmFinished,
    ArmStarted,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    CommandRefused,
    CompileChosen,
    Compiled,
    ControlFailed,
    Diverged,
    EpochDone,
    EpochsChanged,
    EvalDone,
    Event,
    GroupFrozen,
    HookFailed,
    ImageSkipped,
    JournalFailed,
    LoaderStuck,
    MicroBatchChanged,
    Paused,
    PeerRefused,
    PicturesPrepared,
    RateChanged,
    Resumed,
    Rewound,
    RunFailed,
    SettingsChanged,
    StopPlanned,
    other_arm,
)
from engine.protocol.sentences import epoch_line, message
from tui.format import percent, rate

Level = Literal["info", "good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the message line, the log, or both."""

    text: str
    level: Level = "info"
    shown: bool = True
    "in the message line"
    kept: bool = True
    "in the log"


def note_of(event: Event) -> Note | None:
    """The note of an event, `None` for one that needs no words."""
    match event:
        case ArmStarted(step=0):
            return Note(f"{event.arm} starts from {event.init}")
        case ArmStarted():
            return Note(f"{event.arm} goes on after step {event.step}")
        case PicturesPrepared(reason=""):
            size = f"{event.bytes / 2**20:.0f} MiB in the cache folder"
            return Note(f"{event.prepared} prepared pictures, {size}", shown=False)
        case CompileChosen(worth=True):
            return Note(f"compiling the training step, which waits for it: {event.reason}", "warning")
        case CompileChosen():
            return Note(f"the training step is not compiled: {event.reason}", shown=False)
        case Compiled(failure=""):
            return Note(f"the training step is compiled, in {event.seconds:.0f} s", "good")
        case Compiled():
            return Note(message(event), "warning")
        case EpochDone():
            return Note(epoch_line(event), shown=False)
        case CheckpointSaved():
            asked_for = event.reason in ("key", "stop")
            return Note(f"saved {event.path} at step {event.step} ({event.reason})", "good", shown=asked_for)
        case EvalDone():
            score = f"{percent(event.accuracy)} of {event.images:,} test pictures are classified correctly"
            return Note(f"{score} after step {event.step}", "good")
        case Paused():
            freed = ", the GPU's memory is free" if event.freed else ""
            return Note(f"paused after step {event.step}{freed}; press p to go on", "warning")
        case Resumed():
            return Note(f"training goes on after step {event.step}", "good")
        case RateChanged():
            why = f": {event.why}" if event.why else ""
            return Note(f"{event.group} has base rate {rate(event.base_lr)} from step {event.step + 1} on{why}", "good")
        case GroupFrozen() | EpochsChanged() | MicroBatchChanged() | Rewound():
            return Note(message(event), "good")
        case StopPlanned():
            takes_back = "; press x to go on instead" if event.planned else ""
            return Note(message(event) + takes_back, "warning" if event.planned else "good")
        case Diverged() | LoaderStuck() | SettingsChanged():
            return Note(message(event), "warning")
        case ArmFinished():
            other = other_arm(event.arm)
            return Note(
                f"{event.arm} is done: accuracy {percent(event.accuracy)}; m trains the {other} arm, q leaves", "good"
            )
        case CommandRefused() | ImageSkipped() | CheckpointDamaged() | HookFailed() | ControlFailed():
            return Note(message(event), "warning")
        case CheckpointFailed() | JournalFailed():
            return Note(message(event), "bad")
        case PeerRefused():
            return Note(message(event), "warning", shown=False)
        case RunFailed():
            return Note(message(event), "bad", shown=False)  # the failure has a panel of its own
        case _:
            text = message(event)
            return Note(text, shown=False) if text else None
