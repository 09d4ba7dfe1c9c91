"""A run from its beginning to its end."""

from dataclasses import dataclass

from engine.protocol.values import Arm, Bool, Int, Real


@dataclass(frozen=True, slots=True)
class Loading:
    """Something slow is under way before or between steps: importing, downloading, drawing, building, saving."""

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
    threads: Int = 0
    "processor threads that a step is computed with: the same bits take the same number"
    commands: Int = 0
    "how many of the journal's commands that checkpoint is after; later ones are done again at their steps"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that differs from the one a run was trained with so far, both as YAML."""

    key: str
    before: str
    now: str
    effect: str
    "what becomes of it, in words"
    applied: Bool
    "whether the new one takes effect"


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """A run is resumed with other settings; the run's `config.yaml` has those that take effect."""

    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """The run's journal or table of epochs cannot be written; told once, and training goes on."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class HookFailed:
    """A command of the configuration's `hooks` could not be run, or failed; training goes on."""

    hook: str
    "`finished`, `failed` or `diverged`"
    message: str


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
