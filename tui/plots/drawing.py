"""A plot as text, drawn by plotext. That is loaded late: the first paint of the screen has no plot."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.strip import Strip

from tui.plots.axis import Axis
from tui.plots.overprint import Mark, Written, grid, marks_row, name_lines, over, through, write_at_ends
from tui.plots.strokes import Line, Signal, signal
from tui.theme import rich_colour

# Turns plotext's escape codes into segments; Textual then fits their colours to the terminal.
_CONSOLE = Console(file=io.StringIO(), color_system="truecolor")
LEAST_WIDTH, LEAST_HEIGHT = 12, 4
BELOW = 2  # rows below the plot: marks, and the numbers of the x axis
ABOVE_LIMIT = "▲"


@dataclass(frozen=True, slots=True)
class Plot:
    """All that is drawn: lines, marks, texts in the right margin or over the ends of lines, and the axes."""

    lines: Sequence[Line]
    x: Axis
    y: Axis
    marks: Sequence[Mark] = ()
    margin: Sequence[Written] = ()
    "at the right, in columns of their own"
    margin_width: int = 0
    "columns that are kept for them"
    names: Sequence[Written] = ()
    "over the right ends of lines"
    x_name: str = ""
    "what x counts; written where the left margin has room for it"
    grid: str = ""
    "colour of lines at the numbers of the y axis; empty: there are none"


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot's rows, and where its x axis lies in them: `width` cells from `left`."""

    rows: list[Strip] = field(default_factory=list)
    left: int = 0
    width: int = 0
    x: Axis = field(default_factory=lambda: Axis(0, 1, ()))

    def x_at(self, column: int) -> float:
        """What lies in a column, counted from the left of the rows."""
        return self.x.low + (column - self.left) / max(self.width - 1, 1) * (self.x.high - self.x.low)

    def with_cursor(self, x: float | None, style: Style) -> list[Strip]:
        """The rows, with a vertical line at x through the empty cells, if x is on the axis."""
        if x is None or not self.rows or not self.x.low <= x <= self.x.high:
            return self.rows
        column = self.left + round(self.x.share(x) * (self.width - 1))
        return [*(through(row, column, style) for row in self.rows[:-1]), self.rows[-1]]


def render(plot: Plot, size: tuple[int, int], *, ascii: bool = False) -> Picture:
    """The plot as rows of styled text; no rows where there is no room. `ascii`: strokes are told apart without dots."""
    width, height = size
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Picture(x=plot.x)
    left = max(len(name) for _, name in plot.y.ticks)
    right = max(plot.margin_width, *(len(text.text) + 1 for text in plot.margin), 0)
    columns, tall = width - left - right, height - BELOW
    signals = tuple(signal(line, plot.x, plot.y, (columns, tall), ascii=ascii) for line in plot.lines)
    rows = list(_rows(signals, plot.x, plot.y, (left + columns, tall)))
    numbers = rows.pop()
    _write_over(rows, plot, left, columns)
    rows = [Strip.join([row, Strip([Segment(" " * right)])]) for row in rows]
    write_at_ends(rows, ((_row(plot.y, text.y, tall), text.text, text.colour) for text in plot.margin))
    shown = [mark for mark in plot.marks if plot.x.low <= mark.x <= plot.x.high]
    marks = marks_row(width, ((left + _column(plot.x, m.x, columns), m.mark, m.colour) for m in shown))
    numbers = Strip.join([numbers, Strip([Segment(" " * right)])])
    if len(plot.x_name) < max(left, right):
        at = width - len(plot.x_name) if len(plot.x_name) < right else 0
        numbers = over(numbers, at, plot.x_name, Style())
    return Picture([*rows, marks, numbers], left, columns, plot.x)


def _write_over(rows: list[Strip], plot: Plot, left: int, columns: int) -> None:
    """Grid lines, marks where values lie beyond the limits, and names."""
    tall = len(rows)
    if plot.grid:
        style = Style(color=rich_colour(plot.grid))
        for number in {_row(plot.y, value, tall) for value, _ in plot.y.ticks}:
            rows[number] = grid(rows[number], left, style)
    for line in plot.lines:
        beyond = [at for at, value in zip(line.x, line.y, strict=True) if plot.y.above(value)]
        for column in {_column(plot.x, at, columns) for at in beyond if plot.x.low <= at <= plot.x.high}:
            rows[0] = over(rows[0], left + column, ABOVE_LIMIT, Style(color=rich_colour(line.colour)))
    name_lines(rows, [(_row(plot.y, text.y, tall), text.text, text.colour) for text in plot.names])


def _row(y: Axis, value: float, tall: int) -> int:
    return round((1 - y.place(value)) * (tall - 1))


def _column(x: Axis, value: float, columns: int) -> int:
    return round(x.share(value) * (columns - 1))


# One more step seldom changes anything that can be seen.
@lru_cache(16)
def _rows(signals: tuple[Signal, ...], x: Axis, y: Axis, size: tuple[int, int]) -> tuple[Strip, ...]:
    """The rows of the plot, and the row of numbers below it."""
    import plotext

    width, tall = size
    columns = width - max(len(name) for _, name in y.ticks)
    plotext.terminal.limit(False, False)  # the widget's size counts, not the terminal's
    figure = plotext.figure
    figure.clear.data()
    figure.clear.settings()
    figure.plot_size(width, tall + 1)
    figure.theme("colorless").canvas("default").axes(False).legend(False)
    for drawn in signals:
        marker = plotext.marker(drawn.marker, plotext.pixel(_rgb(drawn.colour)))
        found = figure.signal([at for at, _ in drawn.points], [row for _, row in drawn.points], marker=marker)
        if drawn.pieces:
            found = found.lines()
            for first in accumulate(drawn.pieces, initial=0):
                found.line(first, False)
        figure.draw(found)
    last = tall - 1
    figure.ruler("y").ticks([y.place(value) * last for value, _ in y.ticks], [name for _, name in y.ticks])
    figure.ruler("y").lim(0, last)
    figure.ruler("x").ticks([x.share(value) * (columns - 1) for value, _ in x.ticks], [name for _, name in x.ticks])
    figure.ruler("x").lim(0, columns - 1)
    text = Text.from_ansi(figure.build().string())
    # No style and an empty one look the same, but compare as different.
    return tuple(
        Strip(Segment(s.text, s.style or None) for s in row.render(_CONSOLE)).simplify() for row in text.split("\n")
    )


def _rgb(colour: str) -> tuple[int, int, int] | int:
    """Red, green and blue, or the number of one of the terminal's own 16 colours."""
    parsed = Color.parse(colour)
    return parsed.rgb if parsed.ansi is None else parsed.ansi
