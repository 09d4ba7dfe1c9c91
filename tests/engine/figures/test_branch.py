"""Times of a branch: what was spent up to a step, the fit of the head included."""

from engine import protocol as p
from engine.figures.arm import ArmView, fold_into

STARTED = p.ArmStarted("pretrained", 0, 1, 2, 4, (p.Group("head", 10, 0.1),), "weights")


def epoch(number: int, seconds: float) -> p.EpochDone:
    return p.EpochDone("pretrained", 4 * number, number, 2, 1.0, 0.5, 1.0, 0.5, 10.0, 0.0, {"head": 0.1}, seconds)


def test_a_score_before_the_first_step_took_the_time_of_the_fitted_head() -> None:
    arms: dict[p.Arm, ArmView] = {}
    for event in (STARTED, p.HeadFitted("pretrained", 0, 0.9, "val", 0.1, 7.0)):
        fold_into(arms, event)
    branch = arms["pretrained"].curves
    assert branch.seconds_at(0) == 7.0 and branch.seconds_at(1) is None
    fold_into(arms, epoch(1, 17.0))
    assert (branch.seconds_at(0), branch.seconds_at(2), branch.seconds_at(4)) == (7.0, 12.0, 17.0)
    assert arms["pretrained"].curves.until(4).head_seconds == 7.0


def test_without_one_nothing_was_spent_before_it() -> None:
    arms: dict[p.Arm, ArmView] = {}
    for event in (STARTED, epoch(1, 10.0)):
        fold_into(arms, event)
    assert arms["pretrained"].curves.seconds_at(0) == 0.0
