"""The values of a run's fields: what they are by themselves, and which command line they come to."""

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from engine.config import RunConfig
from engine.config.values import with_values
from engine.errors import ConfigError, EngineError
from engine.recipes.choices import CHOICES, chosen
from engine.service.launch import Launch, add_run_arguments, plan
from tui.commands import COMMANDS
from tui.start_screen.fields import FIELDS, NO_WEIGHTS, Field


class Usual:
    """What a run is where nobody changes a field but its model, its weights and its recipe."""

    def __init__(
        self, source: Sequence[str], base: RunConfig, values: Mapping[str, str], train_images: int | None = None
    ) -> None:
        """`base` is the configuration of the arguments `source`; `values` are texts by the names of fields.

        The recipe chooses some settings by the number of training pictures, if that is known.
        """
        self._source, self._values = list(source), values
        self.recipe = values.get("recipe") or base.recipe
        own = base.model_copy(update={"recipe": self.recipe if self.recipe in CHOICES else base.recipe})
        self._chosen = chosen(own, train_images)
        model = values.get("model") or base.model.name
        if model != base.model.name and self._source[0].startswith("--"):  # as `--model` without CONFIG does
            own = with_values(own, {"model.weights": "default"})
        self._base, self._config = base, with_values(own, self._chosen)

    @property
    def weights(self) -> str:
        """The weights that the run starts from."""
        return self._values.get("weights") or self.value(FIELDS_BY_NAME["weights"])

    def value(self, field: Field) -> str:
        """The value of a field that nobody has changed."""
        return field.default(self._base if field.name in ("model", "recipe") else self._config)

    def origin(self, field: Field, value: str) -> str:
        """Where a value comes from, in a word: `changed`, the name of the recipe, or nothing: it was so before."""
        if value and value != self.value(field):
            return "changed"
        return self.recipe if field.key in self._chosen else ""

    def has(self, field: Field) -> bool:
        """Whether the run has the setting."""
        return field.belongs_to(self.weights, self.recipe)

    def arguments(self) -> list[str]:
        """The command line: only what has been changed. Empty values are left out, and those of other runs."""
        words = list(self._source)
        if self._base.init == "scratch" and self.weights != NO_WEIGHTS:
            words += ["--init", "pretrained"]
        for field in FIELDS:
            value = self._values.get(field.name, "")
            if value and self.has(field) and self.origin(field, value) == "changed":
                if field.name == "weights" and value == self._config.model.weights:
                    continue  # the arm says it all
                words += field.words(value)
        return words


FIELDS_BY_NAME = {field.name: field for field in FIELDS}


def as_argument(path: str) -> str:
    """The path, written so that it is not taken for an option or a subcommand."""
    return f"./{path}" if path.startswith("-") or path in COMMANDS else path


def check(words: Sequence[str]) -> Launch:
    """The run that the arguments ask for, checked as far as possible without loading torch.

    Raises:
        EngineError: they cannot be followed; the message says what to change.
    """
    parser = _Parser(add_help=False)
    add_run_arguments(parser)
    return plan(parser.parse_args(words))


def wrong_field(source: Sequence[str], values: Mapping[str, str], fields: Sequence[Field]) -> tuple[Field, str] | None:
    """The first of the `fields` whose value cannot be, whatever the others are, and why: a sentence with its name."""
    for field in fields:
        if value := values.get(field.name, ""):
            try:
                check([*source, *field.words(value)])
            except EngineError as error:
                why = re.sub(rf"^--set \S*: (`{re.escape(field.key)}` is )?", "", error.message)
                return field, f"{field.name}: {why}"
    return None


class _Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError("Unclear arguments", message)
