"""What an accuracy has to be compared with where classes are uneven."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.data.listing.balance import is_uneven, majority
from engine.data.samples import Sample


def baseline(
    scored: Iterable[Sample], history: Sequence[Mapping[str, Any]], best_accuracy: float | None
) -> dict[str, float | None]:
    """The share of the largest class in the scored pictures, and the balanced accuracy of the best epoch.

    Empty where the classes are even. The balanced accuracy is `None` if the best evaluation was at no epoch's end.
    """
    samples = list(scored)
    if not is_uneven(samples):
        return {}
    best = (row for row in history if row["test_accuracy"] == best_accuracy)
    balanced = (row.get("metrics", {}).get("balanced_accuracy") for row in best)
    return {"majority": majority(samples)[1], "balanced_accuracy": next(balanced, None)}
