"""When a run that fails leads back to its form."""

import pytest

from engine import protocol as p
from tests.tui.story import step_of
from tui.false_start import FalseStart

FAILED = p.RunFailed("Out of memory", "use less", 1)
STEP = step_of("pretrained", 1)
PAST = [p.HistoryBegins(), STEP, FAILED]


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([FAILED], "Out of memory: use less"),
        ([STEP, FAILED], ""),
        (PAST, ""),
        ([*PAST, p.HistoryEnds(current=False), FAILED], "Out of memory: use less"),
        ([*PAST, p.HistoryEnds(current=False), STEP, FAILED], ""),
    ],
)
def test_only_a_failure_of_this_process_before_its_first_step_does(events: list[p.Event], why: str) -> None:
    watched, other = FalseStart(), FalseStart()
    watched.watched = True
    for event in events:
        watched.follow(event)
        other.follow(event)
    assert (watched.why, other.why) == (why, "")
