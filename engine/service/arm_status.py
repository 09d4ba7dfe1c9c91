"""How far an arm is and how good, in a few figures that belong together. Loads no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.protocol import ARMS, Arm, Part
from engine.storage.summary import ArmSummary


@dataclass(frozen=True, slots=True)
class ArmStatus:
    """An arm of a run. Accuracies are in 0..1, and `None` means not known."""

    arm: Arm
    finished: bool
    "whether it has done all its epochs"
    epoch: int
    epochs: int
    accuracy: float | None
    "at the last evaluation"
    best_accuracy: float | None
    "of the best weights of all its branches, those in `best.pt`"
    part: Part | None
    "the pictures that both are of"


def arm_statuses(arms: Mapping[Arm, ArmSummary]) -> tuple[ArmStatus, ...]:
    """Those of the arms that have begun."""
    return tuple(_status(arm, arms[arm]) for arm in ARMS if arm in arms and arms[arm].total_steps)


def most_accurate(arms: Sequence[ArmStatus], current: Arm | None) -> ArmStatus | None:
    """The arm with the best weights, the `current` one of several that are as good; `None` where none has begun."""
    return max(arms, key=lambda arm: (_rank(arm), arm.arm == current), default=None)


def _rank(arm: ArmStatus) -> float:
    return -1.0 if arm.best_accuracy is None else arm.best_accuracy


def _status(arm: Arm, known: ArmSummary) -> ArmStatus:
    scored = known.in_best_file or known.last_evaluation
    return ArmStatus(
        arm=arm,
        finished=known.finished,
        epoch=known.epoch,
        epochs=known.epochs,
        accuracy=known.accuracy,
        best_accuracy=known.best,
        part=scored.part if scored is not None else None,
    )
