"""Line plots as SVG in the text of a page. Colours are classes of the page's style sheet, so they follow its theme."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, BOTTOM = 54, 14, 34  # margins, for the labels of the axes
LANE = 17  # height of a row of marks above the plot
MOST_DOTS = 40  # on a line; with more it is a line alone
DIGIT = 8  # width of a digit of a mark
DECADES = 4  # of a logarithmic axis at most

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot."""

    name: str
    "for those who point at it"
    points: Sequence[Point]
    "x and y; those that are not finite are left out"
    style: str
    "classes of the style sheet"
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark above the plot."""

    x: float
    number: int
    "where it is in the table of what was done"
    title: str
    style: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of lines over epochs."""

    title: str
    describe: str
    "what is to be seen, in a sentence, for those who cannot see it"
    lines: Sequence[Line]
    lanes: Sequence[Sequence[Mark]]
    "rows of marks"
    y_text: Callable[[float], str]
    "a number of the y axis as text"
    logarithmic: bool = False
    highest: float | None = None
    "the end of the y axis, where there is a largest value"
    epochs: float = 1.0
    "the end of the x axis"


def draw(plot: Plot, key: str) -> Markup:
    """The plot as an `<svg>` element. `key` makes its identifiers unique in the page."""
    lines = [(line, _drawable(line.points, plot.logarithmic)) for line in plot.lines]
    known = [point for _, points in lines for point in points]
    if not known:
        return Markup('<p class="missing">{}: nothing to draw yet.</p>').format(plot.title)
    frame = _Frame(known, plot)
    parts = [
        Markup(
            '<svg viewBox="0 0 {w} {h}" role="img" aria-labelledby="{k}-t {k}-d"><title id="{k}-t">{t}</title>'
            '<desc id="{k}-d">{d}</desc>'
        ).format(w=WIDTH, h=HEIGHT, k=key, t=plot.title, d=plot.describe),
        *frame.axes(plot.y_text),
        *(_line(line, places) for line, points in lines if (places := frame.places(points))),
    ]
    for lane, marks in enumerate(plot.lanes):
        parts += _marks(marks, frame, lane)
    return Markup("").join([*parts, Markup("</svg>")])


class _Frame:
    """From values to places in the picture."""

    def __init__(self, known: Sequence[Point], plot: Plot) -> None:
        self.top = 10 + LANE * len(plot.lanes)
        self.logarithmic = plot.logarithmic
        self.x_end = max(plot.epochs, 1.0)
        lowest, highest = min(y for _, y in known), max(y for _, y in known)
        if plot.highest is not None:  # there is always an axis, even if all values are the largest one
            lowest = min(lowest, plot.highest * 0.95)
        if plot.logarithmic:
            highest = math.ceil(math.log10(highest) - 1e-9)
            lowest = min(max(math.floor(math.log10(lowest) + 1e-9), highest - DECADES), highest - 1)
            self.y_ticks = [float(exponent) for exponent in range(int(lowest), int(highest) + 1)]
        else:
            self.y_ticks = nice_ticks(lowest, highest, 5)
        if plot.highest is not None:
            self.y_ticks = [tick for tick in self.y_ticks if tick <= plot.highest + 1e-9]
        self.y_low, self.y_high = self.y_ticks[0], self.y_ticks[-1]

    def x(self, value: float) -> float:
        """The place of an epoch."""
        return LEFT + (WIDTH - LEFT - RIGHT) * min(value / self.x_end, 1.0)

    def y(self, value: float) -> float:
        """The place of a tick's value."""
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - self.top) * min(max(share, 0.0), 1.0)

    def places(self, points: Sequence[Point]) -> list[Point]:
        """The places of points; those below a logarithmic axis are left out."""
        scaled = [(x, math.log10(y) if self.logarithmic else y) for x, y in points]
        return [(self.x(x), self.y(y)) for x, y in scaled if y >= self.y_low - 1e-9 or not self.logarithmic]

    def axes(self, y_text: Callable[[float], str]) -> Iterator[Markup]:
        """The grid and its labels."""
        for tick in self.y_ticks:
            y, text = self.y(tick), y_text(10**tick if self.logarithmic else tick)
            yield Markup('<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
                LEFT, WIDTH - RIGHT, y=y
            )
            yield Markup('<text class="end" x="{}" y="{:.1f}">{}</text>').format(LEFT - 7, y + 4, text)
        for tick in nice_ticks(0.0, self.x_end, 8, whole=True):
            if tick <= self.x_end + 1e-9:
                yield Markup('<text class="mid" x="{:.1f}" y="{}">{:g}</text>').format(
                    self.x(tick), HEIGHT - BOTTOM + 18, tick
                )
        yield Markup('<text class="mid axis" x="{:.1f}" y="{}">epoch</text>').format(
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 2
        )


def nice_ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """Round numbers at equal distances from `low` or below to `high` or above, about `most` of them, at least two."""
    size = max(abs(low), abs(high))
    span = high - low
    if span <= max(size * 1e-6, 1e-12):  # all but equal: an axis of such small steps could not be labelled
        span = max(size * 0.1, 1e-6)
    rough = span / most
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= rough * (1 - 1e-9))
    step = max(round(step), 1) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _drawable(points: Sequence[Point], logarithmic: bool) -> list[Point]:
    """The points that can be drawn: a logarithmic axis has no zero."""
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y) and (y > 0 or not logarithmic)]


def _line(line: Line, places: Sequence[Point]) -> Markup:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    title = Markup("<title>{}</title>").format(line.name)
    drawn = Markup('<g class="{}">{}<polyline points="{}"/>').format(line.style, title, path)
    if len(places) == 1 or (line.dots and len(places) <= MOST_DOTS):
        drawn += Markup("").join(Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3"/>').format(x, y) for x, y in places)
    return drawn + Markup("</g>")


def _marks(marks: Sequence[Mark], frame: _Frame, lane: int) -> Iterator[Markup]:
    """The marks of a row. Those that are near each other become one with the first and the last number."""
    together: list[list[Mark]] = []
    near = DIGIT * (2 * len(str(max((mark.number for mark in marks), default=0))) + 2)  # as wide as two numbers
    for mark in sorted(marks, key=lambda mark: mark.x):
        if together and frame.x(mark.x) - frame.x(together[-1][0].x) < near:
            together[-1].append(mark)
        else:
            together.append([mark])
    y = 15 + LANE * lane
    for group in together:
        numbers = sorted(mark.number for mark in group)
        in_a_row = numbers[-1] - numbers[0] == len(numbers) - 1
        text = ("–" if in_a_row else "…").join(str(number) for number in dict.fromkeys((numbers[0], numbers[-1])))
        x = frame.x(group[0].x)
        title = escape("; ".join(f"{mark.number}: {mark.title}" for mark in group))
        yield Markup(
            '<g class="mark {}"><title>{}</title><line x1="{x:.1f}" x2="{x:.1f}" y1="{}" y2="{}"/>'
            '<text class="mid" x="{x:.1f}" y="{}">{}</text></g>'
        ).format(group[0].style, title, y + 3, HEIGHT - BOTTOM, y, text, x=x)
