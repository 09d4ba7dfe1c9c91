"""What can be chosen before a run, as the arguments of `finetune-tui` that say so. Loads no Textual."""

import argparse
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from engine.config import RunConfig
from engine.errors import ConfigError
from engine.protocol import ARMS, Arm
from engine.service.launch import Launch, add_run_arguments, plan
from tui.commands import COMMANDS
from tui.format import rate

MODELS = ("resnet18", "resnet50", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vit_b_16")
RATES = ("1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "1e-3", "2e-3", "5e-3", "1e-2")


@dataclass(frozen=True)
class Field:
    """Something that can be chosen."""

    name: str
    words: Callable[[str], list[str]]
    "the arguments that choose a value"
    default: Callable[[RunConfig], str]
    "what a configuration has"
    choices: tuple[str, ...]
    "values that are offered"
    help: str
    allowed: str = r".*"
    "a pattern of what can be typed"
    arm: Arm | None = None
    "the arm that it is of; none: of both"

    def next(self, value: str) -> str:
        """The choice after this one, the first one after the last."""
        place = self.choices.index(value) + 1 if value in self.choices else 0
        return self.choices[place % len(self.choices)]


def _setting(key: str) -> Callable[[str], list[str]]:
    return lambda value: ["--set", f"{key}={value}"]


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
        "backbone rate",
        _setting("optim.groups.backbone.lr"),
        lambda config: rate(config.optim.groups.backbone.lr),
        RATES,
        "learning rate of the old layers",
        r"[\d.eE+-]*",
        "pretrained",
    ),
    Field(
        "head rate",
        _setting("optim.groups.head.lr"),
        lambda config: rate(config.optim.groups.head.lr),
        RATES,
        "learning rate of the new last layer",
        r"[\d.eE+-]*",
        "pretrained",
    ),
    Field(
        "rate",
        _setting("optim.scratch_lr"),
        lambda config: rate(config.optim.scratch_lr),
        RATES,
        "learning rate of all layers",
        r"[\d.eE+-]*",
        "scratch",
    ),
)


def arguments(source: Sequence[str], base: RunConfig, values: Mapping[str, str]) -> list[str]:
    """The arguments of a run on `source`: what is chosen other than in its configuration `base`.

    `values` are texts by the names of fields; what is empty is not chosen, nor what is of the other arm.
    """
    arm = values.get("arm") or base.init
    words = list(source)
    for field in FIELDS:
        value = values.get(field.name, "")
        if value and value != field.default(base) and field.arm in (None, arm):
            words += field.words(value)
    return words


def as_argument(path: str) -> str:
    """A path that is not taken for an option or a subcommand."""
    return f"./{path}" if path.startswith("-") or path in COMMANDS else path


def check(words: Sequence[str]) -> Launch:
    """The run that the arguments ask for, as far as it can be checked without loading torch.

    Raises:
        EngineError: they cannot be followed; the message says what to change.
    """
    check_arm(words)
    parser = _Parser(add_help=False)
    add_run_arguments(parser)
    return plan(parser.parse_args(words))


def check_arm(words: Sequence[str]) -> None:
    """Whether the arm that the arguments name is one.

    Raises:
        ConfigError: it is not.
    """
    arm = words[words.index("--init") + 1] if "--init" in words else ARMS[0]
    if arm not in ARMS:
        raise ConfigError("arm", f"choose {' or '.join(ARMS)}, not {arm}")


def command_line(words: Sequence[str]) -> str:
    """What is to be typed into a shell to do the same."""
    return " ".join(["finetune-tui", *map(_quoted, words)])


class _Parser(argparse.ArgumentParser):
    """One that does not end the process."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError("Unclear arguments", message)


def _quoted(word: str) -> str:
    """As a shell needs it; `~/` is left to the shell."""
    if word.startswith("~/"):
        return f"~/{shlex.quote(word[2:])}" if word[2:] else word
    return shlex.quote(word)
