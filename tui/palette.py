"""The commands of the palette that are keys, each with its key."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from textual.app import SystemCommand

from tui.keys import KEYS, Key

LABELS = Counter(key.label for key in KEYS)


def commands(kind: str, press: Callable[[str], None]) -> Iterator[SystemCommand]:
    """What works now: the keys of the whole screen, and those of panes of the `kind` that has the focus, first."""
    own = [key for key in KEYS if key.pane and key.pane == kind]
    for key in (*own, *(key for key in KEYS if not key.pane)):
        yield SystemCommand(title(key), key.help, partial(press, key.name))


def title(key: Key) -> str:
    """Its label, or its name where several keys share that, and the key: `pause (p)`, `lower rate (-)`."""
    label = key.label if LABELS[key.label] == 1 else key.name.replace("_", " ")
    return f"{label} ({key.shown})"
