"""The learning rate of each parameter group, by name."""

from textual.content import Content

from engine.figures.arm import ArmView
from tui.format import MISSING, count, rate, short_name
from tui.panels.panel import Panel, lines, row
from tui.state import UiState

NAMES, WIDTHS = ("group", "parameters", "base", "now"), (11, -10, -8, -8)
MOST = 8  # groups that the pane asks for room for


class Rates(Panel):
    """Parameters, base rate and the rate of the last step, or that it is frozen; the chosen group is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._state = UiState()
        self._names: list[str] = []
        "of the groups that are shown"

    def on_mount(self) -> None:
        """Name the panel."""
        self.title("learning rates")

    def wanted_rows(self, state: UiState) -> int:
        """A head and a row a group."""
        return 1 + min(len(state.view.groups), MOST) if state.view is not None else 0

    def text(self, state: UiState, now: float) -> Content:
        """A head and a row a group; where there is no room for all, those around the chosen one."""
        self._state, view = state, state.view
        head = row(*((name, width, "$muted") for name, width in zip(NAMES, WIDTHS, strict=True)))
        if view is None:
            return head
        names, room = list(view.groups), max(self.size.height - 1, 1)
        chosen = names.index(state.selected) if state.selected in names else 0
        hidden = "" if len(names) <= room else f": {room} of {len(names)} groups"
        self.title(f"learning rates{hidden}")
        first = min(max(chosen - room // 2, 0), max(len(names) - room, 0))
        self._names = names[first : first + room]
        return lines(head, *(_group(view, name, name == state.selected) for name in self._names))

    def clicked(self, x: int, y: int) -> None:
        """Choose the group of a row."""
        if 1 <= y <= len(self._names):
            self._state.selected = self._names[y - 1]

    def wheel(self, down: int, right: int) -> None:
        """Choose the next group, or the one before; the list does not go round."""
        names = list(self._state.view.groups) if self._state.view is not None else []
        if self._state.selected in names:
            self._state.selected = names[min(max(names.index(self._state.selected) + down, 0), len(names) - 1)]


def _group(view: ArmView, name: str, chosen: bool) -> Content:
    group, style = view.groups[name], "bold reverse" if chosen else "bold"
    now = "frozen" if group.frozen else rate(view.rates[name]) if name in view.rates else MISSING
    shown = (">" if chosen else " ") + short_name(name, WIDTHS[0] - 1)
    cells = (shown, count(group.parameters), rate(view.base_rate(name)), now)
    asked = " *" if name in view.asked else ""
    return row(*((cell, width, style) for cell, width in zip(cells, WIDTHS, strict=True))) + asked
