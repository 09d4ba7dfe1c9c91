"""Texts with names in braces, which are replaced by values later: `{run} is done`; `{{` and `}}` are braces."""

from collections.abc import Iterator, Mapping
from string import Formatter

NAMES = ("event", "run", "path", "name", "arm", "step", "accuracy", "message")


def check(text: str) -> str:
    """The text itself, after a check.

    Raises:
        ValueError: it has an unknown name or a single brace; the message lists the known names.
    """
    for name in _names(text):
        if name not in NAMES:
            known = ", ".join(f"{{{name}}}" for name in NAMES)
            raise ValueError(f"{{{name}}} is not known, only {known} are; a brace itself is written twice")
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its names replaced by values."""
    return "".join(before + ("" if name is None else values[name]) for before, name in _parts(text))


def _names(text: str) -> Iterator[str]:
    return (name for _, name in _parts(text) if name is not None)


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """The text before each name, and the name; `None` after the last one.

    Nothing else that `str.format` can do is allowed: `{run.x}` or `{run!r}` counts as an unknown name.
    """
    try:
        for before, name, form, conversion in Formatter().parse(text):
            whole = name
            if name is not None:
                whole = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            yield before, whole
    except ValueError:
        raise ValueError("it has a brace without the other one; a brace itself is written twice") from None
