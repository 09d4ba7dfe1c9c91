"""A session hides the engine's thread: events come out, commands go in, and nothing is left behind."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.service.host import drive
from engine.service.launch import Launch
from engine.service.session import MOST_AT_ONCE, LocalSession, ReplaySession, Session
from engine.storage.journal import read_journal
from tests.engine.driving import folder_of, only

PATIENCE = 120.0  # seconds: far more than it takes, so that only a hang fails


def our_threads() -> set[str]:
    return {
        thread.name
        for thread in threading.enumerate()
        if thread.name in ("engine", "telemetry", "control", "history", "follower") or thread.name.startswith("decode")
    }


def until(session: Session, kind: type[p.Event]) -> list[p.Event]:
    """The events up to one of a kind, and those that came with it."""
    events: list[p.Event] = []
    tick = threading.Event()
    for _ in range(round(PATIENCE / 0.01)):
        events += session.poll()
        if only(events, kind):
            return events
        tick.wait(0.01)
    raise AssertionError(f"no {kind.__name__} in {events[-5:]}")


def test_a_run_is_watched_steered_and_closed_and_no_thread_is_left(small: RunConfig) -> None:
    session = LocalSession(Launch(small))
    events = until(session, p.ArmFinished)
    session.send(p.Save())
    events += until(session, p.CheckpointSaved)
    assert session.close(PATIENCE)
    events += session.poll()
    assert only(events, p.SystemSample)
    ours = [event for event in events if not isinstance(event, p.SystemSample | p.Watching)]  # which come at any time
    assert isinstance(ours[0], p.Loading)
    assert [event.step for event in only(events, p.CheckpointSaved) if event.reason == "key"] == [8]
    (finished,) = only(events, p.RunFinished)
    assert finished.completed and our_threads() == set()
    assert session.close(PATIENCE) and session.poll() == []


@pytest.fixture
def unfrozen() -> Iterator[None]:
    """As in a process that has just begun; the tests' own is not searched for garbage either."""
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.mark.usefixtures("unfrozen")
def test_what_is_loaded_when_training_begins_is_not_searched_for_garbage_any_more(small: RunConfig) -> None:
    assert not gc.get_freeze_count()
    session = LocalSession(Launch(small))
    until(session, p.TrainStep)
    assert gc.get_freeze_count() > 100_000, "PyTorch alone has more"
    session.close(PATIENCE)


def test_closing_in_the_middle_saves(small: RunConfig) -> None:
    session = LocalSession(Launch(small.model_copy(update={"train": small.train.model_copy(update={"epochs": 1000})})))
    events = until(session, p.TrainStep)
    assert session.close(PATIENCE)
    events += session.poll()
    assert [event.reason for event in only(events, p.CheckpointSaved)][-1] == "stop"
    assert not events[-1].completed if isinstance(events[-1], p.RunFinished) else only(events, p.RunFinished)
    assert our_threads() == set()


def test_closing_while_it_loads_ends_at_once(small: RunConfig) -> None:
    session = LocalSession(Launch(small))
    assert session.close(PATIENCE) and our_threads() == set()
    assert len(only(session.poll(), p.RunFinished)) == 1


def test_closing_ends_a_paused_run(small: RunConfig) -> None:
    session = LocalSession(Launch(small))
    session.send(p.Pause())
    until(session, p.Paused)
    assert session.close(PATIENCE) and our_threads() == set()


def test_closing_ends_a_run_that_cannot_be_saved(small: RunConfig) -> None:
    session = LocalSession(Launch(small))
    session.send(p.Pause())
    events = until(session, p.Paused)
    Path(folder_of(events), "scratch").write_text("in the way")
    assert session.close(PATIENCE) and our_threads() == set()
    events += session.poll()
    assert [event.command for event in only(events, p.CommandRefused)] == ["stop"]
    assert len(only(events, p.RunFinished)) == 1


def test_the_past_of_a_resumed_run_comes_out_first_without_its_commands(small: RunConfig) -> None:
    first = LocalSession(Launch(small))
    first.send(p.Pause())
    events = until(first, p.Paused)
    assert first.close(PATIENCE)
    folder = Path(folder_of(events))
    told = [
        p.HistoryBegins(),
        *(m for m in read_journal(folder) if not isinstance(m, p.Command)),
        p.HistoryEnds(current=False),
    ]
    second = LocalSession(Launch(small, folder))
    assert second.close(PATIENCE)
    again = [event for event in (*second.poll(), *second.poll()) if not isinstance(event, p.RecordedAt)]
    assert again[: len(told)] == told and len(told) > 5 and isinstance(again[-1], p.RunFinished)


def test_a_run_that_is_over_is_told_from_its_journal_in_parts_and_obeys_nobody(tmp_path: Path) -> None:
    steps = [p.Paused("scratch", number) for number in range(MOST_AT_ONCE)]
    journal = tmp_path / "journal.jsonl"
    journal.write_text("".join(p.encode(step, at=1.0) + "\n" for step in steps))
    before = journal.stat()
    session = ReplaySession(tmp_path)
    session.send(p.Stop(save=True))
    events = until(session, p.HistoryBegins)
    assert len(events) == MOST_AT_ONCE
    events += [*session.poll(), *session.poll()]
    assert events == [p.HistoryBegins(), p.RecordedAt(1.0), *steps, p.HistoryEnds(current=True)]
    session.leave()
    assert session.poll() == [] and journal.stat() == before and our_threads() == set()


def test_a_failure_is_the_last_event_and_ends_the_threads(small: RunConfig) -> None:
    broken = small.model_copy(update={"device": "cuda:97"})
    session = LocalSession(Launch(broken))
    events = until(session, p.RunFailed)
    assert only(events, p.RunFailed)[0].exit_status == 2
    assert session.close(PATIENCE) and our_threads() == set()


# --- drive ----------------------------------------------------------------------------------------------


def collect(config: RunConfig, react: Callable[[p.Event], None] = lambda event: None) -> list[p.Event]:
    events: list[p.Event] = []

    def emit(event: p.Event) -> None:
        events.append(event)
        react(event)

    drive(config, SimpleQueue(), emit)
    return events


def test_it_hands_out_every_event_of_a_run(small: RunConfig) -> None:
    events = collect(small)
    assert events[0] == p.Loading("loading PyTorch") and isinstance(events[-1], p.RunFinished)


def test_a_torch_that_cannot_be_loaded_is_an_event(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engine.loop.run", None)  # as an import that fails
    failed = collect(small)[-1]
    assert isinstance(failed, p.RunFailed) and failed.title == "PyTorch not loaded" and failed.exit_status == 1


def test_what_the_watcher_raises_ends_the_run_and_is_not_taken_for_the_engines(small: RunConfig) -> None:
    def react(event: p.Event) -> None:
        if isinstance(event, p.TrainStep):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        collect(small, react)
    assert our_threads() == set()
