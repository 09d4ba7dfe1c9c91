"""Draws a plot of branches: its axes, and all that lies on them."""

from tui.plots.axis import MOST_NUMBERS, Axis, linear, logarithmic
from tui.plots.composition import Axes, Found, plot_of
from tui.plots.curves import Curve
from tui.plots.drawing import BELOW, Picture, render
from tui.plots.plotview import PlotView


def picture_of(
    curve: Curve, found: Found, plots: PlotView, x: Axis, size: tuple[int, int], *, grid: str, ascii: bool
) -> Picture:
    """The plot of `size` (columns, rows) as `plots` wants it; empty where there are no values.

    `grid` is the colour of its grid lines.
    """
    values = [v for _, traces in found for trace in traces for v in (*trace.values, *(v for _, v in trace.tested))]
    if not values:
        return Picture()
    height = size[1]
    log = curve.name in plots.log
    y = logarithmic(values, min(max(height // 2, 2), MOST_NUMBERS), share=curve.share) if log else None
    y = y or linear(values, height - BELOW, span=curve.span, share=curve.share)
    return render(plot_of(curve, found, plots, Axes(x, y), grid), size, ascii=ascii)
