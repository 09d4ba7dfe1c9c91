"""What plotext is to draw, in cells of the plot: lines with their strokes, and points. Loads no Textual."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tui.plots.axis import Axis

Stroke = Literal["solid", "dashed", "dotted", "sparse"]
DOTS_ACROSS, DOTS_DOWN = 2, 4  # dots of a braille character
# In ASCII there is no braille. `tui/terminal/ascii.py` has other marks for braille and for the legend.
ASCII_MARKS: dict[Stroke, str] = {"solid": "*", "dashed": "+", "dotted": ".", "sparse": "'"}
ASCII_POINT, ASCII_HOLLOW = "O", "o"


@dataclass(frozen=True, slots=True)
class Line:
    """One series: x (never falling) and y of its points, and how it looks."""

    x: Sequence[float]
    y: Sequence[float]
    colour: str
    stroke: Stroke = "solid"
    points: bool = False
    "draw a point at each value instead of a line through them"


@dataclass(frozen=True, slots=True)
class Signal:
    """A series as it is drawn, no more exact than can be seen: points in cells, and how many of them make each line."""

    points: tuple[tuple[float, float], ...]
    marker: str
    colour: str
    pieces: tuple[int, ...] = ()
    "empty: points without lines"


def signal(line: Line, x: Axis, y: Axis, size: tuple[int, int], *, ascii: bool) -> Signal:
    """A line on a plot of `size` (columns, rows). Columns count from the left, rows from below."""
    columns, rows = size
    if line.points:
        places = [
            (x.share(at) * (columns - 1), y.place(value) * (rows - 1))
            for at, value in zip(line.x, line.y, strict=True)
            if x.low <= at <= x.high and not y.above(value)
        ]
        if ascii:
            return Signal(tuple(places), ASCII_HOLLOW if line.stroke == "dashed" else ASCII_POINT, line.colour)
        return Signal(tuple(dot for place in places for dot in _square(*place)), "braille", line.colour)
    # At most one point a column, from the points of that column alone: what is drawn does not change later.
    means = _by_column(line.x, line.y, x, columns)
    steps = (rows - 1) * DOTS_DOWN
    curve = {column: round(y.place(mean) * steps) / DOTS_DOWN for column, mean in means.items() if not y.above(mean)}
    pieces = [piece for run in _runs(curve) for piece in _strokes(run, line.stroke)]
    marker = ASCII_MARKS[line.stroke] if ascii else "braille"
    return Signal(
        tuple(point for piece in pieces for point in piece), marker, line.colour, tuple(len(piece) for piece in pieces)
    )


def _square(column: float, row: float) -> list[tuple[float, float]]:
    """The cell coordinates of four dots around a place, as near to it as the dots of braille allow."""
    # Within a cell, dots lie 1/4 beside its middle, and 1/8 and 3/8 above and below it.
    left = round(column * DOTS_ACROSS)
    low = round(row * DOTS_DOWN)
    across = [max((dot - 0.5) / DOTS_ACROSS, 0.0) for dot in (left, left + 1)]
    down = [max((dot - 0.5) / DOTS_DOWN, 0.0) for dot in (low, low + 1)]
    return [(x, y) for x in across for y in down]


def _by_column(x: Sequence[float], y: Sequence[float], axis: Axis, columns: int) -> dict[int, float]:
    """The mean of the points in each column; columns without points are interpolated."""
    sums: dict[int, tuple[float, int]] = {}
    for place, value in zip(x, y, strict=True):
        total, count = sums.get(column := round(axis.share(place) * (columns - 1)), (0.0, 0))
        sums[column] = (total + value, count + 1)
    means = {column: total / count for column, (total, count) in sums.items()}
    curve: dict[int, float] = {}
    for (before, first), (after, last) in pairwise(means.items()):
        for column in range(max(before, 0), min(after, columns)):
            curve[column] = first + (last - first) * (column - before) / (after - before)
    return curve | {column: mean for column, mean in means.items() if 0 <= column < columns}


def _runs(curve: dict[int, float]) -> list[list[tuple[int, float]]]:
    """The pieces of a curve without a missing column."""
    runs: list[list[tuple[int, float]]] = []
    for column, place in curve.items():
        if not runs or runs[-1][-1][0] != column - 1:
            runs.append([])
        runs[-1].append((column, place))
    return runs


def _strokes(run: list[tuple[int, float]], stroke: Stroke) -> Iterable[list[tuple[float, float]]]:
    match stroke:
        case "solid":
            return [_corners(run)]
        case "dashed":
            return _dashes(dict(run))
        case "dotted":
            return [[point] for point in run]
        case "sparse":
            return [[point] for point in run if point[0] % 2 == 0]


def _corners(curve: list[tuple[int, float]]) -> list[tuple[float, float]]:
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
