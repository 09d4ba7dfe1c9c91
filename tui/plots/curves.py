"""The plots, a row each, and what is drawn of a branch on one of them. Loads no Textual."""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from engine.protocol import EvalDone
from tui.figures.arm import ArmView
from tui.figures.branch import Branch
from tui.figures.series import Series, smoothed
from tui.format import percent, rate
from tui.plots.axis import number
from tui.plots.plotview import PlotView


@dataclass(frozen=True)
class Curve:
    """A plot."""

    name: str
    "the pane's"
    title: str
    series: Callable[[Branch], dict[str, Series]]
    "what is logged in each step; where it is more than one thing, by name"
    test: Callable[[EvalDone], float] | None = None
    "what an evaluation found"
    text: Callable[[float], str] = number
    "a value for people"
    share: bool = False
    "whether values are shares of 1, drawn as per cent"
    noisy: bool = True
    "whether there is something to smooth"
    span: float | None = None
    "of a linear y axis at least, so that noise alone does not fill the plot; none: it begins at 0"


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

    def at(self, step: int) -> tuple[float | None, float | None]:
        """The training value at a step, none behind the last one, and the last test value until then."""
        place = bisect_right(self.steps, step)
        stride = self.steps[1] - self.steps[0] if len(self.steps) > 1 else 1
        seen = place > 0 and step - self.steps[place - 1] <= stride
        tests = [value for at, value in self.tested if at <= step]
        return (self.values[place - 1] if seen else None), (tests[-1] if tests and seen else None)

    def pieces(self, *, above_0: bool) -> list[tuple[list[int], list[float]]]:
        """Steps and values, in pieces without those at 0 where a logarithmic axis has no place for them."""
        if not above_0 or all(value > 0 for value in self.values):
            return [(self.steps, self.values)]
        runs = groupby(zip(self.steps, self.values, strict=True), key=lambda point: point[1] > 0)
        points = [list(run) for positive, run in runs if positive]
        return [([step for step, _ in piece], [value for _, value in piece]) for piece in points]


def traces(curve: Curve, view: ArmView, branch: Branch, plots: PlotView) -> list[Trace]:
    """What there is to draw of a branch."""
    test = curve.test
    tested = [(found.step, test(found)) for found in branch.evaluations] if test is not None else []
    tested = [(step, value) for step, value in tested if math.isfinite(value)]  # there is no place to draw others
    drawn = []
    for name, series in curve.series(branch).items():
        steps, values = series.points()
        if curve.noisy:
            values = smoothed(values, plots.window(view, series.stride))
        drawn.append(Trace(name, steps, values, tested))
    return drawn


def mark_near(view: ArmView, step: int, within: float) -> str:
    """What took effect at a step, or nearest to it and no further than `within`; empty if nothing did."""
    near = min(view.curves.ticks, key=lambda tick: abs(tick[0] - step), default=None)
    if near is None or abs(near[0] - step) > within:
        return ""
    return f"{'×' if near[1] == 'diverged' else '▴'} {near[1].replace('_', ' ')} at step {near[0]:,}"
