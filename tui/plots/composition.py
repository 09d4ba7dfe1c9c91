"""What a plot is composed of: the branches that are drawn, how each looks, and the marks.

What is scored is drawn as a line through points, training as dots: scores are what counts. A branch that a rewind left
has few dots. So lines differ without colours, too.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import NamedTuple

from engine.figures.arm import ArmView
from engine.figures.branch import Branch
from engine.protocol import ARMS, Arm
from tui.plots.axis import Axis
from tui.plots.curves import Curve, Trace
from tui.plots.drawing import Plot
from tui.plots.overprint import Mark, Written
from tui.plots.plotview import PlotView
from tui.plots.strokes import Line, Stroke

MOST_PAST = 8  # left branches that are drawn beside the current one, the newest
OVERLAYS = 4  # colours of older runs
BEST = "★"


class Axes(NamedTuple):
    """Those of a plot."""

    x: Axis
    y: Axis


@dataclass(frozen=True, eq=False)
class DrawnBranch:
    """A branch on the plot. `run` is the name of an older run, empty for the run on the screen."""

    view: ArmView
    branch: Branch
    colour: str
    run: str = ""
    letter: str = ""
    "what an older run is known by on the plot"
    past: bool = False
    "whether a rewind has left it"


Found = Sequence[tuple[DrawnBranch, Sequence[Trace]]]
"branches with their lines"


def drawn_branches(arms: Mapping[Arm, ArmView], plots: PlotView, colours: Mapping[str, str]) -> list[DrawnBranch]:
    """The branches in the order of drawing: later ones lie over earlier ones. `colours` are those of the theme."""
    views = [arms[arm] for arm in ARMS if arm in arms]
    runs = plots.older()
    names = sorted({run for run, _ in runs})
    older = [of_run(view, run, names.index(run), colours) for run, view in runs]
    past = [
        DrawnBranch(view, branch, colours[f"{view.arm}-past"], past=True) for view in views for branch in _past(view)
    ]
    return [*older, *past, *(DrawnBranch(view, view.curves, colours[view.arm]) for view in views)]


def of_run(view: ArmView, run: str, number: int, colours: Mapping[str, str]) -> DrawnBranch:
    """The current branch of an arm of the `number`-th of several runs, with its colour and its letter."""
    return DrawnBranch(view, view.curves, run_colour(number, colours), run, run_letter(number))


def run_letter(number: int) -> str:
    """What the `number`-th run is known by on the plots."""
    return ascii_lowercase[number % len(ascii_lowercase)]


def run_colour(number: int, colours: Mapping[str, str]) -> str:
    """The colour of the `number`-th run."""
    place = number % OVERLAYS
    return colours["overlay" if place == 0 else f"overlay-{place + 1}"]


def last_step(drawn: DrawnBranch) -> int:
    """The end of the last epoch that is planned for a branch's arm, or that a left branch had."""
    view = drawn.view
    last = max((branch.last_step for branch in _past(view)), default=0)
    return max(view.epochs, math.ceil(last / view.steps_per_epoch), 1) * view.steps_per_epoch


def plot_of(curve: Curve, found: Found, plots: PlotView, axes: Axes, grid: str) -> Plot:
    """All that is drawn on a plot. `grid` is the colour of its grid lines."""
    log = curve.name in plots.log
    lines = [line for drawn, traces in found for trace in traces for line in _lines(trace, drawn, plots, log=log)]
    marks = [mark for drawn, traces in found if not drawn.run for mark in _marks(drawn, traces, plots)]
    margin = [text for drawn, traces in reversed(found) for text in _at_end(curve, drawn, traces)]
    names = [
        Written(trace.values[-1], trace.name, drawn.colour)
        for drawn, traces in found
        if not (drawn.past or drawn.run)
        for trace in traces
        if trace.name and trace.values
    ]
    width = len(curve.text(0.123)) + 1 if curve.test is not None else 0
    return Plot(lines, axes.x, axes.y, marks, margin, width, names, "step" if plots.by_step else "epoch", grid)


def _past(view: ArmView) -> list[Branch]:
    return list(view.past.values())[-MOST_PAST:]


def _lines(trace: Trace, drawn: DrawnBranch, plots: PlotView, *, log: bool) -> Iterator[Line]:
    """Training, then the scores over it. Of an older run with several scores, those alone."""
    whole: Stroke = "dashed" if drawn.view.arm == "scratch" else "solid"
    several = len(trace.tested) > 1
    stroke: Stroke = "sparse" if drawn.past else "dotted" if trace.scored else whole
    if not (drawn.run and several):
        for steps, values in trace.pieces(above_0=log):
            yield Line([plots.x(drawn.view, step) for step in steps], values, drawn.colour, stroke)
    tested = [plots.x(drawn.view, step) for step, _ in trace.tested], [value for _, value in trace.tested]
    if several and not drawn.past:
        yield Line(*tested, drawn.colour, whole)
    if tested[0]:
        yield Line(*tested, drawn.colour, whole, points=True)


def _marks(drawn: DrawnBranch, traces: Sequence[Trace], plots: PlotView) -> Iterator[Mark]:
    """What was changed by hand, and the best score."""
    for step, kind in drawn.branch.ticks:
        yield Mark(plots.x(drawn.view, step), "×" if kind == "diverged" else "▴", drawn.colour)
    best = drawn.view.best
    if best is not None and not drawn.past and any(len(trace.tested) > 1 for trace in traces):
        yield Mark(plots.x(drawn.view, best.step), BEST, drawn.colour)


def _at_end(curve: Curve, drawn: DrawnBranch, traces: Sequence[Trace]) -> Iterator[Written]:
    """The last score of a line, or the letter of an older run."""
    for trace in traces:
        last = trace.tested[-1][1] if trace.tested else trace.values[-1] if trace.values else None
        if last is None or drawn.past:
            continue
        if drawn.run:
            yield Written(last, drawn.letter, drawn.colour)
        elif trace.tested:
            yield Written(last, curve.text(last), drawn.colour)
