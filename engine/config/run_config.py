"""The configuration of a run with all its sections: reading it and checking it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from engine.config import yaml_file
from engine.config.kinds import Names, matching
from engine.config.problems import Origin, describe
from engine.config.sections import (
    CheckpointConfig,
    DataConfig,
    HooksConfig,
    ModelConfig,
    OptimConfig,
    ScheduleConfig,
    Section,
    TrainConfig,
    WatchdogConfig,
)
from engine.errors import ConfigError
from engine.protocol import Arm


class RunConfig(Section):
    """Everything a run needs."""

    name: Annotated[
        str,
        matching(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
            "at most 64 letters, digits, dots, hyphens or underscores, the first one a letter or digit",
        ),
    ] = "run"
    "first part of the run folder's name"
    seed: int = Field(0, ge=0, lt=2**31)
    "decides the split, the order, the crops and the random weights"
    device: Annotated[str, matching(r"auto|cpu|mps|cuda(:\d{1,3})?", "auto, cpu, cuda, cuda:N or mps")] = "auto"
    "`auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`"
    init: Arm = "pretrained"
    "the arm that is trained first: `pretrained` or `scratch`"
    recipe: Annotated[str, matching(r"[a-z][a-z0-9_]{0,31}", "the name of a recipe, such as lesson")] = "lesson"
    """`lesson`: two groups with the small rates below, those of Dive into Deep Learning, where the loss is a sum over
    the batch and not, as here, its mean; `auto`: a fitted head, then gentle training of all stages; it chooses every
    setting that is not given"""
    sinks: Names = ()
    """trackers that the run is sent to while it trains, each by a process of its own: `tensorboard`, `wandb`, `mlflow`,
    `trackio`; each is an extra"""
    data: DataConfig
    model: ModelConfig = ModelConfig()
    optim: OptimConfig = OptimConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    train: TrainConfig = TrainConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    watchdog: WatchdogConfig = WatchdogConfig()
    hooks: HooksConfig = HooksConfig()

    def to_yaml(self) -> str:
        """What is given of the configuration, as YAML that loads as an equal configuration."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude_unset=True), sort_keys=False)


def load_config(path: str | Path | None = None, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file, by default that of the demo, and apply `a.b=c` overrides in order.

    Relative paths in the file are relative to the working directory.

    Raises:
        ConfigError: the file cannot be read or a setting is unknown or impossible; every problem is
            listed with its file, its dotted key and, for an unknown key, the nearest known one.
    """
    file = Path(path) if path is not None else shipped_config("demo")
    settings = yaml_file.read(file)
    origin = Origin(str(file))
    problems: list[str] = []
    for text in overrides:
        try:
            origin.overrides[_override(settings, text)] = f"--set {text}"
        except ConfigError as error:
            problems.append(error.message)
    settings.setdefault("data", None)  # so that the error message names the missing keys in it
    try:
        config = RunConfig.model_validate(settings)
    except ValidationError as error:
        problems += dict.fromkeys(describe(item, origin, known_keys()) for item in error.errors())
    if problems:
        raise ConfigError("Unusable configuration", "\n".join(problems))
    return config


def shipped_config(name: str) -> Path:
    """A configuration that comes with the program: `demo`, `folder` or `hotdog`."""
    here = Path(__file__).parent.parent
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
    """Apply `a.b=c`; the dotted key that it changes."""
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError("Unusable --set", f"--set {text}: expected KEY=VALUE, such as train.epochs=3")
    parsed = yaml_file.parse(value, f"--set {text}")
    section = settings
    for part in parts[:-1]:
        if section.get(part) is None:
            section[part] = {}
        section = section[part]
        if not isinstance(section, dict):
            return ".".join(parts)  # pydantic reports the value in place of a section
    section[parts[-1]] = parsed
    return ".".join(parts)
