"""The commands of the palette. Most of them are keys, and name their key."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hits
from textual.system_commands import SystemCommandsProvider

from tui.keys import KEYS, Key

LABELS = Counter(key.label for key in KEYS)


def commands(keys: Iterable[Key], press: Callable[[str], None]) -> Iterator[SystemCommand]:
    """A command for each key, which does the same as the key."""
    for key in keys:
        yield SystemCommand(title(key), key.help, partial(press, key.name))


def usual(found: Iterable[SystemCommand]) -> Iterator[SystemCommand]:
    """Textual's own commands, without those that are keys here; in small letters, like the others."""
    for command in found:
        if command.title not in ("Quit", "Keys"):
            yield command._replace(title=command.title.lower())


class InOrder(SystemCommandsProvider):
    """The app's commands. As long as nothing is typed, they keep the order of the app."""

    async def discover(self) -> Hits:
        """All of them."""
        for command in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(command.title, command.callback, help=command.help)


def title(key: Key) -> str:
    """The key's label (its name where several keys share the label) and the key: `pause (p)`, `lower rate (-)`."""
    label = key.label if LABELS[key.label] == 1 else key.name.replace("_", " ")
    return f"{label} ({key.shown})"
