"""A plot as text: plotext draws it, and only rows that changed are sent to the terminal."""

import io
import math
from bisect import bisect_right
from dataclasses import dataclass

import plotext
from rich.console import Console
from rich.segment import Segment
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

plotext.terminal.limit(False, False)  # the widget's size counts, not the terminal's

# Turns plotext's escape codes into segments; Textual then fits their colours to the terminal.
_CONSOLE = Console(file=io.StringIO(), color_system="truecolor")
SMALLEST_SPAN = 0.2  # of the y axis, so that noise alone does not fill the plot


@dataclass(frozen=True, slots=True)
class Line:
    """One series: x and y of its points, how it looks."""

    x: list[float]
    y: list[float]
    colour: str
    dashed: bool = False
    points: bool = False
    "marks at the points instead of a line through them"


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the plot's lowest row: something happened at x."""

    x: float
    mark: str
    colour: str


class Plot(Widget):
    """Lines over epochs, from 0 to the last one."""

    def __init__(self, *, id: str, percent: bool) -> None:
        super().__init__(id=id)
        self._percent = percent
        self._drawn: object = None
        self._rows: list[list[Segment]] = []

    def stale(self, version: object) -> bool:
        """Whether `version` is not what was drawn last."""
        return version != self._drawn

    def draw(self, lines: list[Line], ticks: list[Tick], last_x: int, version: object) -> None:
        """Show the lines and ticks."""
        self._drawn = version
        rows = render(lines, ticks, last_x, self.size.width, self.size.height, percent=self._percent)
        for y in range(max(len(rows), len(self._rows))):
            if rows[y : y + 1] != self._rows[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))
        self._rows = rows

    def render_line(self, y: int) -> Strip:
        """A row for the terminal."""
        row = self._rows[y] if y < len(self._rows) else []
        return Strip(row).adjust_cell_length(self.size.width).apply_style(self.rich_style)


def render(
    lines: list[Line], ticks: list[Tick], last_x: int, width: int, height: int, *, percent: bool
) -> list[list[Segment]]:
    """The plot as rows of styled text; empty where there is no room."""
    if width < 12 or height < 4:
        return []
    figure = plotext.figure
    figure.clear.data()
    figure.clear.settings()
    figure.plot_size(width, height)
    figure.theme("colorless").canvas("default").axes(False).legend(False)
    for line in lines:
        pixel = plotext.pixel(_rgb(line.colour))
        marker = plotext.marker(("○" if line.dashed else "●") if line.points else "braille", pixel)
        if line.points or not line.dashed:
            figure.draw(figure.signal(line.x, line.y, marker=marker).lines(not line.points))
        else:
            for x, y in _dashes(line, last_x / width):
                figure.draw(figure.signal(x, y, marker=marker).lines())
    values = [value for line in lines for value in line.y]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if percent and high > 0.5:
        high = max(high, 1.0)
    low = max(min(low, high - SMALLEST_SPAN), 0.0)
    y_ticks = _ticks(low, max(high, low + SMALLEST_SPAN), max(height // 3, 2))
    y_names = [f"{tick:.0%}" if percent else f"{tick:g}" for tick in y_ticks]
    for tick in ticks:  # last, so that no line hides one
        marker = plotext.marker(tick.mark, plotext.pixel(_rgb(tick.colour)))
        figure.draw(figure.signal([tick.x], [y_ticks[0]], marker=marker).lines(False))
    figure.ruler("y").ticks(y_ticks, y_names).lim(y_ticks[0], y_ticks[-1])
    x_ticks = [tick for tick in _ticks(0, last_x, width // 6) if tick.is_integer() and tick <= last_x]
    figure.ruler("x").ticks(x_ticks, [f"{tick:g}" for tick in x_ticks]).lim(0, last_x)
    text = Text.from_ansi(figure.build().string())
    return [list(row.render(_CONSOLE)) for row in text.split("\n")]


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `most` of them."""
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _dashes(line: Line, cell: float) -> list[tuple[list[float], list[float]]]:
    """Pieces of a line, two cells long and one apart; `cell` is a cell's width in x."""
    pieces: list[tuple[list[float], list[float]]] = []
    if len(line.x) < 2:
        return [(line.x, line.y)]
    last = None
    for half in range(math.ceil(line.x[0] / cell * 2), math.floor(line.x[-1] / cell * 2) + 1):
        dash, place = divmod(half, 6)
        if place >= 4:
            continue
        if dash != last:
            pieces.append(([], []))
            last = dash
        x = half * cell / 2
        after = min(max(bisect_right(line.x, x), 1), len(line.x) - 1)
        (x0, x1), (y0, y1) = line.x[after - 1 : after + 1], line.y[after - 1 : after + 1]
        pieces[-1][0].append(x)
        pieces[-1][1].append(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    return pieces


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
