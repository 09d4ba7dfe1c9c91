"""What a run is made of: the settings, their defaults (the recipe's), and how they are read and checked."""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.errors import ConfigError
from engine.protocol import Arm

Rate = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class Section(BaseModel):
    """Settings that refuse unknown keys and cannot be changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class DataConfig(Section):
    """Where the pictures come from and how they are batched."""

    source: Literal["folder", "demo", "archive"] = "folder"
    "`folder`: one of your own; `demo`: drawn by the program; `archive`: a zip file, downloaded once"
    root: Path | None = None
    "the folder: `train/` and `test/` (or `val/`) with a folder per class, or just a folder per class"
    url: str | None = None
    "address of the zip file (`source: archive`)"
    sha1: str | None = Field(None, pattern="^[0-9a-fA-F]{40}$")
    "checksum of the zip file (`source: archive`)"
    image_size: int | None = Field(None, ge=16, le=2048)
    "side of the picture the model sees, in pixels; default: that of the pretrained weights, else 224"
    batch_size: int = Field(64, ge=1, le=65536)
    "pictures a step"
    val_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    "share of each class kept for testing where there is no `test/` or `val/`"
    threads: int | None = Field(None, ge=1, le=256)
    "threads that decode pictures; default: one a processor, at most 8"

    @model_validator(mode="after")
    def _complete(self) -> "DataConfig":
        if self.source == "folder" and self.root is None:
            raise ValueError("root: missing; name the folder of pictures (or --data DIR)")
        if self.source == "archive" and (self.url is None or self.sha1 is None):
            raise ValueError("source: archive needs `url` and `sha1`")
        return self


class ModelConfig(Section):
    """The network and where its pretrained weights come from."""

    name: str = "resnet18"
    "any torchvision classification model"
    weights: str = "default"
    "`default`: torchvision's (downloaded), `demo`: the demo's own, or a .pth or .safetensors file"


class GroupConfig(Section):
    """One parameter group."""

    lr: Rate
    "base learning rate, which the schedule multiplies"


class GroupsConfig(Section):
    """The two groups of fine-tuning: a small rate for the old layers, ten times it for the new one."""

    backbone: GroupConfig = GroupConfig(lr=5e-5)
    "all parameters outside the last layer"
    head: GroupConfig = GroupConfig(lr=5e-4)
    "the last layer"


class OptimConfig(Section):
    """The optimizer."""

    name: Literal["sgd", "adamw"] = "sgd"
    "SGD with momentum, or AdamW"
    momentum: Share = 0.9
    "of SGD; AdamW's first beta"
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.001
    "pulls weights towards zero"
    groups: GroupsConfig = GroupsConfig()
    "rates of the pretrained arm"
    scratch_lr: Rate = 5e-4
    "one rate for all parameters of the scratch arm"


class ScheduleConfig(Section):
    """A multiplier on every group's base rate, over the arm's steps."""

    name: Literal["constant", "cosine", "one_cycle"] = "constant"
    "shape after the warm-up"
    warmup: Share = 0.0
    "share of all steps over which the multiplier rises to 1 (one_cycle: default 0.3)"
    final: Annotated[float, Field(ge=0, le=1)] = 0.0
    "multiplier at the last step (cosine, one_cycle)"


class TrainConfig(Section):
    """The loop."""

    epochs: int = Field(5, ge=1, le=100_000)
    "times through the training pictures, for each arm"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    "`auto`: bfloat16 on CUDA devices that have it, else float32"


class CheckpointConfig(Section):
    """What is kept of a run."""

    dir: Path = Path("checkpoints")
    "folder of the runs, a folder each"
    every_seconds: Annotated[float, Field(gt=0)] = 60.0
    "at most this much training is lost to a crash"


class RunConfig(Section):
    """Everything a run needs."""

    name: str = Field("run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    "first part of the run folder's name"
    seed: int = Field(0, ge=0, lt=2**31)
    "decides the split, the order, the crops and the random weights"
    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    "`auto`, `cpu`, `cuda`, `cuda:N` or `mps`"
    init: Arm = "pretrained"
    "the arm that is trained first"
    data: DataConfig = Field(default_factory=DataConfig, validate_default=True)
    model: ModelConfig = ModelConfig()
    optim: OptimConfig = OptimConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    train: TrainConfig = TrainConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()

    @field_validator("data", mode="before")
    @classmethod
    def _data_given(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        return {} if value is None else value

    def to_yaml(self) -> str:
        """The whole configuration, defaults included, as a file that loads back to an equal one."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def load_config(path: str | Path | None = None, overrides: list[str] | None = None) -> RunConfig:
    """Read a YAML file and apply `a.b=c` overrides in order; no path means the embedded demo.

    Raises:
        ConfigError: the file cannot be read or a setting is unknown or impossible; every problem is
            listed with its file, its dotted key and, for an unknown key, the nearest known one.
    """
    file = Path(path) if path is not None else shipped_config("demo")
    settings = _read_yaml(file)
    origin: dict[str, str] = {}
    for text in overrides or []:
        key = _override(settings, text)
        origin[key] = f"--set {text}"
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        problems = "\n".join(sorted({_describe(item, str(file), origin) for item in error.errors()}))
        raise ConfigError("Unusable configuration", problems) from None


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


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("Configuration not read", f"{file}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise ConfigError("Configuration not read", f"{file} is not a text file in UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError("Configuration not read", f"{file}{where}: not valid YAML ({reason})") from None
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError("Configuration not read", f"{file}: expected `key: value` lines at the top level")
    return settings


def _override(settings: dict[str, Any], text: str) -> str:
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError("Unusable --set", f"--set {text}: expected KEY=VALUE, such as train.epochs=3")
    try:
        parsed = yaml.safe_load(value)
        # YAML reads 5e-4 as text (it wants 5.0e-4), people mean the number.
        parsed = float(parsed) if isinstance(parsed, str) and "e" in parsed.lower() else parsed
    except yaml.YAMLError:
        raise ConfigError("Unusable --set", f"--set {text}: the value is not valid YAML") from None
    except ValueError:
        pass
    section = settings
    for part in parts[:-1]:
        inner = section.get(part)
        section[part] = inner if isinstance(inner, dict) else {}
        section = section[part]
    section[parts[-1]] = parsed
    return ".".join(parts)


def _describe(item: Any, file: str, origin: dict[str, str]) -> str:  # noqa: ANN401 - pydantic's error record
    """One problem as a sentence: where, which key, what is wrong, what would be right."""
    key = ".".join(str(part) for part in item["loc"])
    where = origin.get(key, file)
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else "see the configuration reference in the README"
        return f"{where}: unknown key `{key}`; {hint}"
    if item["type"] == "value_error":
        return f"{where}: `{key}.{item['ctx']['error']}"
    message = item["msg"][0].lower() + item["msg"][1:]
    return f"{where}: `{key}` is {item['input']!r}; {message}"
