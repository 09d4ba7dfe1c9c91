"""The sections of a configuration: the settings, their defaults, allowed values and meanings."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from engine.config.data_section import DataConfig
from engine.config.kinds import (
    Arguments,
    Folder,
    Fraction,
    Pictures,
    Rate,
    Real,
    Seconds,
    Steps,
    Time,
    matching,
    path,
)
from engine.config.section import Section
from engine.protocol import Arm, bounds

__all__ = [
    "BackboneConfig",
    "Change",
    "CheckpointConfig",
    "DataConfig",
    "GroupConfig",
    "GroupsConfig",
    "HooksConfig",
    "ModelConfig",
    "OptimConfig",
    "ScheduleConfig",
    "Section",
    "TrainConfig",
    "WatchdogConfig",
]


class ModelConfig(Section):
    """The network and where its pretrained weights come from."""

    name: str = "resnet18"
    "a classification model of torchvision, `timm/NAME` (an extra), or `hf-hub:USER/NAME`"
    weights: Annotated[str, BeforeValidator(path)] = "default"
    """`default`: those that the library publishes (downloaded once), `demo`: the demo's own, or a .pth or .safetensors
    file"""
    head: Literal["random", "pretrained", "fitted"] = "random"
    """what the last layer of the pretrained arm starts from: `random` rows; with `pretrained`, the rows of the
    pretrained classifier for the classes that it has, too (case, spaces and punctuation of names do not count); with
    `fitted`, a logistic regression on the features of the training pictures"""
    batch_norm: Literal["train", "frozen"] = "train"
    "`frozen`: the pretrained arm keeps the pretrained statistics of batch norm"
    dropout: Annotated[Real, Field(ge=0, lt=1)] | None = None
    "probability of all dropout layers of the pretrained arm; default: the model's own"


class GroupConfig(Section):
    """One parameter group."""

    lr: Rate
    "base learning rate, which the schedule multiplies"


class BackboneConfig(GroupConfig):
    """All parameters outside the last layer."""

    frozen: bool = False
    """train only the last layer of the pretrained arm; the old layers, and the statistics of batch norm, stay as they
    are; with `data.augment: false`, and without `train.mixup` and `train.cutmix`, the features of each picture are
    computed only once"""


class GroupsConfig(Section):
    """The two groups of fine-tuning: a small rate for the old layers, ten times it for the new one."""

    backbone: BackboneConfig = BackboneConfig(lr=5e-5)
    "all parameters outside the last layer"
    head: GroupConfig = GroupConfig(lr=5e-4)
    "the last layer"


class OptimConfig(Section):
    """The optimizer."""

    name: Literal["sgd", "adamw"] = "sgd"
    "`sgd` (with momentum) or `adamw`"
    momentum: Fraction = 0.9
    "momentum of SGD; with `adamw`, its first beta"
    weight_decay: Annotated[Real, Field(ge=0, le=10)] = 0.001
    "pulls all weights towards zero"
    decay_norms: bool = True
    "whether weight decay applies to biases and norm layers, too"
    lr: Rate = 1e-4
    "`recipe: auto`: base rate of the pretrained arm's head and last stage"
    layer_decay: Annotated[Real, Field(gt=0, le=1)] = 1.0
    "`recipe: auto`: rate of a stage of the pretrained arm divided by the rate of the next one"
    groups: GroupsConfig = GroupsConfig()
    "`recipe: lesson`: rates of the pretrained arm"
    scratch_lr: Rate = 5e-4
    "one rate for all parameters of the scratch arm"


GroupName = Annotated[str, matching(r"[A-Za-z][\w.-]{0,63}", "the name of a parameter group, such as head")]


class Change(Section):
    """A change of an arm after one of its steps, as a person would make it with a key."""

    arm: Arm
    step: int = Field(ge=0, le=bounds.MOST_STEPS)
    group: GroupName | None = None
    lr: Annotated[Real, Field(ge=0, le=bounds.MOST_RATE)] | None = None
    "another base rate of `group`"
    frozen: bool | None = None
    "whether `group` is not trained"
    epochs: int | None = Field(None, ge=1, le=bounds.MOST_EPOCHS)
    "epochs of the arm, in all"
    steps: Steps | None = None
    "steps of the arm, in all"
    micro_batch: Pictures | None = None
    "as `train.micro_batch`"

    @model_serializer(mode="wrap")
    def _without_none(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only the keys that have a value."""
        return {key: value for key, value in write(self).items() if value is not None}

    @model_validator(mode="after")
    def _one_thing(self) -> "Change":
        things = (self.lr, self.frozen, self.epochs, self.steps, self.micro_batch)
        if sum(value is not None for value in things) != 1:
            raise ValueError("it should have exactly one of lr, frozen, epochs, steps and micro_batch")
        if (self.group is None) is not (self.lr is None and self.frozen is None):
            raise ValueError("it should have a group with lr and frozen, and with nothing else")
        return self


class ScheduleConfig(Section):
    """A multiplier on every group's base rate, over the arm's steps."""

    name: Literal["constant", "cosine", "one_cycle"] = "constant"
    "`constant`, `cosine` or `one_cycle`: the multiplier after the warm-up"
    warmup: Fraction = 0.0
    "fraction of all steps over which the multiplier rises to 1; with `one_cycle`, 0 means 0.3"
    final: Annotated[Real, Field(ge=0, le=1)] = 0.0
    "multiplier at the last step (`cosine`, `one_cycle`)"
    changes: tuple[Change, ...] = ()
    """changes, each with `arm`, `step` and one of: `group` and `lr`; `group` and `frozen`; `epochs`; `steps`;
    `micro_batch`; `finetune-tui schedule RUN` writes the changes that were made by hand in a run"""


