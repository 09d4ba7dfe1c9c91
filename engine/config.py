"""What a run is made of: the settings, their defaults (the recipe's), and how they are read and checked."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engine import yamlfile
from engine.errors import ConfigError
from engine.problems import INCOMPLETE, Origin, describe
from engine.protocol import Arm


def _path(value: Any) -> Any:  # noqa: ANN401 - whatever stood in the file
    """A path's text, `~` being the home folder."""
    if isinstance(value, str):
        if not value or "\0" in value:
            raise ValueError("it should be a path")
        return os.path.expanduser(value)  # noqa: PTH111 - Path's own fails for `~name` where there is no such user
    return value


def _matching(pattern: str, words: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"it should be {words}")
        return value

    return AfterValidator(check)


Rate = Annotated[FiniteFloat, Field(gt=0, le=100)]
Share = Annotated[FiniteFloat, Field(ge=0, lt=1)]
Folder = Annotated[Path, BeforeValidator(_path)]


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
    url: Annotated[str, _matching(r"https?://\S+", "an address that begins with http:// or https://")] | None = None
    "address of the zip file (`source: archive`)"
    sha1: Annotated[str, _matching("[0-9a-fA-F]{40}", "40 hexadecimal digits")] | None = None
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
    weights: Annotated[str, BeforeValidator(_path)] = "default"
    "`default`: torchvision's (downloaded once), `demo`: the demo's own, or a .pth or .safetensors file"


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


class Change(Section):
    """A change of an arm after one of its steps, as a person would make it with a key."""

    arm: Arm
    step: int = Field(ge=0)
    group: Literal["backbone", "head"] | None = None
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


class RunConfig(Section):
    """Everything a run needs."""

    name: Annotated[
        str,
        _matching(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
            "at most 64 letters, digits, dots, hyphens or underscores, the first one a letter or digit",
        ),
    ] = "run"
    "first part of the run folder's name"
    seed: int = Field(0, ge=0, lt=2**31)
    "decides the split, the order, the crops and the random weights"
    device: Annotated[str, _matching(r"auto|cpu|mps|cuda(:\d{1,3})?", "auto, cpu, cuda, cuda:N or mps")] = "auto"
    "`auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`"
    init: Arm = "pretrained"
    "the arm that is trained first: `pretrained` or `scratch`"
    data: DataConfig
    model: ModelConfig = ModelConfig()
    optim: OptimConfig = OptimConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    train: TrainConfig = TrainConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    watchdog: WatchdogConfig = WatchdogConfig()

    def to_yaml(self) -> str:
        """The whole configuration, defaults included, as a file that loads back to an equal one."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def load_config(path: str | Path | None = None, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file and apply `a.b=c` overrides in order; no path means the embedded demo.

    Relative paths in it are relative to the working directory, not to the file.

    Raises:
        ConfigError: the file cannot be read or a setting is unknown or impossible; every problem is
            listed with its file, its dotted key and, for an unknown key, the nearest known one.
    """
    file = Path(path) if path is not None else shipped_config("demo")
    settings = yamlfile.read(file)
    origin = Origin(str(file))
    problems: list[str] = []
    for text in overrides:
        try:
            origin.overrides[_override(settings, text)] = f"--set {text}"
        except ConfigError as error:
            problems.append(error.message)
    settings.setdefault("data", None)  # so that what is missing in it is said
    try:
        config = RunConfig.model_validate(settings)
    except ValidationError as error:
        problems += dict.fromkeys(describe(item, origin, known_keys()) for item in error.errors())
    if problems:
        raise ConfigError("Unusable configuration", "\n".join(problems))
    return config


def shipped_config(name: str) -> Path:
    """A configuration that comes with the program: `demo`, `folder` or `hotdog`."""
    here = Path(__file__).parent
    # Beside the packages in a checkout, inside the engine in a wheel.
    folder = next(place for place in (here / "configs", here.parent / "configs") if place.is_dir())
    return folder / f"{name}.yaml"


def known_keys(section: type[BaseModel] = RunConfig, prefix: str = "") -> list[str]:
    """Dotted names of all settings, sections included, in the order of the reference."""
    keys: list[str] = []
    for name, field in section.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys


def _override(settings: dict[str, Any], text: str) -> str:
    """Apply `a.b=c`; the dotted key it changes."""
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError("Unusable --set", f"--set {text}: expected KEY=VALUE, such as train.epochs=3")
    parsed = yamlfile.parse(value, f"--set {text}")
    section = settings
    for part in parts[:-1]:
        if section.get(part) is None:
            section[part] = {}
        section = section[part]
        if not isinstance(section, dict):
            return ".".join(parts)  # what stands there instead of a section is a problem of its own
    section[parts[-1]] = parsed
    return ".".join(parts)
