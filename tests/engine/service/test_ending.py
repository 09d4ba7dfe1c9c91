"""A run that is asked to end does, or is left where nothing would be lost; the run and the clock are handed in."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.config import RunConfig
from engine.config.deadline import Limit
from engine.loop import training
from engine.loop.run import Run
from engine.service import ending
from engine.service.ending import Ending
from engine.storage import checkpoint
from engine.storage.journal import read_journal
from tests.engine.driving import after_step, folder_of, only, play, with_settings

PATIENCE = 60.0


class Stuck:
    """A run that looks for nothing, and can be left when it is told so."""

    def __init__(self, can_be_left: bool = True) -> None:
        self.safe = threading.Event()
        self.looked = threading.Event()
        if can_be_left:
            self.safe.set()

    @property
    def can_be_left(self) -> bool:
        self.looked.set()
        return self.safe.is_set()

    def rescue(self) -> bool:
        return False

    def leave(self, cause: str) -> Iterator[p.Event]:
        yield p.RunFinished("scratch", 3, False, None, None, "", "", 0.0, cause=cause)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "GRACE_SECONDS", 0.0)


def begun(run: Stuck, limit: Limit | None = None) -> tuple[Ending, SimpleQueue[p.Command], list[p.Event]]:
    inbox, told = SimpleQueue[p.Command](), list[p.Event]()
    ends = Ending(inbox, told.append, limit)
    ends.run = run
    ends.start()
    return ends, inbox, told


def test_a_run_that_does_not_look_is_left_with_a_last_event() -> None:
    ends, inbox, told = begun(Stuck())
    ends.ask("SIGUSR1")
    assert ends.wait(PATIENCE) and ends.left and inbox.get_nowait() == p.Stop(cause="SIGUSR1")
    assert [event.cause for event in only(told, p.RunFinished)] == ["SIGUSR1"]


def test_a_run_with_something_unsaved_is_not_left_until_it_is_saved() -> None:
    run = Stuck(can_be_left=False)
    ends, _, _ = begun(run)
    ends.ask("SIGTERM")
    assert run.looked.wait(PATIENCE) and not ends.left
    run.safe.set()
    assert ends.wait(PATIENCE) and ends.left


def test_a_run_that_ends_by_itself_is_not_left() -> None:
    run = Stuck(can_be_left=False)
    ends, _, told = begun(run)
    ends.ask("SIGTERM")
    ends.done()
    assert ends.wait(PATIENCE) and not ends.left and not told


def test_the_limit_of_the_job_asks_by_itself() -> None:
    ends, inbox, _ = begun(Stuck(), Limit("Slurm", 10.0, 5.0))  # long ago
    assert ends.wait(PATIENCE) and inbox.get_nowait() == p.Stop(cause="the time limit of Slurm")


def test_nothing_is_unsaved_before_the_first_step_and_after_the_end_and_something_in_between(small: RunConfig) -> None:
    run = Run(with_settings(small, checkpoint__every_seconds=1000))
    found: dict[str, set[bool]] = {}
    for event in run.events():
        found.setdefault(type(event).__name__, set()).add(run.can_be_left)
    assert found["Loading"] >= {True} and found["RunStarted"] == {True} == found["RunFinished"]
    assert False in found["TrainStep"]


def test_what_is_left_has_an_end_in_its_journal(small: RunConfig) -> None:
    run = Run(small)
    events = run.events()
    started = next(event for event in events if isinstance(event, p.RunStarted))
    (last,) = run.leave("SIGTERM")
    assert isinstance(last, p.RunFinished) and last.cause == "SIGTERM" and not last.completed
    assert list(read_journal(Path(started.path)))[-1] == last


def test_a_signal_is_named_in_the_last_event_and_a_person_is_not(small: RunConfig) -> None:
    assert play(Run(small), after_step(2, p.Stop(cause="SIGUSR2")))[-1].cause == "SIGUSR2"
    assert play(Run(small), after_step(2, p.Stop()))[-1].cause == ""
    loading = play(Run(small), lambda event: [p.Stop(cause="SIGTERM")] if isinstance(event, p.Loading) else [])[-1]
    assert isinstance(loading, p.RunFinished) and loading.cause == "SIGTERM" and not loading.weights_sha256


def test_an_arm_is_saved_from_the_middle_of_a_long_step_and_goes_on_to_the_same_weights(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SLOW_SECONDS", 0.0)
    whole = play(Run(small))[-1].weights_sha256
    run, real, rescued = Run(with_settings(small, checkpoint__every_seconds=1000)), TrainedArm.update, list[bool]()

    def update(arm: TrainedArm, *given: Any) -> Any:
        figures = real(arm, *given)
        if arm.step == 6:
            rescued.append(run.rescue())
        return figures

    monkeypatch.setattr(TrainedArm, "update", update)
    folder = folder_of(play(run, after_step(7, p.Stop(save=False))))
    monkeypatch.undo()
    assert rescued == [True] and checkpoint.load(Path(folder) / "scratch/last.pt")["step"] == 5
    assert play(Run(small, resume=folder))[-1].weights_sha256 == whole
