"""The fields of a run, and the arguments of `finetune-tui` that they stand for. Loads no Textual."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from engine.config import RunConfig
from engine.config.sections import GroupsConfig
from engine.config.values import with_values
from engine.errors import ConfigError
from engine.protocol import ARMS, Arm
from engine.recipes.choices import CHOICES, chosen
from engine.service.launch import Launch, add_run_arguments, plan
from tui.commands import COMMANDS
from tui.format import rate

MODELS = ("resnet18", "resnet50", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vit_b_16")
LAYERS = {"backbone": "the old layers", "head": "the new last layer"}
"what parameter groups are of"
RATE = r"[\d.eE+-]*"
RATES = ("1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "1e-3", "2e-3", "5e-3", "1e-2")


@dataclass(frozen=True)
class Field:
    """A setting of a run that can be chosen."""

    name: str
    words: Callable[[str], list[str]]
    "the arguments that choose a value"
    default: Callable[[RunConfig], str]
    "the value that a configuration has"
    choices: tuple[str, ...]
    "values that are offered"
    help: str
    allowed: str = r".*"
    "a pattern of what can be typed"
    arm: Arm | None = None
    "the arm that has the setting; `None`: both have it"
    recipe: str | None = None
    "the recipe that has the setting; `None`: all have it"

    def belongs_to(self, arm: str, recipe: str) -> bool:
        """Whether a run with this arm and recipe has the setting."""
        return self.arm in (None, arm) and self.recipe in (None, recipe)

    def next(self, value: str) -> str:
        """The next choice; after the last one comes the first."""
        place = self.choices.index(value) + 1 if value in self.choices else 0
        return self.choices[place % len(self.choices)]


def _setting(key: str) -> Callable[[str], list[str]]:
    return lambda value: ["--set", f"{key}={value}"]


def _group_rate(group: str) -> Field:
    """The base rate of a parameter group of the pretrained arm."""
    return Field(
        f"{group} rate",
        _setting(f"optim.groups.{group}.lr"),
        lambda config: rate(getattr(config.optim.groups, group).lr),
        RATES,
        f"learning rate of {LAYERS.get(group, f'the group {group}')}",
        RATE,
        "pretrained",
        "lesson",
    )


FIELDS = (
    Field(
        "model",
        lambda value: ["--model", value],
        lambda config: config.model.name,
        MODELS,
        "any classifier of torchvision",
        r"\w*",
    ),
    Field(
        "arm",
        lambda value: ["--init", value],
        lambda config: config.init,
        ARMS,
        "pretrained, or scratch: at random",
        r"\w*",
    ),
    Field(
        "epochs",
        lambda value: ["--epochs", value],
        lambda config: str(config.train.epochs),
        ("1", "2", "5", "10", "20", "50", "100"),
        "times through the training pictures",
        r"\d*",
    ),
    Field(
        "batch size",
        _setting("data.batch_size"),
        lambda config: str(config.data.batch_size),
        ("16", "32", "64", "128", "256"),
        "pictures a step",
        r"\d*",
    ),
    Field(
        "recipe",
        lambda value: ["--recipe", value],
        lambda config: config.recipe,
        tuple(CHOICES),
        "auto: a good classifier soon; lesson: its rates",
        r"\w*",
    ),
    *map(_group_rate, GroupsConfig.model_fields),
    Field(
        "base rate",
        _setting("optim.lr"),
        lambda config: rate(config.optim.lr),
        RATES,
        "learning rate of the head and the last stage",
        RATE,
        "pretrained",
        "auto",
    ),
    Field(
        "rate",
        _setting("optim.scratch_lr"),
        lambda config: rate(config.optim.scratch_lr),
        RATES,
        "learning rate of all layers",
        RATE,
        "scratch",
    ),
)


def arguments(
    source: Sequence[str], base: RunConfig, values: Mapping[str, str], train_images: int | None = None
) -> list[str]:
    """The arguments of a run on `source`: only what differs from its configuration `base`.

    `values` are texts by the names of fields. Empty ones are left out, and those of the other arm.
    """
    arm, recipe = values.get("arm") or base.init, values.get("recipe") or base.recipe
    usual, words = with_recipe(base, recipe, train_images), list(source)
    for field in FIELDS:
        value = values.get(field.name, "")
        default = field.default(base if field.name == "recipe" else usual)
        if value and value != default and field.belongs_to(arm, recipe):
            words += field.words(value)
    return words


def with_recipe(config: RunConfig, recipe: str, train_images: int | None = None) -> RunConfig:
    """The configuration with another recipe, and what that recipe chooses for so many pictures, if that is known.

    A name that no recipe has changes nothing: the run refuses it, and settings that do not go together.
    """
    changed = config.model_copy(update={"recipe": recipe if recipe in CHOICES else config.recipe})
    return with_values(changed, chosen(changed, train_images))


def as_argument(path: str) -> str:
    """The path, written so that it is not taken for an option or a subcommand."""
    return f"./{path}" if path.startswith("-") or path in COMMANDS else path


def check(words: Sequence[str]) -> Launch:
    """The run that the arguments ask for, checked as far as possible without loading torch.

    Raises:
        EngineError: they cannot be followed; the message says what to change.
    """
    check_arm(words)
    parser = _Parser(add_help=False)
    add_run_arguments(parser)
    return plan(parser.parse_args(words))


def check_arm(words: Sequence[str]) -> None:
    """Check the name of the arm in the arguments.

    Raises:
        ConfigError: there is no such arm.
    """
    arm = words[words.index("--init") + 1] if "--init" in words else ARMS[0]
    if arm not in ARMS:
        raise ConfigError("arm", f"choose {' or '.join(ARMS)}, not {arm}")


class _Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError("Unclear arguments", message)
