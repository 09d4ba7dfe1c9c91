"""The one table of keys: bindings, footer, help and palette are read from it."""

from tui.keys.key import Key, bindings
from tui.keys.mistakes import MISTAKES
from tui.keys.plots import PLOTS
from tui.keys.screen import SCREEN
from tui.keys.steering import STEERING
from tui.keys.system import SYSTEM

KEYS: tuple[Key, ...] = (*STEERING, *SCREEN, *PLOTS, *MISTAKES, *SYSTEM)

__all__ = ["KEYS", "Key", "bindings"]
