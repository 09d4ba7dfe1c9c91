"""What was done: by a person, by the program itself, and again after a crash."""

from dataclasses import replace

import pytest

from engine import protocol as p
from engine.protocol.deeds import words
from engine.report.deeds import Deeds
from engine.storage.journal import Position, Record
from tests.engine.report.told import EPOCH, run

AT = Position("scratch", 2, 6, 1)


def deeds(*told: p.Message | p.Command) -> list[tuple[bool, str, int, int]]:
    """Who, what, branch and step of what is told of these messages."""
    found = Deeds()
    for message in told:
        found.fold(Record(message, 1.0, AT if isinstance(message, p.Command) else None), EPOCH, 2)
    return [(deed.by_hand, deed.what, deed.branch, deed.step) for deed in found.found]


def test_what_a_resume_does_again_is_told_once() -> None:
    change, resumed = p.SetRate("head", 0.5), replace(run(), resumed_from="last.pt")
    assert deeds(run(), change, resumed, change) == [
        (True, "set the base rate of head to 0.5", 2, 6),
        (True, "went on with the run (--resume)", 1, 0),
    ]


def test_what_the_watchdog_and_the_time_budget_did_is_not_taken_for_a_persons_deed() -> None:
    back = p.Rewound("scratch", 4, 3, 2, 2, 6, "points/2-000004-1.pt", "the loss was not finite")
    smaller = p.MicroBatchChanged("scratch", 6, 2, "memory ran out")
    ends = p.StepsChanged("scratch", 6, 9, 3, "2 minutes", planned=True)
    found = deeds(
        p.Diverged("scratch", 6, "loss", float("nan"), 1), back, p.SetMicroBatch(2), smaller, p.SetSteps(9), ends
    )
    assert [by_hand for by_hand, *_ in found] == [False] * 4
    assert [what.partition(":")[0] for _, what, *_ in found] == [
        "step 7 left the weights alone",
        "branch 3 from step 4",
        "at most 2 pictures go through the model at once from step 7 on",
        "scratch trains 9 steps in all",
    ]
    assert found[1][2:] == (2, 6)


def test_a_persons_change_is_told_once_and_as_a_persons() -> None:
    changed = p.MicroBatchChanged("scratch", 6, 2, "set by hand")
    assert [deed[0] for deed in deeds(p.SetMicroBatch(2), changed, p.Release())] == [True]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (p.ScaleRate("all", 0.5), "multiplied the base rate of all groups by 0.5"),
        (p.SetFrozen("head", False), "trained head again"),
        (p.Rewind("start", "random"), "went back to start, with a head that is random; a new branch begins"),
        (p.Evaluate(test=True), "scored the best weights on the test pictures"),
        (p.Stop(save=False), "stopped the run without a checkpoint"),
    ],
)
def test_a_command_in_words(command: p.Command, told: str) -> None:
    assert words(command) == told
