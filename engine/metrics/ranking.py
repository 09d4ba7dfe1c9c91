"""Which of two evaluations is better, so that the best weights can be chosen."""

import math
from collections.abc import Mapping

from engine.metrics import METRICS

Rank = tuple[float, float]
"two numbers that are compared in this order; higher is better"


def rank_of(values: Mapping[str, float], metric: str) -> Rank:
    """The rank of an evaluation with these values by name. `metric` comes first, and the loss decides a tie.

    A value that is not a number is worse than any other.
    """
    value = values[metric]
    return _comparable(value if METRICS[metric].higher_is_better else -value), _comparable(-values["loss"])


def _comparable(value: float) -> float:
    return -math.inf if math.isnan(value) else value
