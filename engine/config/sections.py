"""The sections of a configuration: settings, their defaults (the recipe's), what is allowed, and what they mean."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engine.config.kinds import Arguments, Folder, Rate, Share, matching, path
from engine.config.problems import INCOMPLETE
from engine.protocol import Arm


class Section(BaseModel):
    """Settings that refuse unknown keys and cannot be changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _without_keys(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stood in the file
        """A section whose keys are all left out, or commented out, is one of defaults."""
        return {} if value is None else value


class DataConfig(Section):
    """Where the pictures come from and how they are batched."""

    source: Literal["folder", "demo", "archive"] = "folder"
    "`folder`: one of your own; `demo`: drawn by the program; `archive`: a zip file, downloaded once"
    root: Folder | None = None
    """the folder: `train/` and `test/` (or `val/`) with a folder per class, or just a folder per class; a relative
    one is relative to the working directory; with `demo` and `archive` the pictures are kept there, default: the
    user's cache folder"""
    url: Annotated[str, matching(r"https?://\S+", "an address that begins with http:// or https://")] | None = None
    "address of the zip file (`source: archive`)"
    sha1: Annotated[str, matching("[0-9a-fA-F]{40}", "40 hexadecimal digits")] | None = None
    "checksum of the zip file (`source: archive`)"
    image_size: int | None = Field(None, ge=16, le=2048)
    "side of the picture the model sees, in pixels; default: that of the pretrained weights, else 224"
    batch_size: int = Field(64, ge=1, le=65536)
    "pictures a step, in all processes together"
    augment: bool = True
    "crop and flip training pictures at random; without it they are prepared as the test pictures are"
    val_fraction: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.2
    "share of each class that is kept for testing where there is no `test/` or `val/`"
    threads: int | None = Field(None, ge=1, le=256)
    "threads that decode pictures; default: one a processor, at most 8"
    prepare: bool = True
    """decode each picture once and keep its pixels in the user's cache folder, training pictures reduced to
    `short_side`; without it they are decoded in each epoch, at their full size"""
    short_side: int | None = Field(None, ge=16, le=8192)
    "of prepared training pictures, in pixels, if they are larger; default: twice `image_size`"
    cache_gib: Annotated[FiniteFloat, Field(gt=0)] = 20.0
    "room in GiB for all prepared pictures; those used longest ago go first, what does not fit is decoded as needed"

    @model_validator(mode="after")
    def _complete(self) -> "DataConfig":
        needed = {"folder": ("root",), "archive": ("url", "sha1"), "demo": ()}[self.source]
        for key in needed:
            if getattr(self, key) is None:
                hint = "name your folder of pictures (--data DIR)" if key == "root" else "`source: archive` needs it"
                raise PydanticCustomError(INCOMPLETE, "incomplete", {"key": key, "hint": hint})
        return self


class ModelConfig(Section):
    """The network and where its pretrained weights come from."""

    name: str = "resnet18"
    "any torchvision classification model"
    weights: Annotated[str, BeforeValidator(path)] = "default"
    "`default`: torchvision's (downloaded once), `demo`: the demo's own, or a .pth or .safetensors file"
    head: Literal["random", "pretrained"] = "random"
    """what the last layer of the pretrained arm starts from: `random` rows, or with `pretrained`, for each class that
    the pretrained classifier has too, its row of that class; case, spaces and punctuation of names do not count"""


class GroupConfig(Section):
    """One parameter group."""

    lr: Rate
    "base learning rate, which the schedule multiplies"


class BackboneConfig(GroupConfig):
    """All parameters outside the last layer."""

    frozen: bool = False
    """leave the old layers of the pretrained arm as they are, the statistics of batch norm too, and train the last
    one alone; with `data.augment: false` it sees each picture's features only, which are computed once"""


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
    momentum: Share = 0.9
    "of SGD; with `adamw`, its first beta"
    weight_decay: Annotated[FiniteFloat, Field(ge=0, le=10)] = 0.001
    "pulls weights towards zero, all of them alike"
    groups: GroupsConfig = GroupsConfig()
    "rates of the pretrained arm"
    scratch_lr: Rate = 5e-4
    "one rate for all parameters of the scratch arm"


GroupName = Annotated[str, matching(r"[A-Za-z][\w.-]{0,63}", "the name of a parameter group, such as head")]


class Change(Section):
    """A change of an arm after one of its steps, as a person would make it with a key."""

    arm: Arm
    step: int = Field(ge=0)
    group: GroupName | None = None
    lr: Annotated[FiniteFloat, Field(ge=0, le=100)] | None = None
    "another base rate of `group`"
    frozen: bool | None = None
    "whether `group` is left as it is"
    epochs: int | None = Field(None, ge=1, le=100_000)
    "of the arm, in all"
    micro_batch: int | None = Field(None, ge=1)
    "as `train.micro_batch`"

    @model_serializer(mode="wrap")
    def _without_none(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is to be changed, and not what is not."""
        return {key: value for key, value in write(self).items() if value is not None}

    @model_validator(mode="after")
    def _one_thing(self) -> "Change":
        if sum(value is not None for value in (self.lr, self.frozen, self.epochs, self.micro_batch)) != 1:
            raise ValueError("it should have exactly one of lr, frozen, epochs and micro_batch")
        if (self.group is None) is not (self.lr is None and self.frozen is None):
            raise ValueError("it should have a group with lr and frozen, and with nothing else")
        return self


class ScheduleConfig(Section):
    """A multiplier on every group's base rate, over the arm's steps."""

    name: Literal["constant", "cosine", "one_cycle"] = "constant"
    "`constant`, `cosine` or `one_cycle`: how the multiplier goes on after the warm-up"
    warmup: Share = 0.0
    "share of all steps over which the multiplier rises to 1; with `one_cycle`, 0 means 0.3"
    final: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0
    "multiplier at the last step (`cosine`, `one_cycle`)"
    changes: tuple[Change, ...] = ()
    """what is to be changed, each with `arm`, `step` and one of `group` and `lr`, `group` and `frozen`, `epochs`, or
    `micro_batch`; `python -m engine schedule RUN` writes those that were made by hand"""


class TrainConfig(Section):
    """The loop."""

    epochs: int = Field(5, ge=1, le=100_000)
    "times through the training pictures, for each arm"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    "`auto`: mixed precision on CUDA, in bfloat16 or, on GPUs without it, float16; else float32"
    compile: Literal["auto"] | bool = "auto"
    """compile the training step, about a minute once, which makes it faster; `auto`: where the steps left are
    estimated to win back twice that time"""
    micro_batch: int | None = Field(None, ge=1)
    """pictures of a batch that go through the model at once; gradients are summed over the whole batch; default: all,
    halved where memory runs out"""
    deterministic: bool = False
    "ask CUDA for algorithms that give the same bits each time, which are slower; on a CPU they always do"


class CheckpointConfig(Section):
    """What is kept of a run."""

    dir: Folder = Path("checkpoints")
    "folder of the runs, a folder each; a relative one is relative to the working directory"
    every_seconds: Annotated[FiniteFloat, Field(gt=0)] = 60.0
    "seconds between two checkpoints within an epoch: about as much is lost to a crash at most"
    points_gib: Annotated[FiniteFloat, Field(ge=0)] = 4.0
    "room in GiB for restore points, which a rewind goes back to; the oldest go first, the newest of an arm stays"


class WatchdogConfig(Section):
    """What is mended without being asked."""

    not_finite: bool = True
    """where a loss or gradient is not finite, go back to the last restore point and halve the rates, up to three times;
    without it the run ends"""
    out_of_memory: bool = True
    "where memory runs out, halve `train.micro_batch`; without it the run ends"
    loader_seconds: Annotated[FiniteFloat, Field(gt=0)] | None = 60.0
    "say which files training waits for when no batch has come for so long; none: never"


class HooksConfig(Section):
    """Commands that are run when something happens: a program and its arguments each, without a shell."""

    finished: Arguments = ()
    """when an arm has done all its epochs; in arguments `{event}`, `{run}`, `{path}` (its folder), `{arm}`, `{step}`,
    `{accuracy}` (the best) and `{message}` are filled in, `{{` and `}}` are braces"""
    failed: Arguments = ()
    "the same when the run cannot go on, which is told when the command has ended"
    diverged: Arguments = ()
    "the same when a loss or gradient is not finite and the watchdog takes the arm back"
