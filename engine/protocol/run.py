"""Events about a run as a whole, from its beginning to its end."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from engine.protocol.values import Arm, Bool, Int, Part, Real, RealIfKnown, Texts


@dataclass(frozen=True, slots=True)
class Loading:
    """Something slow is under way before or between steps: importing, downloading, drawing, building, saving."""

    what: str
    done: Int = 0
    total: Int = 0
    "0 if it is unknown"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The data and the model are ready; the first arm follows."""

    name: str
    "name of the run, which is the name of its folder"
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
    "the checkpoint that the run goes on from, empty for a new run"
    threads: Int = 0
    "processor threads of a step; the same result, bit by bit, needs the same number"
    val_images: Int = 0
    "validation pictures, which choose; 0: the test pictures serve for that, too"
    commands: Int = 0
    "how many of the journal's commands the checkpoint includes; later ones are done again at their steps"
    versions: Texts = field(default_factory=dict)
    "versions of the program, Python and the libraries, by name; empty in journals of older versions"
    hardware: Annotated[str, Field(exclude_if=lambda name: not name)] = ""
    "name of the GPU or the processor; empty if it is not known"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that differs from the one that a run was trained with so far. Both values are YAML."""

    key: str
    before: str
    now: str
    effect: str
    "what happens with the new value, for people"
    applied: Bool
    "whether the new value takes effect"


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """A run is resumed with other settings. Those that take effect are in the run's `config.yaml`."""

    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """The run's journal or table of epochs cannot be written; training goes on. Emitted once."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class HookFailed:
    """A command in the configuration's `hooks` failed or could not be started; training goes on."""

    hook: str
    "`finished`, `failed` or `diverged`"
    message: str


@dataclass(frozen=True, slots=True)
class TimeLimited:
    """The job that the run is in is ended from outside at `end`, in seconds since 1970; the run saves before that."""

    end: Real
    message: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over: its epochs are done, or it was stopped."""

    arm: Arm
    step: Int
    completed: Bool
    "whether the current arm has done all its epochs"
    accuracy: Real | None
    "at the last evaluation, `None` without any"
    best_accuracy: Real | None
    "of the best weights, those in `best.pt`; `None` if there are none"
    checkpoint: str
    "the last checkpoint, empty without any"
    weights_sha256: str
    "empty if the run was stopped while it was loading, or had to be left in the middle of something long"
    seconds: Real
    part: Part = "test"
    "the pictures of both accuracies"
    test_accuracy: Real | None = None
    "of the arm's best weights on the test pictures, if there are validation pictures, too"
    majority: RealIfKnown = None
    "share of the largest class in the pictures of both accuracies, where classes are uneven: the accuracy of always it"
    balanced_accuracy: RealIfKnown = None
    "of the evaluation with the best accuracy, where classes are uneven"
    best_checkpoint: Annotated[str, Field(exclude_if=lambda path: not path)] = ""
    "the file of the best weights, empty without any"
    best_epoch: Annotated[Int | None, Field(exclude_if=lambda epoch: epoch is None)] = None
    "the epoch of the best weights; 0: those before the first step"
    cause: Annotated[str, Field(exclude_if=lambda cause: not cause)] = ""
    "the signal or the time limit that ended the run; empty if neither did"


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run cannot go on. `exit_status` is 2 if the user has to change the input, otherwise 1."""

    title: str
    message: str
    exit_status: Int = 1


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process of somebody else, or another one of the user, that computes on a GPU. What is not known is empty."""

    pid: Int
    user: str
    name: str
    "of the program"
    memory: Int | None
    "bytes of the GPU"


@dataclass(frozen=True, slots=True)
class Gpu:
    """Use of one GPU. A figure is `None` if the GPU does not report it."""

    index: Int
    name: str
    utilisation: Real | None
    memory_used: Int | None
    memory_total: Int | None
    temperature: Real | None
    "degrees Celsius"
    power: Real | None
    "watts"
    others: tuple[GpuProcess, ...] = ()
    "processes on it that do not belong to the run, those with the most memory first; at most four"


@dataclass(frozen=True, slots=True)
class RankSilent:
    """A process of a run of several has not said for `seconds` that it is alive; 0: it says so again."""

    rank: Int
    host: str
    doing: str
    "what it did last, in words"
    seconds: Real


@dataclass(frozen=True, slots=True)
class SystemSample:
    """Use of the machine that the engine runs on."""

    time: Real
    cpu: Real
    "fraction of all processors in use"
    memory_used: Int
    memory_total: Int
    process_memory: Int
    "resident memory of the engine's process"
    gpus: tuple[Gpu, ...]
