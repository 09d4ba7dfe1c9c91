"""Which of two evaluations is better, so that the best weights can be chosen."""

from collections.abc import Mapping

from engine.metrics import METRICS

Rank = tuple[float, float]
"two numbers that are compared in this order; higher is better"


def rank_of(values: Mapping[str, float], metric: str) -> Rank:
    """The rank of an evaluation with these values by name. `metric` comes first, and the loss decides a tie."""
    value = values[metric]
    return value if METRICS[metric].higher_is_better else -value, -values["loss"]
