"""Metrics: figures computed from a model's predictions.

A metric is a function of `Predictions` with a unit and a direction. A new metric is a module here and a row in
`METRICS`. Events, the table of epochs, the messages and the screen read that table.

- `metric`: the class of a metric.
- `accuracy`, `loss`, `top_5`, `balanced_accuracy`, `macro_f1`, `calibration`: the metrics.
- `per_class`: precision, recall and F1 of one class.
- `predictions`: collects the predictions for all pictures, batch by batch and over all processes.
- `logits`: keeps logits for the fit of the temperature.
- `temperature`: fits the temperature that calibrates the model.
- `interval`: confidence intervals for shares of pictures and their differences.
- `bootstrap`: confidence intervals for all metrics.
- `ranking`: says which of two evaluations is better.
- `confusion`: counts which classes are taken for which others.

The table loads no torch. May import `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""

from engine.metrics import accuracy, balanced_accuracy, calibration, loss, macro_f1, top_5
from engine.metrics.metric import Metric

METRICS: dict[str, Metric] = {
    "loss": loss.METRIC,
    "accuracy": accuracy.METRIC,
    "top_5": top_5.METRIC,
    "balanced_accuracy": balanced_accuracy.METRIC,
    "macro_f1": macro_f1.METRIC,
    "calibration_error": calibration.METRIC,
    "calibration_error_scaled": calibration.SCALED,
}
"the metrics by their names in events"

__all__ = ["METRICS", "Metric"]
