"""What waits for a viewer who does not read: bounded, metrics go first, and nothing is lost that the journal has."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import protocol as p
from engine.service.remote.backlog import METRICS, Backlog

MOST = 20


def step(number: int) -> p.TrainStep:
    return p.TrainStep("scratch", number, 1, 0.5, 0.5, 100.0, 0.0, {"all": 0.1}, 1.0)


def state(number: int) -> p.Resumed:
    return p.Resumed("scratch", number)


def passing(number: int) -> p.Loading:
    return p.Loading("data", number, 100)


def test_what_fits_comes_out_in_order() -> None:
    backlog = Backlog(MOST)
    events = [step(number) if number % 3 else state(number) for number in range(MOST)]
    for event in events:
        backlog.put(event)
    assert backlog.take(7) == events[:7] and backlog.take() == events[7:] and backlog.take() == []
    assert not backlog.dropped and not backlog.start_resync()


def test_metrics_are_dropped_before_states() -> None:
    backlog = Backlog(MOST)
    for number in range(10 * MOST):
        backlog.put(state(number) if number % MOST == 0 else step(number))
    taken = backlog.take()
    assert [event.step for event in taken if isinstance(event, p.Resumed)] == list(range(0, 10 * MOST, MOST))
    assert len(taken) <= MOST and backlog.dropped


def test_of_states_alone_there_can_be_too_many_too() -> None:
    backlog = Backlog(MOST)
    for number in range(1000 * MOST):
        backlog.put(state(number))
        assert len(backlog) <= MOST
    assert backlog.dropped


def test_it_is_time_for_the_history_once_when_all_that_waited_is_taken() -> None:
    backlog = Backlog(MOST)
    for number in range(2 * MOST):
        backlog.put(step(number))
    assert not backlog.start_resync()
    backlog.take()
    assert [backlog.start_resync(), backlog.start_resync()] == [True, False]


def confusion(number: int) -> p.Confusion:
    return p.Confusion("scratch", number, (4,), (4,), (), ())


EVENT = st.sampled_from([step, step, step, state, passing, confusion])
TAKES = st.integers(1, 2 * MOST)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENT | TAKES, max_size=300))
def test_what_is_taken_and_what_the_journal_has_is_everything(does: list) -> None:
    backlog = Backlog(MOST)
    journal: list[p.Event] = []
    shown: list[p.Event] = []  # to whoever reads, history included
    for number, do in enumerate(does):
        if isinstance(do, int):
            shown += backlog.take(do)
        else:
            backlog.put(do(number))
            journal.append(do(number))
        assert len(backlog) <= MOST
        if backlog.start_resync():
            shown = list(journal)
    if not backlog.dropped:
        shown += backlog.take()
        assert shown == journal
    else:
        rest = [*shown, *backlog.take()]
        assert backlog.start_resync()
        states = [event for event in journal if not isinstance(event, METRICS)]
        assert [event for event in journal if event in rest] == rest, "order and no event twice"
        if len(states) <= MOST // 2:
            assert [event for event in rest if not isinstance(event, METRICS)] == states
