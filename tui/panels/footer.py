"""The keys, as a last line that can be clicked, too."""

from itertools import groupby

from textual.content import Content

from tui.keys import KEYS, Key
from tui.panels.panel import Panel
from tui.state import UiState

ALWAYS = 2  # entries at the end that are never left out


class Footer(Panel):
    """Each key with its label; keys that would do nothing now are dim."""

    def text(self, state: UiState, now: float) -> Content:
        """One line; neighbours of one label share it. Where it is too long, the last ones but help and quit go."""
        parts = [_entry(label, list(keys), state) for label, keys in groupby(KEYS, key=lambda key: key.label)]
        while len(parts) > ALWAYS and sum(part.cell_length + 2 for part in parts) > self.size.width:
            del parts[-ALWAYS - 1]
        return Content.assemble(" ", Content("  ").join(parts))


def _entry(label: str, keys: list[Key], state: UiState) -> Content:
    word = "resume" if label == "pause" and state.phase == "paused" else label
    if keys[0].refusal(state):
        return Content.assemble((f"{' '.join(key.shown for key in keys)} {word}", "$muted"))
    shown = Content(" ").join(Content.assemble((key.shown, f"@click=app.press('{key.name}')")) for key in keys)
    return Content.assemble(shown, f" {word}")
