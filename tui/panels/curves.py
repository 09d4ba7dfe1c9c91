"""The plots: both arms, the branches that rewinds left, and older runs; a cursor shows their values."""

import math
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.visual import Visual

from engine.figures.arm import ArmView
from engine.figures.branch import Branch
from engine.protocol import ARMS
from tui.keys.key import bindings
from tui.keys.plots import PLOTS
from tui.panels.panel import View
from tui.panels.readout import cut, joined, legend, named, older_names, reading
from tui.plots.axis import along, linear, logarithmic
from tui.plots.curves import Curve, Trace, mark_near, traces
from tui.plots.drawing import Line, Picture, Tick, render
from tui.plots.plotview import PlotView
from tui.state import UiState
from tui.theme import rich_colour

FULL_LEGEND = 72  # cells
MOST_PAST = 8  # left branches that are drawn beside the current one, the newest
NO_STEP = "no step yet"


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A branch on the plot. `run` is the name of an older run, empty for the run on the screen."""

    view: ArmView
    branch: Branch
    colour: str
    run: str = ""


class Curves(View):
    """Training values as a smoothed line, test values as points, commands as marks below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PLOTS)
    kind = "plots"

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve
        self._state = UiState()
        self._shown: tuple[object, int | None] | None = None
        self._picture = Picture([], 0, 0, 1)
        self._read: list[tuple[_Drawn, list[Trace]]] = []
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
            case _:
                by = {"cursor_left": -1, "cursor_right": 1, "cursor_first": -(10**9), "cursor_last": 10**9}[name]
                plots.move(self._state.view.curves.train_loss.points()[0] if self._state.view else [], by)

    def back(self) -> bool:
        """Leave the cursor."""
        left, self._state.plots.cursor = self._state.plots.cursor, None
        return left is not None

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
        arms, colours = self._state.arms, self.app.theme_variables
        views = [arms[arm] for arm in ARMS if arm in arms]
        older = [_Drawn(view, view.curves, colours["overlay"], run) for run, view in plots.older()]
        past = [_Drawn(view, branch, colours[f"{view.arm}-past"]) for view in views for branch in _past(view)]
        own = [_Drawn(view, view.curves, colours[view.arm]) for view in views]
        lines: list[Line] = []
        ticks: list[Tick] = []
        self._read.clear()
        for drawn in (*older, *past, *own):  # later ones are drawn over earlier ones
            found = traces(self._curve, drawn.view, drawn.branch, plots)
            for trace in found:
                lines += _lines(trace, drawn, plots, named=drawn in own, log=self._curve.name in plots.log)
            if drawn not in older:
                ticks += _ticks(drawn, plots)
            if drawn not in past:
                self._read.append((drawn, found))
        last_x = max((plots.x(drawn.view, _last_step(drawn.view)) for drawn in (*older, *own)), default=1.0)
        self._picture = self._drawn(lines, ticks, last_x, plots)

    def _drawn(self, lines: list[Line], ticks: list[Tick], last_x: float, plots: PlotView) -> Picture:
        curve, (width, height) = self._curve, self.size
        values, most = [value for line in lines for value in line.y], max(height // 3, 2)
        if not values:
            return Picture([], 0, 0, last_x)
        y = logarithmic(values, most, share=curve.share) if curve.name in plots.log else None
        y = y or linear(values, most, span=curve.span, share=curve.share)
        x = along(last_x, width // (9 if plots.by_step else 6))
        return render(lines, ticks, x, y, (width, height), ascii=self.host.looks.ascii)

    def _say(self, plots: PlotView) -> None:
        """Put a legend, or the values at the cursor, on the frame, where they hide no data."""
        curve, current, room = self._curve, self._state.view, self.size.width - 4
        if plots.cursor is None or current is None:
            title = [Content(named(curve, plots))]
            title += legend(curve, self._state.part, everything=self.size.width >= FULL_LEGEND)
            older = older_names((drawn.run, drawn.view) for drawn, _ in self._read if drawn.run)
        else:
            step = f"step {plots.cursor:,}"
            place = f"{step}, epoch {plots.cursor / current.steps_per_epoch:.2f}"
            column = self._picture.last_x / max(self._picture.width, 1)
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
            step = plots.step(drawn.view, x)
            text = reading(self._curve, drawn.run, drawn.view, found, step, in_words=in_words)
            (older if drawn.run else own).append(text)
        return own, older


def _lines(trace: Trace, drawn: _Drawn, plots: PlotView, *, named: bool, log: bool) -> tuple[Line, ...]:
    dashed, tested = drawn.view.arm == "scratch", [plots.x(drawn.view, step) for step, _ in trace.tested]
    pieces = trace.pieces(above_0=log)
    return (
        *(
            Line(
                [plots.x(drawn.view, step) for step in steps],
                values,
                drawn.colour,
                dashed,
                name=trace.name if named and number == len(pieces) else "",
            )
            for number, (steps, values) in enumerate(pieces, 1)
        ),
        Line(tested, [value for _, value in trace.tested], drawn.colour, dashed, points=True),
    )


def _past(view: ArmView) -> list[Branch]:
    return list(view.past.values())[-MOST_PAST:]


def _last_step(view: ArmView) -> int:
    """The end of the last epoch that the plot has room for."""
    last = max((branch.last_step for branch in _past(view)), default=0)
    return max(view.epochs, math.ceil(last / view.steps_per_epoch), 1) * view.steps_per_epoch


def _ticks(drawn: _Drawn, plots: PlotView) -> list[Tick]:
    marks = {"diverged": "×"}
    return [Tick(plots.x(drawn.view, step), marks.get(kind, "▴"), drawn.colour) for step, kind in drawn.branch.ticks]
