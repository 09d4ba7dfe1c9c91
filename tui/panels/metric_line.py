"""The further metrics of an evaluation in one line."""

from collections.abc import Mapping

from textual.content import Content

from engine.metrics import METRICS
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
