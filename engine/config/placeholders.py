"""Texts with names in braces that stand for what is known later: `{run} is done`; `{{` and `}}` are braces."""

from collections.abc import Iterator, Mapping
from string import Formatter

NAMES = ("event", "run", "path", "arm", "step", "accuracy", "message")


def check(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: it holds a name that there is not, or a brace too many; the message says what is known.
    """
    for name in _names(text):
        if name not in NAMES:
            known = ", ".join(f"{{{name}}}" for name in NAMES)
            raise ValueError(f"{{{name}}} is not known, only {known} are; a brace itself is written twice")
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with values for its names, which are inserted as they are."""
    return "".join(before + ("" if name is None else values[name]) for before, name in _parts(text))


def _names(text: str) -> Iterator[str]:
    return (name for _, name in _parts(text) if name is not None)


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """What stands before each name, and the name; none behind the last one.

    Of what `str.format` can do with a name, such as to look into what it stands for, nothing is done: it is another
    name, and not known.
    """
    try:
        for before, name, form, conversion in Formatter().parse(text):
            whole = name
            if name is not None:
                whole = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            yield before, whole
    except ValueError:
        raise ValueError("it has a brace without the other one; a brace itself is written twice") from None
