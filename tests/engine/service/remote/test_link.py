"""Attaching to a run: what has happened so far, what happens, and steering."""

import threading
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.errors import UserError
from engine.protocol.wire import VERSION
from engine.service.host import Host
from engine.service.launch import Launch
from engine.service.remote.address import listen
from engine.service.remote.link import SocketLink
from tests.engine.driving import only, with_settings
from tests.engine.service.remote.conftest import living
from tests.engine.service.remote.living import Caller, Staged, Viewer, wait_for
from tests.engine.service.remote.shown import journaled, shown, steps, without
from tests.engine.service.remote.test_backlog import step
from tests.engine.service.remote.test_watchers import FINISHED, STARTED

ARM = p.ArmStarted("scratch", 0, 1, 3, 4000, (p.Group("all", 8, 0.1),), "random weights")


# --- what one is told -----------------------------------------------------------------------------------


def test_whoever_joins_at_whatever_moment_is_told_each_event_once(small: RunConfig) -> None:
    viewers = []
    with living(with_settings(small, train__epochs=8)) as run:
        folder = run.start()
        while not run.over and len(viewers) < 40:
            try:
                viewers.append(Viewer(folder))
            except UserError:  # it has just ended
                break
        run.end()
        whole = journaled(run.events)
    assert len(viewers) > 10 and len(steps(whole)) == 32
    short, confusions = without(whole, p.Confusion), only(whole, p.Confusion)
    for told in (journaled(viewer.end()) for viewer in viewers):
        assert without(told, p.Confusion) == short
        newest = only(told, p.Confusion)  # of those before it joined, the last one only
        assert newest and newest == confusions[-len(newest) :]


