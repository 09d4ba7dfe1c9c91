"""A plot as text, drawn by plotext. That is loaded late: the first paint of the screen has no plot."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.strip import Strip

from tui.plots.axis import Axis
from tui.theme import rich_colour

# Turns plotext's escape codes into segments; Textual then fits their colours to the terminal.
_CONSOLE = Console(file=io.StringIO(), color_system="truecolor")
LEAST_WIDTH, LEAST_HEIGHT = 12, 4
DOTS = 4  # rows of dots in a braille character
CURSOR = "│"
ASCII_DASHES = "+"  # mark of dashed lines in ASCII; `tui/terminal/ascii.py` has another one for braille


@dataclass(frozen=True, slots=True)
class Line:
    """One series: x (never falling) and y of its points, how it looks, and a name for its end."""

    x: Sequence[float]
    y: Sequence[float]
    colour: str
    dashed: bool = False
    points: bool = False
    "draw marks at the points instead of a line through them"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the plot's lowest row: something happened at x."""

    x: float
    mark: str
    colour: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot's rows, and where its x axis lies in them: `width` cells from `left`."""

    rows: list[Strip]
    left: int
    width: int
    last_x: float

    def with_cursor(self, x: float | None, style: Style) -> list[Strip]:
        """The rows, with a vertical line at x through the empty cells."""
        if x is None or not self.rows:
            return self.rows
        column = self.left + round(min(max(x / self.last_x, 0), 1) * (self.width - 1))
        return [*(_through(row, column, style) for row in self.rows[:-1]), self.rows[-1]]


@dataclass(frozen=True, slots=True)
class _Signal:
    """A series as it is drawn, no more exact than can be seen: points, and how many of them make each line."""

    points: tuple[tuple[float, float], ...]
    marker: str
    colour: str
    pieces: tuple[int, ...] = ()


def render(
    lines: list[Line], ticks: list[Tick], x: Axis, y: Axis, size: tuple[int, int], *, ascii: bool = False
) -> Picture:
    """The plot as rows of styled text; no rows where there is no room. `ascii`: dashed lines get other marks."""
    width, height = size
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Picture([], 0, width, x.high)
    left = max(len(name) for _, name in y.ticks)
    columns = width - left
    signals = [_signal(line, x.high / (columns - 1), y, (height - 2) * DOTS, ascii) for line in lines]
    signals += [_Signal(((tick.x, 0.0),), tick.mark, tick.colour) for tick in ticks]  # last, so that no line hides one
    names = [
        (round((1 - y.place(line.y[-1])) * (height - 2)), line.name, line.colour)
        for line in lines
        if line.name and line.x
    ]
    return Picture(_rows(tuple(signals), tuple(names), x, y, size), left, columns, x.high)


def _signal(line: Line, cell: float, y: Axis, dots: int, ascii: bool) -> _Signal:
    if line.points:
        points = tuple((x, y.place(value)) for x, value in zip(line.x, line.y, strict=True))
        return _Signal(points, "○" if line.dashed else "●", line.colour)
    # At most one point a column, from the points of that column alone: what is drawn does not change later.
    means = _by_column(line.x, line.y, cell)
    curve = {column: round(y.place(value) * dots) / dots for column, value in means.items()}
    pieces = _dashes(curve) if line.dashed else [_corners(list(curve.items()))]
    points = tuple((column * cell, place) for piece in pieces for column, place in piece)
    marker = ASCII_DASHES if ascii and line.dashed else "braille"
    return _Signal(points, marker, line.colour, tuple(len(piece) for piece in pieces))


