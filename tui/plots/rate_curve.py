"""The plot of a sweep: the loss over the learning rate, on a logarithmic axis."""

import math
from collections.abc import Sequence

from tui.figures.sweep import Sweep
from tui.format import rate
from tui.plots.axis import Axis, linear
from tui.plots.drawing import BELOW, Picture, Plot, render
from tui.plots.overprint import Mark
from tui.plots.strokes import Line

COLUMNS = 8  # at least, between two numbers of the rate
SPAN = 0.05
HEADROOM = 1.3
FIRST = 5  # steps that do not count for the limits of the plot: the average is of too few losses


def place(sweep: Sweep, value: float) -> float:
    """Where a rate lies on the x axis: decades from the lowest rate of the sweep."""
    return math.log10(value / sweep.rates[0])


def drawn(sweep: Sweep, size: tuple[int, int], line: str, mark: str, *, ascii: bool) -> Picture:
    """The curve in the colour `line`, with a mark in the colour `mark` under the suggested rate."""
    width, height = size
    if len(sweep.rates) < 2:
        return Picture()
    x = _axis(sweep, max(width // COLUMNS, 1))
    losses = _before_divergence(sweep.losses)
    y = linear(losses[FIRST:] or losses, height - BELOW, span=SPAN, share=False)
    until = min(len(losses) + 1, len(sweep.losses))  # the line leaves the plot at its upper edge
    curve = Line([place(sweep, value) for value in sweep.rates[:until]], sweep.losses[:until], line)
    suggested = sweep.suggestion
    marks = [Mark(min(max(place(sweep, suggested), 0), x.high), "▴", mark)] if suggested is not None else []
    return render(Plot([curve], x, y, marks), size, ascii=ascii)


def _before_divergence(losses: Sequence[float]) -> Sequence[float]:
    """The losses until they rise far above those before the lowest one: the rest would flatten what matters."""
    lowest = losses.index(min(losses))
    most = HEADROOM * max(losses[min(FIRST, lowest) : lowest + 1])
    return losses[: next((number for number, loss in enumerate(losses) if number > lowest and loss > most), None)]


def _axis(sweep: Sweep, most: int) -> Axis:
    """From the lowest to the highest rate, with at most about `most` powers of ten."""
    low, high = math.log10(sweep.rates[0]), math.log10(sweep.highest)
    powers = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    step = max(math.ceil(len(powers) / most), 1)
    ticks = tuple((place(sweep, 10.0**power), rate(10.0**power)) for power in powers[::step])
    return Axis(0, max(high - low, 1e-9), ticks)
