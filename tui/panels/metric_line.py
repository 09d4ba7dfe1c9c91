"""The further metrics of an evaluation in one line."""

from collections.abc import Mapping

from textual.content import Content

from engine.figures.arm import ArmView
from engine.metrics import METRICS
from engine.protocol import Confusion
from tui.format import percent

GAP = "  "


def metric_line(metrics: Mapping[str, float], width: int) -> Content:
    """The metrics that are known, in the order of their table; those that do not fit are left out."""
    line = Content("")
    for name, metric in METRICS.items():
        if name in metrics:
            value = percent(metrics[name]) if metric.unit == "share" else metric.text(metrics[name])
            longer = Content.assemble(line, GAP if line else "", (metric.title(name), "$muted"), " ", (value, "bold"))
            if longer.cell_length > width:
                break
            line = longer
    return line


def metrics_of(arm: ArmView | None, confusion: Confusion | None) -> Mapping[str, float]:
    """The further metrics of the evaluation that a confusion is of."""
    if arm is None or confusion is None:
        return {}
    branches = (arm.curves, *reversed(arm.past.values()))  # a rewind may have left its branch
    evaluations = (scored for branch in branches for scored in reversed(branch.evaluations))
    return next((scored.metrics for scored in evaluations if scored.step == confusion.step), {})
