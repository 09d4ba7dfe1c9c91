"""The class of a metric: its function, its unit, and which direction is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch

OWN_FIELDS = ("loss", "accuracy")
"metrics that have their own field in events; all others are in the field `metrics`"


def without_own_fields(values: Mapping[str, float]) -> dict[str, float]:
    """The values by name that belong in the field `metrics` of an event."""
    return {name: value for name, value in values.items() if name not in OWN_FIELDS}


@dataclass(frozen=True, slots=True)
class Metric:
    """A function of the predictions for all test pictures."""

    compute: Callable[["Predictions"], float | None]
    "the value; `None` if the metric says nothing about such predictions, and then it is left out"
    unit: Literal["share", "nats", "number"]
    "a `share` is in 0..1 and is shown in percent"
    higher_is_better: bool
    label: str = ""
    "a short name for users; if it is empty, they read the name in events"
    proportion: bool = False
    "whether it is the share of pictures that have a property; its interval follows from their number"
    headline: bool = False
    "whether it is also in the text line of an epoch and in the comparison of both arms, where room is scarce"

    def title(self, name: str) -> str:
        """The short name for users of a metric whose name in events is `name`."""
        return self.label or name.replace("_", " ")

    def text(self, value: float) -> str:
        """A value as text for users."""
        return f"{value:.1%}" if self.unit == "share" else f"{value:.4f}"
