"""Metrics: figures computed from a model's predictions.

A metric is a function of `Predictions` with a unit and a direction. A new metric is a module here and a row in
`METRICS`. Events, the table of epochs, the messages and the screen read that table.

- `metric`: the class of a metric.
- `accuracy`, `loss`: the two metrics.
- `predictions`: collects the predictions for all pictures, batch by batch and over all processes.
- `confusion`: counts which classes are taken for which others.

The table loads no torch. May import `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""

from engine.metrics import accuracy, loss
from engine.metrics.metric import Metric

METRICS: dict[str, Metric] = {
    "loss": loss.METRIC,
    "accuracy": accuracy.METRIC,
}
"the metrics by their names in events"

__all__ = ["METRICS", "Metric"]
