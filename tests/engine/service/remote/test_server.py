"""The thread that talks to those who watch: nothing ends it but the run, and it leaves nothing behind."""

import os
import resource
import threading
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.service.remote.address import connect, is_live, socket_paths
from engine.service.remote.client import Client
from engine.service.remote.server import Server
from engine.storage.journal import JOURNAL
from tests.engine.service.remote.conftest import descriptors, living
from tests.engine.service.remote.living import Caller, Staged, Viewer, wait_for
from tests.engine.service.remote.test_backlog import step
from tests.engine.service.remote.test_watchers import STARTED


def control_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "control"]


def test_it_leaves_no_thread_no_descriptor_and_no_socket(short: Path) -> None:
    before = descriptors()
    staged = Staged(short)
    callers = [Caller(short) for _ in range(20)]
    for caller in callers[:10]:
        caller.greet()
    staged.close()
    assert not socket_paths(short)[0].exists() and not is_live(short) and control_threads() == []
    for caller in callers:
        while caller.hear() is not None:
            pass
        caller.close()
    wait_for(lambda: descriptors() <= before)


def test_it_closes_when_its_thread_is_over_before_it_is_woken(short: Path) -> None:
    class Noticed(threading.Event):
        def set(self) -> None:
            super().set()
            wait_for(lambda: control_threads() == [])

    staged = Staged(short)
    staged.server._closing = Noticed()
    caller = Caller(short)  # with one, the thread looks at the event ten times a second, woken or not
    caller.greet()
    staged.close()
    assert not is_live(short)
    caller.close()


def test_many_who_come_and_go_leave_no_descriptor_and_no_backlog(staged: Staged) -> None:
    stays = Caller(staged.folder)
    stays.greet()
    before = descriptors()
    for number in range(300):
        caller = Caller(staged.folder)
        if number % 3:
            caller.greet(watch=number % 2 == 0)
        if number % 5 == 0:
            caller.say(b"garbage\n")
        caller.close()
    wait_for(lambda: descriptors() <= before)
    wait_for(lambda: staged.seen(p.Watching)[-1].count == 2)
    assert len(staged.watchers._backlogs) == 2  # the test itself is one
    stays.close()


def test_the_number_of_those_who_watch_is_right_whoever_comes_and_goes(staged: Staged) -> None:
    def told() -> int:
        count: int = staged.seen(p.Watching)[-1].count
        return count - 1  # the test itself is one

    viewers = []
    for number in range(1, 6):
        viewers.append(Viewer(staged.folder, control=number % 2 == 0))
        wait_for(lambda number=number: told() == number)
    late = Caller(staged.folder)
    late.greet()
    heard = late.hear()
    while not (isinstance(heard, p.Watching) and heard.count == 7):
        heard = late.hear()
    late.close()
    for number in range(4, -1, -1):
        viewers.pop().link.close()
        wait_for(lambda number=number: told() == number)
    assert staged.inbox.empty(), "this test watches: nobody is to be released"
    staged.watchers.remove(staged.told)
    caller = Caller(staged.folder)
    caller.greet()
    caller.close()
    assert staged.inbox.get(timeout=60) == p.Release()


def test_a_mistake_in_a_turn_is_noted_and_serving_goes_on(staged: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0

    def fails(server: Server) -> None:
        nonlocal turns
        turns += 1
        raise ZeroDivisionError("a mistake")

    viewer = Viewer(staged.folder)
    with monkeypatch.context() as broken:
        broken.setattr(Server, "_wait", fails)
        wait_for(lambda: turns > 2)
        staged.tell(STARTED, step(1))
    wait_for(lambda: viewer.seen(p.TrainStep))
    assert "ZeroDivisionError: a mistake" in staged.log
    assert Viewer(staged.folder).link is not None
    wait_for(lambda: viewer.seen(p.Watching)[-1].count > 2)


def test_a_mistake_with_one_peer_costs_no_other_one(staged: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, victim = Viewer(staged.folder), Caller(staged.folder)
    monkeypatch.setattr(Client, "_greet", lambda client, message: 1 // 0)
    victim.say(p.Pause())
    assert "unexpected error" in victim.hear_goodbye() and "ZeroDivisionError" in staged.log
    staged.tell(STARTED, step(1))
    wait_for(lambda: viewer.seen(p.TrainStep))


def test_without_descriptors_it_waits_for_some_and_who_watches_stays(staged: Staged) -> None:
    viewer = Viewer(staged.folder)
    wait_for(lambda: viewer.seen(p.Watching))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    holding = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 5, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                holding.append(os.dup(0))
        os.close(holding.pop())
        caller = connect(staged.folder, 60)
        wait_for(lambda: [event for event in staged.seen(p.PeerRefused) if "Too many" in event.reason])
        staged.tell(STARTED, step(1))
        wait_for(lambda: viewer.seen(p.TrainStep))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for file in holding:
            os.close(file)
    caller.sendall(p.encode(p.Hello(1, "test")).encode() + b"\n")
    caller.settimeout(60)
    assert b'"hello"' in caller.recv(1000)
    caller.close()


def test_a_log_that_cannot_be_written_holds_nobody_up(staged: Staged) -> None:
    os.mkfifo(staged.folder / "control.log")
    caller = Caller(staged.folder)
    caller.say(b"garbage\n")
    assert "is no message" in caller.hear_goodbye()
    Caller(staged.folder).greet()


def test_a_journal_that_is_replaced_holds_up_neither_the_run_nor_those_who_join(small: RunConfig, alone: str) -> None:
    with living(small) as run:
        folder = run.start(held_at=3)
        run.wait_held()
        (folder / JOURNAL).unlink()
        os.mkfifo(folder / JOURNAL)
        viewer = Viewer(folder)
        wait_for(lambda: viewer.seen(p.Watching))
        run.let_go()
        assert run.end().weights_sha256 == alone
    steps = [event.step for event in viewer.end() if isinstance(event, p.TrainStep)]
    assert steps == list(range(4, 9))