class TrainConfig(Section):
    """The loop."""

    epochs: int = Field(5, ge=0, le=bounds.MOST_EPOCHS)
    "times through the training pictures, for each arm; 0: only the head is fitted (`model.head: fitted`)"
    minutes: Annotated[Real, Field(gt=0, le=bounds.MOST_SECONDS / 60)] | None = None
    """end each arm after so many minutes, evaluations included and pauses not, in place of `epochs`; warm-up and decay
    are stretched to fit"""
    until: Time | None = None
    """end each arm by then, in the same way, pauses included: `2026-03-01T18:00` (of this machine's zone, or with one),
    `18:00` (the next one, whenever the run is started) or seconds since 1970; with `train.minutes`, the earlier of both
    counts"""
    clip: Annotated[Real, Field(gt=0)] | None = None
    "largest norm of the gradient; a longer one is shortened to it"
    label_smoothing: Fraction = 0.0
    "share of a label's probability that is spread over all classes"
    mixup: Annotated[Real, Field(ge=0, le=bounds.MOST_RATE)] = 0.0
    """blend each training picture and its label with another one of the batch, by a random share of the distribution
    Beta(mixup, mixup), such as 0.2; 0: not at all"""
    cutmix: Annotated[Real, Field(ge=0, le=bounds.MOST_RATE)] = 0.0
    """replace a random rectangle of each training picture with that of another one of the batch, and blend their labels
    by area; the share of the rectangle is of the distribution Beta(cutmix, cutmix), such as 1; 0: not at all; with
    `train.mixup`, too, each batch gets one of both at random"""
    metric: Literal["accuracy", "balanced_accuracy", "macro_f1", "loss"] = "accuracy"
    "the metric that chooses the best weights; of equal ones those with the lower loss are better"
    patience: int | None = Field(None, ge=1, le=bounds.MOST_EPOCHS)
    "an arm ends when so many epochs in a row were not better than the best one; default: it never ends early"
    ema: Annotated[Real, Field(ge=0, le=1)] = 0.0
    """average the weights over about this fraction of all steps, later ones more (exponential moving average); the
    averaged weights are scored and are those to use; 0: no average"""
    average: bool = False
    """at the end, score averages of the weights with the fitted head and of the last ones, too, and keep the best
    (`model.head: fitted`)"""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    "`auto`: mixed precision on CUDA, in bfloat16 or, on GPUs without it, float16; else float32"
    compile: Literal["auto"] | bool = "auto"
    """compile the training step, which takes a minute or more once and makes it faster; `auto`: if the remaining steps
    are estimated to save twice the time that it took last on this machine; training goes on until the step is
    compiled; `true`: training waits for it, so that each run has the same bits"""
    micro_batch: Pictures | None = None
    """pictures of a batch that go through the model at once; gradients are summed over the whole batch; default: all,
    halved when memory runs out"""
    deterministic: bool = False
    "use algorithms of CUDA that give the same bits each time, which are slower; on a CPU they always do"

    @property
    def is_timed(self) -> bool:
        """Whether an arm ends at a time and not after so many epochs."""
        return self.minutes is not None or self.until is not None


class CheckpointConfig(Section):
    """What is kept of a run."""

    dir: Folder = Path("checkpoints")
    "folder with a folder for each run; a relative path is relative to the working directory"
    every_seconds: Seconds = 60.0
    "seconds between two checkpoints within an epoch; a crash loses about as much at most"
    points_gib: Annotated[Real, Field(ge=0, le=bounds.MOST_GIB)] = 4.0
    """space in GiB for restore points, which a rewind goes back to; the oldest are removed first, the newest of an arm
    stays"""
    signal_exit: int | None = Field(None, ge=0, le=255)
    """exit status of a run that SIGTERM, SIGUSR1, SIGUSR2 or the time limit of its job has ended, once its state is
    safe, such as 85; default: 128 and the signal's number"""


class WatchdogConfig(Section):
    """Problems that are solved without asking."""

    not_finite: bool = True
    """when a loss or gradient is not finite, go back to the last restore point and halve the rates, up to three times;
    without it the run ends"""
    out_of_memory: bool = True
    "when memory runs out, halve `train.micro_batch`; without it the run ends"
    loader_seconds: Seconds | None = 60.0
    "say which files training waits for when no batch is ready after so many seconds; `null`: never"
    rank_seconds: Annotated[Real, Field(ge=2, le=bounds.MOST_SECONDS)] = 600.0
    """with several processes: end the run when one has not answered the others for so many seconds; what the first one
    does alone, such as a download, may take longer, as long as it is alive"""


class HooksConfig(Section):
    """Commands that are run at an event: each is a program and its arguments, without a shell."""

    finished: Arguments = ()
    """when an arm has done all its epochs; in arguments `{event}`, `{run}`, `{path}` (its folder), `{arm}`, `{step}`,
    `{accuracy}` (the best) and `{message}` are filled in, `{{` and `}}` are braces"""
    failed: Arguments = ()
    "the same when the run cannot go on; the run's last event comes after the command"
    preempted: Arguments = ()
    """the same when SIGTERM, SIGUSR1, SIGUSR2 or the time limit of its job has ended the run, which `{message}` names;
    the run waits 3 s at most for the command, which may go on after it"""
    diverged: Arguments = ()
    "the same when a loss or gradient is not finite and the watchdog takes the arm back"
    saved: Arguments = ()
    """the same when a checkpoint is on the disk: the best weights, the last ones, those saved by hand, ends of
    branches, but no restore point; `{path}` is the checkpoint, `{name}` its place below the run's folder; one command
    at a time, of each name the newest"""