def story() -> list[p.Event]:
    told: list[p.Event] = [STARTED, ARM]
    for number in range(1, 7_901):  # few enough that a history has all of them
        told.append(step(number))
        if number % 1000 == 0:
            told.append(p.EvalDone("scratch", number, number // 4000 + 1, 0.5, number / 20_000, 100, True))
    return [*told, p.ArmFinished("scratch", 7_900, 0.6, 0.6, 9.0), FINISHED]


def test_a_viewer_that_does_not_read_is_told_again_and_shows_what_one_shows_that_saw_it_all(staged: Staged) -> None:
    told = story()
    slow = SocketLink(staged.folder)
    staged.tell(*told[:7800])
    events: list[p.Event] = []
    reader = threading.Thread(target=lambda: events.extend(slow.events()))
    reader.start()
    wait_for(lambda: len(only(list(events), p.HistoryBegins)) > 1)
    staged.tell(*told[7800:])
    staged.close()
    reader.join()
    assert len(only(events, p.HistoryBegins)) > 1 and shown(events) == shown(told)
    assert len(events) < 3 * len(told) and not only(events, p.RunFailed)


def test_a_stopped_viewer_holds_nothing_up_and_learns_the_end_when_it_goes_on(staged: Staged) -> None:
    told = story()
    stopped = SocketLink(staged.folder)
    staged.tell(*told)
    staged.close()  # it waits for nobody for long
    events = list(stopped.events())
    assert shown(events) == shown(told) and not only(events, p.RunFailed)


def test_the_end_of_a_run_reaches_whoever_watches_and_is_no_lost_run(staged: Staged) -> None:
    viewer = Viewer(staged.folder)
    staged.tell(STARTED, *story()[-3:])
    late = Viewer(staged.folder)  # the end is history to this one
    staged.watchers.emit(p.Watching(7))  # comes last
    staged.close()
    for one in (viewer, late):
        assert only(one.end(), p.RunFinished) == [FINISHED] and not only(one.events, p.RunFailed)


def test_a_line_that_nobody_understands_is_passed_over(short: Path) -> None:
    there = listen(short)
    there.socket.setblocking(True)

    def serve() -> None:
        viewer, _ = there.socket.accept()
        hello = p.Hello(VERSION, "test")
        for line in (p.encode(hello), '{"type": "news"}', "[[", p.encode(FINISHED)):
            viewer.sendall(line.encode() + b"\n")
        viewer.recv(1000)
        viewer.close()

    server = threading.Thread(target=serve)
    server.start()
    assert Viewer(short).end() == [p.HistoryBegins(), p.HistoryEnds(False), FINISHED]
    server.join()
    there.close()


# --- steering -------------------------------------------------------------------------------------------


def test_two_viewers_see_what_either_does_and_that_they_are_two(small: RunConfig) -> None:
    with living(small) as run:
        folder = run.start(held_at=1)
        first, second = Viewer(folder), Viewer(folder)
        first.link.send(p.SetRate("head", 0.25))
        second.link.send(p.Pause())
        run.let_go()
        for viewer in (first, second):
            assert wait_for(lambda viewer=viewer: viewer.seen(p.RateChanged))[0].base_lr == 0.25
            wait_for(lambda viewer=viewer: viewer.seen(p.Paused))
            assert wait_for(lambda viewer=viewer: viewer.seen(p.Watching))[-1].count == 2
        second.link.close()
        wait_for(lambda: first.seen(p.Watching)[-1].count == 1)
        first.link.send(p.Resume())
        run.end()
        assert steps(first.end()) == list(range(1, 9)) and not only(second.end(), p.RunFailed)


def test_who_attaches_as_soon_as_a_run_has_begun_is_told_of_it_once(small: RunConfig) -> None:
    viewers: list[Viewer] = []

    def emit(event: p.Event) -> None:
        if isinstance(event, p.RunStarted):
            viewers.append(Viewer(Path(event.path)))

    Host(Launch(small)).train(emit)
    (viewer,) = viewers
    viewer.end()
    assert len(only(viewer.events, p.RunStarted)) == 1 and p.HistoryEnds(current=True) in viewer.events


def test_one_that_only_watches_sends_nothing(staged: Staged) -> None:
    viewer = Viewer(staged.folder, control=False)
    viewer.link.send(p.Pause())
    staged.tell(STARTED)
    wait_for(lambda: viewer.seen(p.RunStarted))
    assert staged.inbox.empty() and staged.log == ""
    viewer.link.close()


def test_one_that_said_it_only_watches_and_sends_a_command_is_sent_away(staged: Staged) -> None:
    caller = Caller(staged.folder)
    caller.greet(control=False)
    caller.say(p.Pause())
    assert "only watches" in caller.hear_goodbye() and staged.inbox.empty()


def test_one_that_only_steers_is_told_nothing_and_is_not_counted(staged: Staged) -> None:
    caller = Caller(staged.folder)
    caller.greet(watch=False)
    caller.say(p.Save(), p.Evaluate())
    assert [staged.inbox.get(timeout=60), staged.inbox.get(timeout=60)] == [p.Save(), p.Evaluate()]
    staged.tell(step(1))
    caller.leave_torn()
    assert caller.hear() is None and {event.count for event in staged.seen(p.Watching)} == {1}


def test_a_viewer_of_another_version_is_told_so_in_a_sentence(staged: Staged) -> None:
    caller = Caller(staged.folder)
    caller.say(p.Hello(VERSION + 1, "99.0\x1b[2J"))
    reason = caller.hear_goodbye()
    assert f"the run speaks version {VERSION} " in reason and f"attaches to it version {VERSION + 1} " in reason
    assert "99.0" in reason and "use the same version" in reason and "\x1b" not in reason


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (p.encode(p.Hello(VERSION + 1, "99.0")), f"version {VERSION + 1} (finetune-tui 99.0)"),
        (p.encode(p.Goodbye("it is full")), "it is full"),
        (p.encode(p.Pause()), "does not answer"),
        ("garbage", "does not answer"),
        ("", "does not answer"),
    ],
)
def test_who_attaches_to_a_run_that_answers_otherwise_is_told_so(short: Path, answer: str, sentence: str) -> None:
    there = listen(short)
    there.socket.setblocking(True)

    def serve() -> None:
        viewer, _ = there.socket.accept()
        viewer.recv(1000)
        viewer.sendall(answer.encode() + b"\n" if answer else b"")
        viewer.close()

    server = threading.Thread(target=serve)
    server.start()
    with pytest.raises(UserError) as refused:
        SocketLink(short)
    assert sentence in refused.value.message
    server.join()
    there.close()


def test_a_process_that_is_stopped_keeps_nobody_waiting_for_long(short: Path) -> None:
    with pytest.raises(UserError, match="Not attached"):
        SocketLink(short, patience=0.2)
    there = listen(short)  # and nobody accepts
    with pytest.raises(UserError) as refused:
        SocketLink(short, patience=0.2)
    assert "does not answer" in refused.value.message
    there.close()
