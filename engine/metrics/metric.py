"""What a metric is: a figure of a part's predictions, its unit, and which direction is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch

OWN_FIELDS = ("loss", "accuracy")
"metrics with fields of their own in events; the others are in the field `metrics`"


def without_own_fields(values: Mapping[str, float]) -> dict[str, float]:
    """The values by name that the field `metrics` of an event has."""
    return {name: value for name, value in values.items() if name not in OWN_FIELDS}


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure for the predictions of all pictures of a part."""

    compute: Callable[["Predictions"], float]
    unit: Literal["share", "nats", "number"]
    "a share lies in 0..1 and is shown in percent"
    higher_is_better: bool

    def text(self, value: float) -> str:
        """A value for people."""
        return f"{value:.1%}" if self.unit == "share" else f"{value:.4f}"
