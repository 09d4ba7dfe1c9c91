"""The learning rate of each parameter group, by name."""

from textual.content import Content

from tui.format import MISSING, count, rate
from tui.panels.panel import Panel, lines, row
from tui.state import UiState


class Rates(Panel):
    """Parameters, base rate and the rate of the last step, or that it is frozen; the chosen group is marked."""

    def on_mount(self) -> None:
        """Name the panel."""
        self.title("learning rates")

    def text(self, state: UiState, now: float) -> Content:
        """A head and a row a group."""
        widths = (11, -10, -8, -8)
        names = ("group", "parameters", "base", "now")
        head = row(*((name, width, "$muted") for name, width in zip(names, widths, strict=True)))
        view = state.view
        if view is None:
            return head
        rows = [head]
        for name, group in view.groups.items():
            chosen = name == state.selected
            style = "bold reverse" if chosen else "bold"
            base = view.base_rate(name)
            now_rate = "frozen" if group.frozen else rate(view.rates[name]) if name in view.rates else MISSING
            cells = ((">" if chosen else " ") + name, count(group.parameters), rate(base), now_rate)
            asked = " *" if name in view.asked else ""
            rows.append(row(*((cell, width, style) for cell, width in zip(cells, widths, strict=True))) + asked)
        return lines(*rows)
