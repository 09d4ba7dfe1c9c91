"""The table of plots, and the lines that a plot draws of a branch. Loads no Textual."""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from engine.figures.arm import ArmView
from engine.figures.branch import Branch
from engine.figures.series import Series, smoothed
from engine.protocol import EvalDone
from tui.format import percent, rate
from tui.plots.axis import number
from tui.plots.plotview import PlotView


@dataclass(frozen=True)
class Curve:
    """A plot."""

    name: str
    "that of its pane"
    title: str
    series: Callable[[Branch], dict[str, Series]]
    "the values of each step, by name where there are several lines; empty name: there is one line"
    test: Callable[[EvalDone], float] | None = None
    "the value of an evaluation; `None`: it is not drawn"
    text: Callable[[float], str] = number
    "a value as text"
    share: bool = False
    "whether values are shares of 1, drawn as per cent"
    noisy: bool = True
    "whether the line is smoothed"
    span: float | None = None
    "least span of a linear y axis, so that noise alone does not fill the plot; `None`: the axis begins at 0"


CURVES = (
    Curve("loss", "loss", lambda branch: {"": branch.train_loss}, lambda found: found.loss, span=0.2),
    Curve(
        "accuracy",
        "accuracy",
        lambda branch: {"": branch.train_accuracy},
        lambda found: found.accuracy,
        text=percent,
        share=True,
        span=0.2,
    ),
    Curve("lr", "learning rate", lambda branch: branch.rates, text=rate, noisy=False),
    Curve("gradient", "gradient norm", lambda branch: {"": branch.gradient_norm}),
)


@dataclass(frozen=True, slots=True)
class Trace:
    """A line of a plot: steps and values, and the steps and values of the test."""

    name: str
    steps: list[int]
    values: list[float]
    tested: list[tuple[int, float]]
    scored: bool
    "whether the plot has scores"

    def at(self, step: int) -> tuple[float | None, float | None]:
        """The training value at a step, `None` after the last step, and the last test value up to the step."""
        place = bisect_right(self.steps, step)
        stride = self.steps[1] - self.steps[0] if len(self.steps) > 1 else 1
        seen = place > 0 and step - self.steps[place - 1] <= stride
        tests = [value for at, value in self.tested if at <= step]
        return (self.values[place - 1] if seen else None), (tests[-1] if tests and seen else None)

    def pieces(self, *, above_0: bool) -> list[tuple[list[int], list[float]]]:
        """Steps and values. With `above_0`, for a logarithmic axis, values of 0 are left out and split the line."""
        if not above_0 or all(value > 0 for value in self.values):
            return [(self.steps, self.values)]
        runs = groupby(zip(self.steps, self.values, strict=True), key=lambda point: point[1] > 0)
        points = [list(run) for positive, run in runs if positive]
        return [([step for step, _ in piece], [value for _, value in piece]) for piece in points]


def traces(curve: Curve, view: ArmView, branch: Branch, plots: PlotView) -> list[Trace]:
    """The lines of a branch on a plot."""
    test = curve.test
    tested = [(found.step, test(found)) for found in branch.evaluations] if test is not None else []
    tested = [(step, value) for step, value in tested if math.isfinite(value)]  # others cannot be drawn
    drawn = []
    for name, series in curve.series(branch).items():
        steps, values = series.points()
        if curve.noisy:
            values = smoothed(values, plots.window(view, series.stride))
        drawn.append(Trace(name, steps, values, tested, test is not None))
    return drawn


def mark_near(view: ArmView, step: int, within: float) -> str:
    """The change nearest to a step, no further than `within` steps away; empty if there was none."""
    near = min(view.curves.ticks, key=lambda tick: abs(tick[0] - step), default=None)
    if near is None or abs(near[0] - step) > within:
        return ""
    return f"{'×' if near[1] == 'diverged' else '▴'} {near[1].replace('_', ' ')} at step {near[0]:,}"
