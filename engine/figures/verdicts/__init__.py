"""Why an arm learns nothing, or not what it should: verdicts from its events, each only if it is sure.

A verdict is a function of what is `Known` in a module here, and a row in `VERDICTS`. The dashboard, `status` and
scripts get the same ones, because all is read from events.

- `known`: the facts.
- `verdict`: what a verdict is, and how it is said.
- `rates`, `head`, `steps`, `overfitting`, `classes`, `easier`, `waiting`: the verdicts.
"""

from engine.figures.arm import ArmView
from engine.figures.verdicts import classes, easier, head, overfitting, rates, steps, waiting
from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Check, Verdict, sentence
from engine.protocol import RunStarted

VERDICTS: dict[str, Check] = {
    "rate-too-large": rates.too_large,
    "rate-too-small": rates.too_small,
    "head-not-fitted": head.not_fitted,
    "few-steps": steps.few,
    "overfitting": overfitting.overfits,
    "never-predicted": classes.never_predicted,
    "val-above-train": easier.val_above_train,
    "data-waits": waiting.data_waits,
}
"by name; of several that hold, the first one is said"


def verdicts_of(run: RunStarted, arm: ArmView) -> list[Verdict]:
    """All verdicts on an arm, the most useful one first."""
    known = Known(run, arm)
    return [verdict for check in VERDICTS.values() if (verdict := check(known)) is not None]


__all__ = ["VERDICTS", "Known", "Verdict", "sentence", "verdicts_of"]
