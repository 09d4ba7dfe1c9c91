"""So few steps in all that nothing can be learnt from random weights."""

from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict, percent

FEW = 20  # steps of the whole arm
LEARNT = 0.9  # accuracy that shows that they were enough


def few(known: Known) -> Verdict | None:
    """At least half of them are done, the head was not fitted, and training accuracy is low."""
    total, step = known.arm.total_steps, known.arm.step
    if not known.epochs or known.scored is None or known.head_fitted or total > FEW or step * 2 < total:
        return None
    accuracy = known.epochs[-1].train_accuracy
    if max(accuracy, known.scored.accuracy) >= LEARNT:
        return None
    epochs = known.arm.epochs
    return Verdict(
        name="few-steps",
        text=f"{total} steps in all",
        evidence=(
            f"training accuracy {percent(accuracy)} so far",
            f"{epochs} epoch{'s' * (epochs != 1)} of {known.arm.steps_per_epoch}",
        ),
        key=">",
        advice="adds an epoch",
        setting="more train.epochs, or a smaller data.batch_size",
    )
