"""The sentence that the user reads about an event."""

from dataclasses import dataclass
from typing import Literal

from engine.protocol import (
    PART_NAMES,
    ArmFinished,
    ArmStarted,
    AverageScored,
    BestTested,
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
    FolderAwaited,
    GroupFrozen,
    HeadFitted,
    HookFailed,
    ImageSkipped,
    JournalFailed,
    LabelCorrected,
    LoaderStuck,
    MicroBatchChanged,
    Paused,
    PeerRefused,
    PicturesNoted,
    PicturesPrepared,
    RankSilent,
    RateChanged,
    RatesSwept,
    Resumed,
    Rewound,
    RunFailed,
    SettingsChanged,
    StepsChanged,
    StopPlanned,
    TimeLimited,
)
from engine.protocol.sentences import epoch_line, message
from tui.format import percent, rate

Level = Literal["routine", "info", "good", "warning", "bad"]
"`routine`: what the program does by itself again and again; `good`: a command took effect, or something was reached"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the message line, the log, or both."""

    text: str
    level: Level = "info"
    shown: bool = True
    "whether it appears in the message line"
    kept: bool = True
    "whether it is kept in the log"
    time: float | None = None
    "when it was told, in seconds since 1970; 0: that is not known"


# What is shown in the engine's own words, and how much it matters. Other events are only for the log.
IN_ENGINES_WORDS: dict[type[Event], Level] = {
    **dict.fromkeys((GroupFrozen, EpochsChanged, StepsChanged, MicroBatchChanged, Rewound, LabelCorrected), "good"),
    **dict.fromkeys((Diverged, LoaderStuck, RankSilent, SettingsChanged, Compiled), "warning"),
    **dict.fromkeys(
        (CommandRefused, ImageSkipped, CheckpointDamaged, HookFailed, ControlFailed, FolderAwaited, HeadFitted),
        "warning",
    ),
    **dict.fromkeys((CheckpointFailed, JournalFailed), "bad"),
    **dict.fromkeys((PicturesNoted, TimeLimited), "info"),
}
LOGGED: dict[type[Event], Level] = {PeerRefused: "warning", RunFailed: "bad"}
"the same of events that are only for the log; the failure has a panel of its own"


def not_now(what: str, reason: str) -> Note:
    """Why something that was asked for is not done."""
    return Note(f"{what}: not now, {reason}", "warning", kept=False)


def note_of(event: Event) -> Note | None:
    """The note of an event; `None` for an event that needs none."""
    if (note := _in_own_words(event)) is not None:
        return note
    text = message(event)
    if (level := IN_ENGINES_WORDS.get(type(event))) is not None:
        return Note(text, level)
    return Note(text, LOGGED.get(type(event), "info"), shown=False) if text else None


def _in_own_words(event: Event) -> Note | None:
    """A note that differs from the engine's sentence: it is shorter, or names a key to press."""
    match event:
        case ArmStarted(step=0):
            return Note(f"{event.arm} starts from {event.init}")
        case ArmStarted():
            return Note(f"{event.arm} goes on after step {event.step}")
        case PicturesPrepared(reason=""):
            form = " as JPEG" if event.format == "jpeg" else ""
            size = f"{event.bytes / 2**20:.0f} MiB in the cache folder{form}"
            return Note(f"{event.prepared} prepared pictures, {size}", "routine", shown=False)
        case CompileChosen(worth=True):
            meanwhile = "training waits meanwhile" if event.waits else "training goes on meanwhile"
            return Note(
                f"compiling the training step; {meanwhile}: {event.reason}", "warning" if event.waits else "info"
            )
        case CompileChosen():
            return Note(f"the training step is not compiled: {event.reason}", "routine", shown=False)
        case Compiled(failure=""):
            return Note(f"the training step is compiled, in {event.seconds:.0f} s", "good")
        case EpochDone():
            return Note(epoch_line(event), shown=False)
        case CheckpointSaved():
            asked_for = event.reason in ("key", "stop")
            level: Level = "good" if asked_for else "routine"
            return Note(f"saved {event.path} at step {event.step} ({event.reason})", level, shown=asked_for)
        case EvalDone():
            score = f"{percent(event.accuracy)} of {event.images:,} {PART_NAMES[event.part]} pictures"
            return Note(f"{score} are classified correctly after step {event.step}", "good")
        case AverageScored():
            mix = f"{event.share:.0%} last weights and {1 - event.share:.0%} fitted head"
            best = ", the best so far" if event.best else ""
            return Note(f"{percent(event.accuracy)} with the average of {mix}{best}", "good")
        case HeadFitted(failure=""):
            alone = f"{percent(event.accuracy)} with the head alone, after {event.seconds:.0f} s"
            return Note(f"{alone}; fine-tuning starts", "good")
        case BestTested():
            return Note(message(event), "good")
        case Paused():
            freed = ", the GPU's memory is free" if event.freed else ""
            return Note(f"paused after step {event.step}{freed}; press p to go on", "warning")
        case Resumed():
            return Note(f"training goes on after step {event.step}", "good")
        case RateChanged():
            why = f": {event.why}" if event.why else ""
            return Note(f"{event.group} has base rate {rate(event.base_lr)} from step {event.step + 1} on{why}", "good")
        case RatesSwept():
            again = "; r shows the curve" if event.rates else ""
            return Note(message(event) + again, "warning" if event.suggestion is None else "good")
        case StopPlanned():
            takes_back = "; press x to go on instead" if event.planned else ""
            return Note(message(event) + takes_back, "warning" if event.planned else "good")
        case ArmFinished():
            tested = f", {percent(event.test_accuracy)} on test pictures" if event.test_accuracy is not None else ""
            figures = f"best {percent(event.best_accuracy)}{tested}, last {percent(event.accuracy)}"
            return Note(f"{event.arm} is done: {figures}; S shows the summary, q leaves", "good")
        case _:
            return None
