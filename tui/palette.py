"""The commands of the palette that are keys, each with its key."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hits
from textual.system_commands import SystemCommandsProvider

from tui.keys import KEYS, Key

LABELS = Counter(key.label for key in KEYS)


def commands(keys: Iterable[Key], press: Callable[[str], None]) -> Iterator[SystemCommand]:
    """A command for each key, which does what pressing it would."""
    for key in keys:
        yield SystemCommand(title(key), key.help, partial(press, key.name))


def usual(found: Iterable[SystemCommand]) -> Iterator[SystemCommand]:
    """Textual's own, but for those that are keys here; in small letters, as the others are."""
    for command in found:
        if command.title not in ("Quit", "Keys"):
            yield command._replace(title=command.title.lower())


class InOrder(SystemCommandsProvider):
    """The app's commands, as long as nothing is typed in its own order, not by the alphabet."""

    async def discover(self) -> Hits:
        """All of them."""
        for command in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(command.title, command.callback, help=command.help)


def title(key: Key) -> str:
    """Its label, or its name where several keys share that, and the key: `pause (p)`, `lower rate (-)`."""
    label = key.label if LABELS[key.label] == 1 else key.name.replace("_", " ")
    return f"{label} ({key.shown})"
