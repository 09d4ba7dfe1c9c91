"""Who joins at any moment is told each event once: those before stand in the journal, the others come."""

import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from engine import protocol as p
from engine.service.remote.backlog import Backlog
from engine.service.remote.history import read_history
from engine.service.remote.watchers import Watchers
from engine.storage.journal import Journal, read_journal
from tests.engine.service.remote.test_backlog import state, step

STARTED = p.RunStarted("r", "", "scratch", "cpu", "float32", "m", ("a", "b"), 8, 2, 4, 1, 2, 0.0)
FINISHED = p.RunFinished("scratch", 1, True, 1.0, 1.0, "", "0" * 64, 1.0)


def begun(folder: Path) -> tuple[Watchers, Journal]:
    watchers, journal = Watchers(), Journal(folder)
    watchers.set_folder(folder)
    tell(watchers, journal, STARTED)
    return watchers, journal


def tell(watchers: Watchers, journal: Journal, event: p.Event) -> None:
    """As a run does it: first into the journal."""
    journal.event(event)
    watchers.emit(event)


def heard(folder: Path, hello: p.Hello | p.Behind, backlog: Backlog) -> list[p.Event]:
    """History and what came after it, without what is about watching."""
    events = [*read_history(folder, hello.journal, hello.begun), *backlog.take()]
    return [
        event
        for event in events
        if not isinstance(event, p.HistoryBegins | p.HistoryEnds | p.RecordedAt | p.Watching | p.SystemSample)
    ]


def test_history_and_what_comes_are_the_journal_at_whatever_moment_one_joins(tmp_path: Path) -> None:
    watchers, journal = begun(tmp_path)
    over = threading.Event()

    def chatter() -> None:  # other threads tell things, too, that are not journaled
        while not over.is_set():
            watchers.emit(p.Watching(1))
            watchers.emit(p.SystemSample(0.0, 0.0, 0, 0, 0, ()))

    def train() -> None:
        for number in range(1000):
            tell(watchers, journal, state(number) if number % 50 == 0 else step(number))
        over.set()

    threads = [threading.Thread(target=chatter), threading.Thread(target=train)]
    joined = []
    for thread in threads:
        thread.start()
    while not over.is_set() and len(joined) < 60:
        backlog = Backlog(1_000_000)
        joined.append((watchers.add(backlog), backlog))
    for thread in threads:
        thread.join()
    whole = list(read_journal(tmp_path))
    assert len(whole) == 1001 and len(joined) > 5
    assert all(heard(tmp_path, hello, backlog) == whole for hello, backlog in joined)


def test_what_the_journal_has_already_and_nobody_was_told_yet_is_told_once(tmp_path: Path) -> None:
    watchers, journal = begun(tmp_path)
    journal.event(step(1))
    watchers.emit(p.Watching(1))  # by another thread, at this very moment
    backlog = Backlog()
    hello = watchers.add(backlog)
    watchers.emit(step(1))
    assert heard(tmp_path, hello, backlog) == [STARTED, step(1)]


def test_who_was_too_slow_is_told_the_history_again_up_to_what_comes_next(tmp_path: Path) -> None:
    watchers, journal = begun(tmp_path)
    backlog = Backlog(100)
    watchers.add(backlog)
    for number in range(1000):
        tell(watchers, journal, step(number))
    assert watchers.resync(backlog) is None
    backlog.take()
    behind = watchers.resync(backlog)
    assert behind is not None
    tell(watchers, journal, FINISHED)
    assert heard(tmp_path, behind, backlog) == list(read_journal(tmp_path))


def test_what_holds_and_is_not_in_the_journal_is_told_to_whoever_joins(tmp_path: Path) -> None:
    watchers, journal = begun(tmp_path)
    points = p.RestorePoints("scratch", ())
    for event in (points, p.Evaluating("scratch", 1, 1, 2)):
        tell(watchers, journal, event)
    first, second = Backlog(), Backlog(10)
    watchers.add(first)
    watchers.add(second)
    assert second.take() == [points, p.Watching(2)] and first.take() == [points, p.Watching(1), p.Watching(2)]
    for number in range(100):
        tell(watchers, journal, state(number))
    second.take()
    assert watchers.resync(second) is not None and second.take() == [points, p.Watching(2)]


