"""The learning-rate finder: the curve of a sweep while it grows, and the choice of a rate."""

from bisect import bisect_left
from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.protocol import FindRate
from tui.cells import Cells
from tui.figures.sweep import Sweep
from tui.format import rate
from tui.looks import Looks
from tui.plots.axis import number
from tui.plots.drawing import Picture
from tui.plots.rate_curve import drawn, place
from tui.state import UiState
from tui.theme import ARM_STYLES, rich_colour

FOLLOW_SECONDS = 0.25
CHOOSE = "left right choose, Enter takes it, r sweeps again, Esc closes"
WAIT = "Esc closes, the sweep goes on"


class RateScreen(ModalScreen[float | None]):
    """Follows the sweep. Its answer is the chosen base rate of the group that the sweep names."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "choose(-1)", show=False),
        Binding("right", "choose(1)", show=False),
        Binding("home", "choose(-1000)", show=False),
        Binding("end", "choose(1000)", show=False),
        Binding("enter", "take", show=False),
        Binding("r", "again", show=False),
        Binding("escape,q", "dismiss", show=False),
    ]

    def __init__(self, state: UiState, sweep_again: Callable[[], None], looks: Looks) -> None:
        super().__init__()
        self._state = state
        self._sweep_again = sweep_again
        self._looks = looks
        self._choices: list[float] = []
        self._chosen: int | None = None
        self._shown: tuple[object, ...] = ()
        self._picture = Picture()

    def compose(self) -> ComposeResult:
        """The plot, and what is chosen."""
        with Vertical(classes="sheet"):
            yield _Plot()
            yield Static(id="text")

    def on_mount(self) -> None:
        """Show the sweep, then follow it."""
        self.call_after_refresh(self.follow)
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Take in what is new; close when the run has gone on, or has refused the sweep."""
        if self.app.screen is not self:  # it has been closed, or the palette is over it
            return
        sweep, view = self._state.sweep, self._state.view
        if sweep is None and not any(isinstance(command, FindRate) for command in self._state.waiting):
            self.dismiss(None)
        elif sweep is not None and view is not None and sweep.rates:
            if sweep.over and self._chosen is None:
                self._offer(sweep, view.base_rate(sweep.group))
            self._draw(sweep)
        else:
            self._say(Content(sweep.reason if sweep is not None else "The sweep begins…"), "no sweep yet", WAIT)

    def _offer(self, sweep: Sweep, now: float) -> None:
        """Offer the rates of the sweep, the suggested one, which is chosen at first, and the present one."""
        first = sweep.suggestion if sweep.suggestion is not None else now
        self._choices = sorted({*(float(f"{value:.1e}") for value in sweep.rates), first, now} - {0.0})
        self._chosen = min(bisect_left(self._choices, first), len(self._choices) - 1)

    def _draw(self, sweep: Sweep) -> None:
        plot, colours = self.query_one(_Plot), self.app.theme_variables
        shown = (id(sweep), len(sweep.rates), plot.size, self.app.theme)
        if shown != self._shown:
            colour = colours[ARM_STYLES[sweep.arm].removeprefix("$")]
            self._picture = drawn(
                sweep, (plot.size.width, plot.size.height), colour, colours["success"], ascii=self._looks.ascii
            )
            self._shown = shown
        chosen = self._choices[self._chosen] if self._chosen is not None else None
        x = min(max(place(sweep, chosen), 0), self._picture.x.high) if chosen is not None else None
        plot.put(self._picture.with_cursor(x, Style(color=rich_colour(colours["accent"]))))
        title = f"find a learning rate: smoothed loss over the rate of {sweep.group}"
        if chosen is None:
            text = Content(f"step {len(sweep.rates)} of {sweep.total}, rate {rate(sweep.rates[-1])}")
            self._say(text, title, WAIT)
        else:
            self._say(self._reading(sweep, chosen), title, CHOOSE)

    def _reading(self, sweep: Sweep, chosen: float) -> Content:
        """The chosen rate, the rates that the groups would get, and why nothing is suggested."""
        view = self._state.view
        assert view is not None, "drawn only with an arm"
        now = view.base_rate(sweep.group)
        words = [" (suggested)"] * (chosen == sweep.suggestion) + [" (as it is now)"] * (chosen == now)
        loss = f"  loss {number(sweep.loss_at(chosen))}" if sweep.rates[0] <= chosen <= sweep.rates[-1] else ""
        parts = [
            Content.assemble((f"{sweep.group} {rate(chosen)}", "bold $accent"), ("".join(words), "$success"), loss)
        ]
        if others := [name for name in view.groups if name != sweep.group]:
            given = view.rates_in_proportion(sweep.group, chosen)
            parts.append(Content.styled("  ".join(f"{name} {rate(given[name])}" for name in others), "$muted"))
        if sweep.reason:
            parts.append(Content.styled(f"Nothing is suggested: {sweep.reason}.", "$warning"))
        return Content("\n").join(parts)

    def _say(self, text: Content, title: str, keys: str) -> None:
        sheet = self.query_one(".sheet")
        sheet.border_title, sheet.border_subtitle = title, keys
        self.query_one("#text", Static).update(text)

    def action_choose(self, by: int) -> None:
        """Choose a lower or a higher rate."""
        if self._chosen is not None:
            self._chosen = min(max(self._chosen + by, 0), len(self._choices) - 1)
            self.follow()

    def action_take(self) -> None:
        """Answer with the chosen rate."""
        if self._chosen is not None:
            self.dismiss(self._choices[self._chosen])

    def action_again(self) -> None:
        """Make another sweep."""
        if self._chosen is not None:
            self._chosen = None
            self._sweep_again()
            self.follow()


class _Plot(Cells):
    """The curve."""

    def on_resize(self) -> None:
        """Draw for the new size, which also changes with the number of lines below."""
        if isinstance(self.screen, RateScreen):
            self.screen.follow()
