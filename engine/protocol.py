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
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from engine.errors import EngineError

Arm = Literal["pretrained", "scratch"]
ARMS: tuple[Arm, ...] = get_args(Arm)


def other_arm(arm: Arm) -> Arm:
    """The arm that `arm` is compared with."""
    return "scratch" if arm == "pretrained" else "pretrained"


# --- events ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """A named parameter group of the optimizer."""

    name: str
    parameters: int
    "number of trainable scalars"
    base_lr: float
    "learning rate before the schedule's multiplier"


@dataclass(frozen=True, slots=True)
class Loading:
    """Something slow is under way before or between steps: importing, downloading, drawing, scanning."""

    what: str
    done: int = 0
    total: int = 0
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
    train_images: int
    test_images: int
    batch_size: int
    epochs: int
    steps_per_epoch: int
    time: float
    resumed_from: str = ""
    "checkpoint the run goes on from, empty for a new run"


@dataclass(frozen=True, slots=True)
class ArmStarted:
    """An arm begins (`step` 0) or goes on after `step`; later steps of it seen before are void."""

    arm: Arm
    step: int
    epoch: int
    epochs: int
    steps_per_epoch: int
    groups: tuple[Group, ...]
    init: str
    "where the weights come from, in words"


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One update of the weights."""

    arm: Arm
    step: int
    epoch: int
    loss: float
    "mean cross entropy of the batch, before the update"
    accuracy: float
    "share of the batch classified correctly, before the update"
    images_per_second: float
    data_wait: float
    "share of the step's time spent waiting for data"
    learning_rates: dict[str, float]
    "rate of each group in this update"


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Test pictures seen so far in the evaluation after `step`."""

    arm: Arm
    step: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class EvalDone:
    """Loss and accuracy on the whole test set after `step`."""

    arm: Arm
    step: int
    epoch: int
    loss: float
    accuracy: float
    images: int
    best: bool
    "no earlier evaluation of this arm was more accurate"


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch of an arm, training and evaluation; `seconds` is the arm's total so far."""

    arm: Arm
    step: int
    epoch: int
    epochs: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    images_per_second: float
    data_wait: float
    learning_rates: dict[str, float]
    seconds: float


@dataclass(frozen=True, slots=True)
class ImageSkipped:
    """A picture that cannot be decoded; training goes on without it."""

    path: str
    reason: str
    count: int
    "pictures skipped so far"


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """A checkpoint is on the disk, synced and read back."""

    arm: Arm
    step: int
    path: str
    reason: str
    "`epoch`, `best`, `key`, `autosave`, `switch` or `stop`"
    bytes: int
    time: float


@dataclass(frozen=True, slots=True)
class CheckpointFailed:
    """A checkpoint could not be written; the one before it is whole and training goes on."""

    arm: Arm
    step: int
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Paused:
    """Training waits after `step`."""

    arm: Arm
    step: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Training goes on after `step`."""

    arm: Arm
    step: int


@dataclass(frozen=True, slots=True)
class RateChanged:
    """A group's base rate, in force from the step after `step`."""

    arm: Arm
    step: int
    group: str
    base_lr: float


@dataclass(frozen=True, slots=True)
class ArmSuspended:
    """An arm rests with its whole state; a switch back goes on exactly here."""

    arm: Arm
    step: int


@dataclass(frozen=True, slots=True)
class ArmFinished:
    """An arm has done all its epochs."""

    arm: Arm
    step: int
    accuracy: float
    "on the test set, after the last epoch"
    best_accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command without effect, and why."""

    arm: Arm
    step: int
    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over: its epochs are done, or it was stopped."""

    arm: Arm
    step: int
    completed: bool
    "whether the arm in hand has done all its epochs"
    accuracy: float | None
    "on the test set at the last evaluation, none where there was none"
    best_accuracy: float | None
    checkpoint: str
    "the last checkpoint, empty where there is none"
    weights_sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run cannot go on. `exit_status` is 2 where the user's input has to change, else 1."""

    title: str
    message: str
    exit_status: int = 1


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU's use; `None` where the figure is not to be had."""

    index: int
    name: str
    utilisation: float | None
    memory_used: int | None
    memory_total: int | None
    temperature: float | None
    "degrees Celsius"
    power: float | None
    "watts"


@dataclass(frozen=True, slots=True)
class SystemSample:
    """Use of the machine the engine runs on."""

    time: float
    cpu: float
    "share of all processors in use"
    memory_used: int
    memory_total: int
    process_memory: int
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
    | ImageSkipped
    | CheckpointSaved
    | CheckpointFailed
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
    base_lr: float


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run after the current step, with a checkpoint unless `save` is false."""

    save: bool = True


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
    fields = _adapter(name).dump_python(message, mode="json")
    for key, value in fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            fields[key] = str(value)  # JSON has no such numbers; `decode` reads them back
    return json.dumps({"type": name, **extra, **fields}, allow_nan=False)


def decode(line: str) -> Message:
    """The message that `encode` wrote.

    Raises:
        EngineError: the line is no JSON object, of no known type, or has missing or ill-typed fields.
    """
    try:
        fields = json.loads(line)
        message: Message = _adapter(fields["type"]).validate_python(fields)
    except (json.JSONDecodeError, RecursionError, TypeError, KeyError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise EngineError("Unreadable message", f"{line[:80]!r} is not a message ({reason})") from None
    return message
