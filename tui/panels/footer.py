"""The keys, in the last line; they can be clicked, too."""

from functools import lru_cache
from itertools import accumulate, groupby
from typing import NamedTuple

from textual.content import Content
from textual.message import Message

from tui.activity import OVER
from tui.keys import EVERYWHERE, Key, keys_of
from tui.panels.panel import Panel, View
from tui.state import UiState

WAYS_BACK = ("zoom", "leave_pane")
"keys that are never left out while a pane has the focus"
MOST_KEYS = 4
"with the same label that are named one by one"


class _Line(NamedTuple):
    text: Content
    ends: tuple[tuple[int, str], ...]
    "the column after each label, and the name of the key beside it"


class Footer(Panel):
    """Each key with its label; keys that would do nothing now are dim."""

    class Pressed(Message):
        """A label was clicked."""

        def __init__(self, key: str) -> None:
            """`key` is its name in the table of keys."""
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__()
        self._line = _Line(Content(""), ())

    def clicked(self, x: int, y: int) -> None:
        """Press the key that is nearest to a label; a key that can do nothing now says why."""
        name = next((name for end, name in self._line.ends if x < end), "")
        if name:
            self.post_message(self.Pressed(name))

    def text(self, state: UiState, now: float) -> Content:
        """One line; keys with the same label share it. Where it is too long, the least important keys are left out."""
        entries, focused = [], isinstance(self.screen.focused, View)
        for label, (first, *more) in groupby(self._keys(state), key=lambda key: key.label):
            word = "resume" if label == "pause" and state.paused else label
            rank = 0 if focused and first.name in WAYS_BACK else first.rank
            entries.append((word, (first, *more), bool(first.why_not(state)), rank))
        self._line = _line(tuple(entries), self.size.width)
        return self._line.text

    def _keys(self, state: UiState) -> list[Key]:
        """The keys that do something on this screen, those of the focused pane first."""
        focused = self.screen.focused
        kind = focused.kind if isinstance(focused, View) else ""
        return [*keys_of(kind), *(key for key in EVERYWHERE if not _idle(key, state))]


def _idle(key: Key, state: UiState) -> bool:
    """Whether it never does anything here: there is no run to steer, or to leave in the background, or no pause."""
    needs = {"detach": not state.over, "find_rate": state.paused, "summary": state.phase in OVER}
    return bool(key.steers and state.locked) or not needs.get(key.name, True)


# The keys are the same most of the time.
@lru_cache(64)
def _line(entries: tuple[tuple[str, tuple[Key, ...], bool, int], ...], width: int) -> _Line:
    parts = [(rank, keys, _entry(word, keys, dim)) for word, keys, dim, rank in entries]
    while sum(part.cell_length + 2 for *_, part in parts) > width:
        last = max(range(len(parts)), key=lambda place: (parts[place][0], place))
        if parts[last][0] == 0:
            break
        del parts[last]
    text = Content.assemble(" ", Content("  ").join(part for *_, part in parts))
    ends = accumulate((part.cell_length + 2 for *_, part in parts), initial=0)
    names = ("help" if len(keys) > MOST_KEYS else keys[-1].name for _, keys, _ in parts)  # the help explains each pane
    return _Line(text, tuple(zip(list(ends)[1:], names, strict=True)))


def _entry(word: str, keys: tuple[Key, ...], dim: bool) -> Content:
    many = len(keys) > MOST_KEYS
    if dim:
        return Content.assemble((f"{_range(keys) if many else ' '.join(key.shown for key in keys)} {word}", "$muted"))
    shown = Content(" ").join(Content.assemble((key.shown, f"@click=app.press('{key.name}')")) for key in keys)
    return Content.assemble((_range(keys), "bold $accent") if many else shown, f" {word}")


def _range(keys: tuple[Key, ...]) -> str:
    """Keys that are too many to be named, such as all digits."""
    return f"{keys[0].shown}-{keys[-1].shown}"