def test_before_a_run_begins_whoever_joins_learns_what_it_is_doing_and_that_it_is_not_there_yet(tmp_path: Path) -> None:
    watchers, backlog, later = Watchers(), Backlog(), Backlog()
    watchers.emit(p.Loading("PyTorch"))
    watchers.emit(p.Loading("pictures"))
    watchers.emit(p.ImageSkipped("a.jpg", "no picture", 1))
    watchers.set_folder(tmp_path)
    assert not watchers.add(backlog).begun
    assert backlog.take() == [p.Loading("pictures"), p.ImageSkipped("a.jpg", "no picture", 1), p.Watching(1)]
    tell(watchers, Journal(tmp_path), STARTED)
    assert watchers.add(later).begun and later.take() == [p.Watching(2)]


def test_of_very_many_steps_evenly_spaced_ones_stand_for_all_and_every_state_is_told(tmp_path: Path) -> None:
    watchers, journal = begun(tmp_path)
    for number in range(1000):
        tell(watchers, journal, state(number) if number % 100 == 0 else step(number))
    told = list(read_history(tmp_path, most_steps=100))
    steps = [event.step for event in told if isinstance(event, p.TrainStep)]
    assert 80 <= len(steps) <= 100 and max(b - a for a, b in pairwise(steps)) <= 12
    assert sum(isinstance(event, p.Resumed) for event in told) == 10


def test_reading_that_takes_long_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watchers, journal = begun(tmp_path)
    tell(watchers, journal, step(1))
    assert p.Loading not in map(type, read_history(tmp_path))
    monkeypatch.setattr("engine.service.remote.history.EACH", 0.0)
    monkeypatch.setattr("engine.service.remote.history.LOOK", 1)
    told = [event for event in read_history(tmp_path) if isinstance(event, p.Loading)]
    size = (tmp_path / "journal.jsonl").stat().st_size
    assert told[-1] == p.Loading("reading the journal", 2 * size, 2 * size)
    assert [event.done for event in told] == sorted(event.done for event in told) and len(told) > 2


def test_times_come_before_what_they_are_of_once_a_second(tmp_path: Path) -> None:
    lines = [p.encode(state(1), at=1000.25), p.encode(step(2), at=1002.0), p.encode(state(2), at=1003.5)]
    (tmp_path / "journal.jsonl").write_text("\n".join([*lines, p.encode(state(3), at=1003.9)]) + "\n")
    told = list(read_history(tmp_path))[1:-1]
    assert told == [p.RecordedAt(1000), state(1), step(2), p.RecordedAt(1003), state(2), state(3)]


def test_of_what_evaluations_get_wrong_the_newest_and_the_bests_are_told(tmp_path: Path) -> None:
    watchers, journal = begun(tmp_path)
    found = {}
    for at in range(1, 8):
        for arm in p.ARMS:
            tell(watchers, journal, p.EvalDone(arm, at, at, 0.5, 0.5, 4, best=at < 3))
            found[arm, at] = p.Confusion(arm, at, (2, 2), (1, 2), ((0, 1, 1),), ())
            tell(watchers, journal, found[arm, at])
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"type": "confusion", "arm": "scratch", "ste')
    told = [event for event in read_history(tmp_path) if isinstance(event, p.Confusion)]
    assert told == [found[arm, at] for at in (2, 5, 6, 7) for arm in p.ARMS]


def test_whatever_is_put_in_the_journals_place_the_history_ends(tmp_path: Path) -> None:
    told = [p.HistoryBegins(), p.HistoryEnds(True)]
    journal = tmp_path / "journal.jsonl"
    os.mkfifo(journal)
    assert list(read_history(tmp_path)) == told
    journal.unlink()
    journal.symlink_to("/dev/zero")
    assert list(read_history(tmp_path)) == told
    journal.unlink()
    journal.mkdir()
    assert list(read_history(tmp_path)) == told
    journal.rmdir()
    journal.write_bytes(b'\xff\xfe{"type": \n' + b"\0" * 1000 + b"\n[[[[\n")
    assert list(read_history(tmp_path)) == told
    with journal.open("wb") as file:
        file.truncate(1 << 40)  # a line without an end, which takes no room
    assert list(read_history(tmp_path)) == told
