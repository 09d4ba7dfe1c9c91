"""Kinds of values in a configuration, each with its check: rates, paths, patterns, arguments of a command."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat

from engine.config import deadline, placeholders
from engine.protocol import bounds


def path(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """The text of a path, with the home folder for `~`."""
    if isinstance(value, str):
        if not value or "\0" in value:
            raise ValueError("it should be a path")
        return os.path.expanduser(value)  # noqa: PTH111 - Path.expanduser fails for `~name` if there is no such user
    return value


def matching(pattern: str, words: str) -> AfterValidator:
    """A check that a text matches a pattern; `words` describe the pattern for people."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"it should be {words}")
        return value

    return AfterValidator(check)


def _arguments(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """A command's arguments; an empty value means none."""
    if isinstance(value, str):
        raise ValueError("it should be a list, a program and its arguments, such as [notify-send, done]")
    return () if value is None else value


def _unquoted(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """The argument `{path}`, which YAML takes for a mapping where it has no quotes, as text."""
    if isinstance(value, dict) and list(value.values()) == [None]:
        return f"{{{next(iter(value))}}}"
    return value


def _text(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """A number of seconds as text."""
    return f"{value}" if isinstance(value, int | float) and not isinstance(value, bool) else value


def _names(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """A list of names; an empty value means none."""
    if isinstance(value, str):
        raise ValueError("it should be a list, such as [tensorboard]")
    return () if value is None else value


def _program(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if arguments and not arguments[0]:
        raise ValueError("it should begin with the name of a program")
    return arguments


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it should have no NUL character, which no argument can have")
    return text


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"it should be a regular expression ({error})") from None
    return text


def _not_too_small(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    """The value, unless it is the text of a number that would become 0; what is no number is said later."""
    try:
        is_zero = isinstance(value, str) and float(value) == 0
    except ValueError:
        return value
    return bounds.real(value) if is_zero else value


Pattern = Annotated[str, AfterValidator(_regular_expression)]
Real = Annotated[FiniteFloat, BeforeValidator(_not_too_small)]
Rate = Annotated[Real, Field(gt=0, le=bounds.MOST_RATE)]
Fraction = Annotated[Real, Field(ge=0, lt=1)]
Seconds = Annotated[Real, Field(gt=0, le=bounds.MOST_SECONDS)]
Pictures = Annotated[int, Field(ge=1, le=bounds.MOST_PICTURES)]
Steps = Annotated[int, Field(ge=1, le=bounds.MOST_STEPS)]
Time = Annotated[str, BeforeValidator(_text), AfterValidator(deadline.check)]
Folder = Annotated[Path, BeforeValidator(path)]
Names = Annotated[
    tuple[Annotated[str, matching(r"[a-z][a-z0-9_]{0,31}", "the name of a tracker, such as tensorboard")], ...],
    BeforeValidator(_names),
]
Argument = Annotated[str, BeforeValidator(_unquoted), AfterValidator(_without_nul), AfterValidator(placeholders.check)]
Arguments = Annotated[tuple[Argument, ...], BeforeValidator(_arguments), AfterValidator(_program)]
