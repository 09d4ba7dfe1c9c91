"""The vocabulary between the engine and whoever watches it: events one way, commands the other.

All are frozen dataclasses of plain values: paths are `str`, times are seconds since the epoch, durations
seconds, sizes bytes, shares and accuracies lie in 0..1. Steps count optimizer updates of one arm from 1;
`epoch` is the 1-based number of the epoch that a step belongs to. Smoothing is the reader's business.
"""

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, PlainSerializer, Strict, TypeAdapter

from engine.errors import EngineError

Arm = Literal["pretrained", "scratch"]
ARMS: tuple[Arm, ...] = get_args(Arm)


NOT_FINITE = ("nan", "inf", "-inf")


def _real_from_json(value: object) -> object:
    return float(value) if isinstance(value, str) and value in NOT_FINITE else value


def _real_to_json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


# As text a message is taken literally: "3" is no number. JSON has no NaN and no infinity; they are its strings.
Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Real = Annotated[float, Strict(), BeforeValidator(_real_from_json), PlainSerializer(_real_to_json, when_used="json")]


def other_arm(arm: Arm) -> Arm:
    """The arm that `arm` is compared with."""
    return "scratch" if arm == "pretrained" else "pretrained"


# --- events ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """A named parameter group of the optimizer."""

    name: str
    parameters: Int
    "number of trainable scalars"
    base_lr: Real
    "learning rate before the schedule's multiplier"


@dataclass(frozen=True, slots=True)
class Loading:
    """Something slow is under way before or between steps: importing, downloading, drawing, scanning."""

    what: str
    done: Int = 0
    total: Int = 0
    "0 where it cannot be known"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The data and the model are ready; the first arm follows."""

    name: str
    "name of the run, the folder's last part"
    path: str
    "the run's folder"
    arm: Arm
    device: str
    precision: str
    model: str
    classes: tuple[str, ...]
    train_images: Int
    test_images: Int
    batch_size: Int
    epochs: Int
    steps_per_epoch: Int
    time: Real
    resumed_from: str = ""
    "checkpoint the run goes on from, empty for a new run"


@dataclass(frozen=True, slots=True)
class ArmStarted:
    """An arm begins (`step` 0) or goes on after `step`; later steps of it seen before are void."""

    arm: Arm
    step: Int
    epoch: Int
    epochs: Int
    steps_per_epoch: Int
    groups: tuple[Group, ...]
    init: str
    "where the weights come from, in words"


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One update of the weights."""

    arm: Arm
    step: Int
    epoch: Int
    loss: Real
    "mean cross entropy of the batch, before the update"
    accuracy: Real
    "share of the batch classified correctly, before the update"
    images_per_second: Real
    data_wait: Real
    "share of the step's time spent waiting for data"
    learning_rates: dict[str, Real]
    "rate of each group in this update"


@dataclass(frozen=True, slots=True)
class CompileChosen:
    """Whether the training step of an arm is compiled, which starts now, and the estimate that says so."""

    arm: Arm
    step: Int
    worth: Bool
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """From the step after `step` on the compiled step is used, or not, where `failure` says why it cannot be."""

    arm: Arm
    step: Int
    seconds: Real
    "that compiling took"
    failure: str


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Test pictures seen so far in the evaluation after `step`."""

    arm: Arm
    step: Int
    done: Int
    total: Int


@dataclass(frozen=True, slots=True)
class EvalDone:
    """Loss and accuracy on the whole test set after `step`."""

    arm: Arm
    step: Int
    epoch: Int
    loss: Real
    accuracy: Real
    images: Int
    best: Bool
    "no earlier evaluation of this arm was more accurate"


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch of an arm, training and evaluation; `seconds` is the arm's total so far."""

    arm: Arm
    step: Int
    epoch: Int
    epochs: Int
    train_loss: Real
    train_accuracy: Real
    test_loss: Real
    test_accuracy: Real
    images_per_second: Real
    data_wait: Real
    learning_rates: dict[str, Real]
    seconds: Real


@dataclass(frozen=True, slots=True)
class Preparing:
    """How far something is that is done once: `pictures` decoded and kept, or `features` computed of them."""

    what: Literal["pictures", "features"]
    done: Int
    total: Int


@dataclass(frozen=True, slots=True)
class PicturesPrepared:
    """Decoded pictures are kept in the user's cache folder; `reason` says why not all of them, empty if all are."""

    prepared: Int
    pictures: Int
    bytes: Int
    reason: str


@dataclass(frozen=True, slots=True)
class ImageSkipped:
    """A picture that cannot be decoded; training goes on without it."""

    path: str
    reason: str
    count: Int
    "pictures skipped so far"


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """A checkpoint is on the disk, synced and read back."""

    arm: Arm
    step: Int
    path: str
    reason: str
    "`epoch`, `best`, `key`, `autosave`, `switch` or `stop`"
    bytes: Int
    time: Real
    "when it was copied"
    stall: Real = 0.0
    "seconds that training stood still for it; it is written while training goes on"


