"""From a model's predictions to figures: accuracy, loss, which classes are confused.

A metric is a function of `Predictions`, with a unit and a direction: a module here and a row in `METRICS`. Events, the
table of epochs, the messages and the screen read that table. `predictions` collects what a model makes of each picture,
`confusion` finds which classes are taken for which others.

The table loads no torch. May import `hardware`, `config`, `protocol`.
"""

from engine.metrics import accuracy, loss
from engine.metrics.metric import Metric

METRICS: dict[str, Metric] = {
    "loss": loss.METRIC,
    "accuracy": accuracy.METRIC,
}
"by their names in events"

__all__ = ["METRICS", "Metric"]
