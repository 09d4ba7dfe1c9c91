"""The plots: both arms, the branches that rewinds left, and older runs; a cursor shows their values."""

from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.visual import Visual

from tui.keys.key import bindings
from tui.keys.plots import PLOTS
from tui.panels.panel import View
from tui.panels.readout import cut, joined, legend, named, older_names, reading
from tui.plots.axis import along
from tui.plots.composition import DrawnBranch, drawn_branches, last_step
from tui.plots.curves import Curve, Trace, mark_near, traces
from tui.plots.drawing import Picture
from tui.plots.picture_of import picture_of
from tui.plots.plotview import PlotView
from tui.state import UiState
from tui.theme import rich_colour

FULL_LEGEND = 72  # cells
NO_STEP = "no step yet"


class Curves(View):
    """Training values as a smoothed line, test values as points, commands as marks below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PLOTS)
    kind = "plots"

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve
        self._state = UiState()
        self._shown: tuple[object, int | None] | None = None
        self._picture = Picture()
        self._read: list[tuple[DrawnBranch, list[Trace]]] = []
        "what the cursor shows the values of"

    # --- keys -------------------------------------------------------------------------------------------

    def press(self, name: str) -> None:
        """Do what one of the plots' own keys is for."""
        plots = self._state.plots
        match name:
            case "plot_axis":
                plots.by_step = not plots.by_step
            case "plot_log":
                plots.log ^= {self._curve.name}
            case "plot_smoothing":
                plots.next_smoothing()
            case "plot_whole":
                plots.whole = not plots.whole
            case "zoom_in" | "zoom_out":
                plots.zoom_by(1 if name == "zoom_in" else -1)
            case _:
                by = {"cursor_left": -1, "cursor_right": 1, "cursor_first": -(10**9), "cursor_last": 10**9}[name]
                plots.move(self._state.view.curves.train_loss.points()[0] if self._state.view else [], by)

    def back(self) -> bool:
        """Leave the cursor."""
        left, self._state.plots.cursor = self._state.plots.cursor, None
        return left is not None

    def clicked(self, x: int, y: int) -> None:
        """Put the cursor there."""
        plots, view, picture = self._state.plots, self._state.view, self._picture
        if view is not None and picture.left <= x < picture.left + picture.width:
            plots.point_at(view.curves.train_loss.points()[0], plots.step(view, picture.x_at(x)))

    def wheel(self, down: int, right: int) -> None:
        """Show more of the time axis, or less; sideways, move the cursor."""
        for turned, names in ((down, ("zoom_in", "zoom_out")), (right, ("cursor_left", "cursor_right"))):
            if turned:
                self.press(names[turned > 0])

    # --- what is shown ----------------------------------------------------------------------------------

    def show(self, state: UiState, now: float) -> None:
        """Draw what has changed. A cursor is laid over the picture, which is kept."""
        self._state, plots = state, state.plots
        drawn_for = (state.drawn, plots.shape(self._curve.name), self.size, self.app.theme)
        if (drawn_for, plots.cursor) == self._shown:
            return
        if self._shown is None or drawn_for != self._shown[0]:
            self._draw(plots)
        self._shown = (drawn_for, plots.cursor)
        self._say(plots)
        if self._picture.rows:
            x = plots.cursor_x(state.view) if state.view is not None else None
            muted = Style(color=rich_colour(self.app.theme_variables["muted"]))
            self.put(self._picture.with_cursor(x, muted))
        else:
            text = Content("\n" * ((self.size.height - 1) // 2) + NO_STEP.center(self.size.width).rstrip())
            self.put(Visual.to_strips(self, text, self.size.width, self.size.height, self.visual_style))

    def _draw(self, plots: PlotView) -> None:
        current, colours = self._state.view, self.app.theme_variables
        every = drawn_branches(self._state.arms, plots, colours)
        self._read = [(drawn, traces(self._curve, drawn.view, drawn.branch, plots)) for drawn in every]
        if current is None:
            self._picture = Picture()
            return
        own = [drawn for drawn in every if not drawn.run]
        trained = max(plots.x(drawn.view, drawn.branch.last_step) for drawn in own)
        planned = max(plots.x(drawn.view, last_step(drawn)) for drawn in (every if plots.whole else own))
        x = along(*plots.x_limits(current, trained, planned), self.size.width // (9 if plots.by_step else 6))
        ascii = self.host.looks.ascii
        self._picture = picture_of(self._curve, self._read, plots, x, self.size, grid=colours["border"], ascii=ascii)

    def _say(self, plots: PlotView) -> None:
        """Put a legend, or the values at the cursor, on the frame, where they hide no data."""
        curve, current, room = self._curve, self._state.view, self.size.width - 4
        if plots.cursor is None or current is None:
            title = [Content(named(curve, plots))]
            title += legend(curve, self._state.part, everything=self.size.width >= FULL_LEGEND)
            older = older_names(drawn for drawn, _ in self._read if drawn.run)
        else:
            step = f"step {plots.cursor:,}"
            place = f"{step}, epoch {plots.cursor / current.steps_per_epoch:.2f}"
            column = (self._picture.x.high - self._picture.x.low) / max(self._picture.width, 1)
            mark = Content(mark_near(current, plots.cursor, column / plots.x(current, 1)))
            short, full = curve.title, named(curve, plots)
            # Shorter and shorter, until it fits.
            for name, where, in_words in (
                (full, place, True),
                (short, place, True),
                (short, place, False),
                (short, step, False),
            ):
                arms, older = self._readings(plots, plots.x(current, plots.cursor), in_words=in_words)
                title = [Content(name), Content(where), *arms, mark]
                if joined(title).cell_length <= room:
                    break
        if not self.gutter.bottom:  # there is no frame below
            title, older = title + older, []
        self.title(cut(title, room))
        self.subtitle(cut(older, room))

    def _readings(self, plots: PlotView, x: float, *, in_words: bool) -> tuple[list[Content], list[Content]]:
        """The values at x, first of the run on the screen, then of older runs."""
        own: list[Content] = []
        older: list[Content] = []
        for drawn, found in self._read:
            if drawn.past:
                continue
            text = reading(self._curve, drawn, found, plots.step(drawn.view, x), in_words=in_words)
            (older if drawn.run else own).append(text)
        return own, older