# One more step seldom changes anything that can be seen.
@lru_cache(16)
def _rows(
    signals: tuple[_Signal, ...], names: tuple[tuple[int, str, str], ...], x: Axis, y: Axis, size: tuple[int, int]
) -> list[Strip]:
    import plotext

    plotext.terminal.limit(False, False)  # the widget's size counts, not the terminal's
    figure = plotext.figure
    figure.clear.data()
    figure.clear.settings()
    figure.plot_size(*size)
    figure.theme("colorless").canvas("default").axes(False).legend(False)
    for drawn in signals:
        marker = plotext.marker(drawn.marker, plotext.pixel(_rgb(drawn.colour)))
        signal = figure.signal([x for x, _ in drawn.points], [y for _, y in drawn.points], marker=marker)
        if drawn.pieces:
            signal = signal.lines()
            for first in accumulate(drawn.pieces, initial=0):
                signal.line(first, False)
        figure.draw(signal)
    figure.ruler("y").ticks([y.place(value) for value, _ in y.ticks], [name for _, name in y.ticks]).lim(0, 1)
    figure.ruler("x").ticks([value for value, _ in x.ticks], [name for _, name in x.ticks]).lim(0, x.high)
    text = Text.from_ansi(figure.build().string())
    # No style and an empty one look the same, but compare as different.
    rows = [
        Strip(Segment(s.text, s.style or None) for s in row.render(_CONSOLE)).simplify() for row in text.split("\n")
    ]
    _name_lines(rows, names)
    return rows


def _by_column(x: Sequence[float], y: Sequence[float], cell: float) -> dict[int, float]:
    """The mean of the points in each column; columns without points are interpolated."""
    sums: dict[int, tuple[float, int]] = {}
    for place, value in zip(x, y, strict=True):
        total, count = sums.get(column := round(place / cell), (0.0, 0))
        sums[column] = (total + value, count + 1)
    means = {column: total / count for column, (total, count) in sums.items()}
    curve: dict[int, float] = {}
    for (before, first), (after, last) in pairwise(means.items()):
        for column in range(before, after):
            curve[column] = first + (last - first) * (column - before) / (after - before)
    return curve | means


def _corners(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The points of a curve that are needed: those within a horizontal piece are not."""
    inner = [before[1] == here[1] == after[1] for before, here, after in zip(curve, curve[1:], curve[2:], strict=False)]
    return [point for point, drop in zip(curve, [False, *inner, False], strict=False) if not drop]


def _dashes(curve: dict[int, float]) -> list[list[tuple[float, float]]]:
    """Pieces of a curve, two cells long, with gaps of one cell."""
    pieces: list[list[tuple[float, float]]] = []
    last = None
    for column, place in curve.items():
        dash, cell = divmod(column, 3)
        if cell < 2:
            if dash != last:
                pieces.append([])
            pieces[-1].append((column, place))
            last = dash
        if cell == 1 and column + 1 in curve:  # to the middle between this cell and the next
            pieces[-1].append((column + 0.5, (place + curve[column + 1]) / 2))
    return pieces


def _name_lines(rows: list[Strip], names: Sequence[tuple[int, str, str]]) -> None:
    """Write each line's name at the right edge, on the row where the line ends."""
    named: dict[int, dict[str, str]] = {}
    for number, name, colour in names:
        named.setdefault(number, {})[name] = colour
    for number, same in named.items():
        text = Strip([Segment(f" {name}", Style(color=rich_colour(colour))) for name, colour in same.items()])
        rows[number] = _over(rows[number], rows[number].cell_length - text.cell_length, text)


def _over(row: Strip, column: int, text: Strip) -> Strip:
    return Strip.join([row.crop(0, column), text, row.crop(column + text.cell_length)])


def _through(row: Strip, column: int, style: Style) -> Strip:
    free = not row.crop(column, column + 1).text.strip()
    return _over(row, column, Strip([Segment(CURSOR, style)])) if free else row


def _rgb(colour: str) -> tuple[int, int, int] | int:
    """Red, green and blue, or the number of one of the terminal's own 16 colours."""
    parsed = Color.parse(colour)
    return parsed.rgb if parsed.ansi is None else parsed.ansi
