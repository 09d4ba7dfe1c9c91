"""The table of keys: bindings, footer, help and palette are made from it."""

from tui.keys.key import Key, bindings
from tui.keys.mistakes import MISTAKES
from tui.keys.plots import PLOTS
from tui.keys.screen import SCREEN
from tui.keys.steering import STEERING
from tui.keys.system import SYSTEM

KEYS: tuple[Key, ...] = (*STEERING, *SCREEN, *PLOTS, *MISTAKES, *SYSTEM)

EVERYWHERE = tuple(key for key in KEYS if not key.pane)
"keys that work wherever the focus is"


def keys_of(kind: str) -> tuple[Key, ...]:
    """The keys of panes of a kind, which work while one of them has the focus."""
    return tuple(key for key in KEYS if key.pane and key.pane == kind)


__all__ = ["EVERYWHERE", "KEYS", "Key", "bindings", "keys_of"]
