"""The commands of the palette that are keys, each with its key."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual.app import SystemCommand

from tui.keys import KEYS, Key

LABELS = Counter(key.label for key in KEYS)


def commands(keys: Iterable[Key], press: Callable[[str], None]) -> Iterator[SystemCommand]:
    """A command for each key, which does what pressing it would."""
    for key in keys:
        yield SystemCommand(title(key), key.help, partial(press, key.name))


def title(key: Key) -> str:
    """Its label, or its name where several keys share that, and the key: `pause (p)`, `lower rate (-)`."""
    label = key.label if LABELS[key.label] == 1 else key.name.replace("_", " ")
    return f"{label} ({key.shown})"