@dataclass(frozen=True, slots=True)
class CheckpointFailed:
    """A checkpoint could not be written; the one before it is whole and training goes on."""

    arm: Arm
    step: Int
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckpointDamaged:
    """A checkpoint that cannot be read and was passed over for an older one."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """The run's journal or table of epochs cannot be written; told once, and training goes on."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Paused:
    """Training waits after `step`."""

    arm: Arm
    step: Int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Training goes on after `step`."""

    arm: Arm
    step: Int


@dataclass(frozen=True, slots=True)
class RateChanged:
    """A group's base rate, in force from the step after `step`."""

    arm: Arm
    step: Int
    group: str
    base_lr: Real


@dataclass(frozen=True, slots=True)
class ArmSuspended:
    """An arm rests with its whole state; a switch back goes on exactly here."""

    arm: Arm
    step: Int


@dataclass(frozen=True, slots=True)
class ArmFinished:
    """An arm has done all its epochs."""

    arm: Arm
    step: Int
    accuracy: Real
    "on the test set, after the last epoch"
    best_accuracy: Real
    seconds: Real


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command without effect, and why."""

    arm: Arm
    step: Int
    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over: its epochs are done, or it was stopped."""

    arm: Arm
    step: Int
    completed: Bool
    "whether the arm in hand has done all its epochs"
    accuracy: Real | None
    "on the test set at the last evaluation, none where there was none"
    best_accuracy: Real | None
    checkpoint: str
    "the last checkpoint, empty where there is none"
    weights_sha256: str
    "empty where the run was stopped while it was still loading"
    seconds: Real


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run cannot go on. `exit_status` is 2 where the user's input has to change, else 1."""

    title: str
    message: str
    exit_status: Int = 1


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU's use; `None` where the figure is not to be had."""

    index: Int
    name: str
    utilisation: Real | None
    memory_used: Int | None
    memory_total: Int | None
    temperature: Real | None
    "degrees Celsius"
    power: Real | None
    "watts"


@dataclass(frozen=True, slots=True)
class SystemSample:
    """Use of the machine the engine runs on."""

    time: Real
    cpu: Real
    "share of all processors in use"
    memory_used: Int
    memory_total: Int
    process_memory: Int
    "resident memory of the engine's process"
    gpus: tuple[Gpu, ...]


Event = (
    Loading
    | RunStarted
    | ArmStarted
    | TrainStep
    | Evaluating
    | EvalDone
    | EpochDone
    | CompileChosen
    | Compiled
    | Preparing
    | PicturesPrepared
    | ImageSkipped
    | CheckpointSaved
    | CheckpointFailed
    | CheckpointDamaged
    | JournalFailed
    | Paused
    | Resumed
    | RateChanged
    | ArmSuspended
    | ArmFinished
    | CommandRefused
    | RunFinished
    | RunFailed
    | SystemSample
)

# --- commands -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait after the current step."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write a checkpoint of its own, which nothing overwrites."""


@dataclass(frozen=True, slots=True)
class SwitchArm:
    """Suspend the arm in hand and start `arm`, or go on with it exactly where it was."""

    arm: Arm


@dataclass(frozen=True, slots=True)
class SetRate:
    """Give a parameter group of the arm in hand another base rate."""

    group: str
    base_lr: Real


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run after the current step, with a checkpoint unless `save` is false.

    Where that checkpoint cannot be written the stop is refused and training goes on.
    """

    save: Bool = True


Command = Pause | Resume | Save | SwitchArm | SetRate | Stop
Message = Event | Command

# --- as text --------------------------------------------------------------------------------------------

_KINDS: dict[str, type[Any]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Message)
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[name])


def name_of(message: Message) -> str:
    """The message's `type` in its encoded form: the class name in snake case."""
    return _NAMES[type(message)]


def encode(message: Message, **extra: float | str) -> str:
    """One line of JSON, without the line feed: an object whose `type` is the message's name.

    `extra` are further keys (a time, a step) that `decode` ignores.
    """
    name = name_of(message)
    return json.dumps({"type": name, **extra, **_adapter(name).dump_python(message, mode="json")}, allow_nan=False)


def decode(line: str) -> Message:
    """The message that `encode` wrote.

    Raises:
        EngineError: the line is no JSON object, of no known type, or has missing or ill-typed fields.
    """
    try:
        fields = json.loads(line)
        message: Message = _adapter(fields["type"]).validate_python(fields)
    except (ValueError, RecursionError, TypeError, KeyError) as error:  # pydantic's errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise EngineError("Unreadable message", f"{line[:80]!r} is not a message ({reason})") from None
    return message
