"""A run where the system gives it little: a clock that is set back, few threads, little processor time."""

import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.hardware import cpu_time
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.driving import STEPS, after_step, folder_of, only, play

HOUR = 3600.0


@pytest.fixture
def alone(small: RunConfig) -> str:
    """The weights of a run that has all that it needs."""
    end = play(Run(small))[-1]
    assert isinstance(end, p.RunFinished)
    return end.weights_sha256


def test_a_clock_that_is_set_back_an_hour_changes_neither_durations_nor_the_order(
    small: RunConfig, alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, back = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() - back[0])
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events = []
    for event in Run(small).events(inbox):
        events.append(event)
        if isinstance(event, p.TrainStep) and event.step in (2, 6):
            back[0] += HOUR
            inbox.put(p.Save() if event.step == 2 else p.Stop())
    folder = Path(folder_of(events))
    events += play(Run(small, resume=folder))
    assert events[-1].weights_sha256 == alone and events[-1].seconds >= 0
    assert all(event.seconds > 0 and event.data_wait >= 0 for event in only(events, p.TrainStep))
    assert [event.step for event in only(events, p.TrainStep)] == list(range(1, STEPS + 1))  # nothing is done again
    saved = only(events, p.CheckpointSaved)
    assert [event.time for event in saved] == sorted(event.time for event in saved)
    newest = checkpoint.newest(folder)
    assert newest is not None and newest.state["step"] == STEPS


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many threads may still be started."""
    left, start = [0], threading.Thread.start

    def started(thread: threading.Thread) -> None:
        if left[0] == 0:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", started)
    yield left
    left[0] = 1000


def test_with_one_thread_a_run_does_all_that_others_do(small: RunConfig, alone: str, allowed: list[int]) -> None:
    allowed[0] = 1
    events = play(Run(small), after_step(2, p.Save()))
    assert events[-1].weights_sha256 == alone
    assert any("1 fewer threads" in event.message for event in only(events, p.PicturesNoted))
    assert {Path(event.path).name for event in only(events, p.CheckpointSaved)} >= {"step-000002.pt", "last.pt"}


def test_without_any_it_says_so(small: RunConfig, allowed: list[int]) -> None:
    (end,) = only(play(Run(small)), p.RunFailed)
    assert end.title == "No threads left" and "ulimit -u" in end.message


@pytest.mark.parametrize(
    ("limits", "signal_at"),
    [
        ((1000, 1000), 960),
        ((100, 100), 90),
        ((500, 1000), 500),
        ((20, 20), 15),
        ((5, 5), None),
        ((10**6, 10**6), 10**6 - 40),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None),
    ],
)
def test_the_signal_comes_before_the_end_of_the_processor_time(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], signal_at: int | None
) -> None:
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda what: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: made.append(limits))
    monkeypatch.setattr(cpu_time, "usable_processors", lambda: 4)
    cpu_time.leave_time_to_save()
    assert made == ([] if signal_at in (None, limits[0]) else [(signal_at, limits[1])])
