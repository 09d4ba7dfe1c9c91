"""Which weights are the best ones, through rewinds, crashes, averages and tests."""

from collections.abc import Sequence
from dataclasses import replace

from engine import protocol as p
from engine.figures.best import Best, BestWeights
from tests.engine.report.told import begun, epoch

TESTED = p.BestTested("pretrained", 4, "best.pt", 0.3, 0.9, 100)
AVERAGE = p.AverageScored("pretrained", 8, 2, 0.25, 0.1, 0.875, 8, True, "val")


def best_of(events: Sequence[p.Message]) -> Best | None:
    weights = BestWeights()
    for event in events:
        weights.fold(event)
    return weights.best()


def test_the_last_evaluation_that_beat_all_before_has_them_with_what_it_got_wrong() -> None:
    best = best_of([begun(), *epoch(1, 0.75), *epoch(2, 0.5, best=False)])
    assert best is not None and (best.step, best.chosen.accuracy, best.tested) == (4, 0.75, None)
    assert best.confusion is not None and best.confusion.step == 4
    assert best_of([begun()]) is None


def test_a_test_counts_for_the_weights_that_it_was_of() -> None:
    tested = best_of([begun(), *epoch(1, 0.75), TESTED])
    assert tested is not None and tested.score.accuracy == 0.9 and tested.score.part == "test"
    better = best_of([begun(), *epoch(1, 0.75), TESTED, *epoch(2, 0.875)])
    assert better is not None and better.score.accuracy == 0.875 and better.score.part == "val"


def test_a_test_of_weights_that_the_journal_has_lost_does_not_count() -> None:
    best = best_of([begun(), *epoch(1, 0.75), replace(TESTED, step=8)])
    assert best is not None and best.tested is None


def test_a_branch_that_was_left_may_have_them() -> None:
    left = p.Rewound("pretrained", 0, 2, 1, 1, 4, "start", "by hand")
    best = best_of([begun(), *epoch(1, 0.75), left, begun(branch=2), *epoch(1, 0.5, best=False)])
    assert best is not None and (best.branch, best.chosen.accuracy) == (1, 0.75)


def test_what_a_crash_undid_is_void() -> None:
    best = best_of([begun(), *epoch(1, 0.5), *epoch(2, 0.75), begun(step=4)])
    assert best is not None and (best.step, best.chosen.accuracy) == (4, 0.5)
    assert best_of([begun(), *epoch(1, 0.5), begun()]) is None


def test_an_average_may_be_the_best_and_has_no_mistakes_of_its_own() -> None:
    best = best_of([begun(), *epoch(1, 0.5), *epoch(2, 0.75), AVERAGE, replace(TESTED, step=8)])
    assert best is not None and (best.share, best.chosen.accuracy, best.confusion) == (0.25, 0.875, None)
    assert best.score.accuracy == 0.9
