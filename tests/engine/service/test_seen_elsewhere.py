"""A run that a process of another machine trains, as this machine sees it."""

from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig
from engine.errors import UserError
from engine.loop.run import Run
from engine.protocol.sentences import message
from engine.service.program import command
from engine.service.remote.finding import only_live_run
from engine.service.remote.link import SocketLink
from engine.service.remote.reaching import how_to_reach
from engine.service.status import as_plain_values, in_words, status_of
from engine.service.status_lines import describe
from engine.storage.heartbeat import STALE_SECONDS
from engine.storage.holder import LOCK, Holder
from engine.storage.lock import lock_when_free
from engine.storage.run_folder import CONFIG
from tests.engine.driving import after_step, folder_of, play
from tests.engine.service.test_status import FINISHED, RUN, begun, steps, written
from tests.engine.storage.hosts import N12, left_by, stand_still


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that n12 trains."""
    folder = written(tmp_path / "birds", RUN, begun(), *steps(3))
    (folder / CONFIG).write_text("name: x")
    left_by(folder)
    stand_still(monkeypatch, folder, 8.0)
    return folder


def test_it_is_trained_there_and_that_is_how_long_ago_it_was_seen(away: Path) -> None:
    run = status_of(away)
    assert in_words(run) == "training on n12, 8 s ago"
    assert (run.state, run.live, run.where) == ("training", False, "process 4321 on n12 (Slurm job 4711)")
    plain = as_plain_values(run)
    assert (plain["host"], plain["job"], plain["seen"]) == ("n12", "Slurm job 4711", 8.0)
    assert describe(run)[1:3] == ["state       training on n12, 8 s ago", "process     4321 on n12 (Slurm job 4711)"]
    via = "'srun --overlap --jobid 4711 -n1 -w n12'"
    assert describe(run)[-1] == f"attach with {command('attach', '--via')} {via} {away}"


def test_when_it_shows_no_sign_of_life_it_is_lost(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch, away, 3 * 3600.0)
    run = status_of(away)
    assert (run.state, run.where, in_words(run)) == ("lost", "", "lost: last seen on n12 3 h ago")
    assert describe(run)[-1].startswith("go on with")


def test_one_that_has_ended_is_on_no_machine(away: Path) -> None:
    written(away, RUN, begun(), *steps(3), FINISHED)
    run = status_of(away)
    assert (run.state, run.where, run.seen, in_words(run)) == ("finished", "", None, "finished")


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("", "attach n12:/runs/birds"),
        ("PBS job 12.head", "attach n12:/runs/birds"),
        ("Kubernetes pod", "attach --via 'kubectl exec -i n12 --' /runs/birds"),
        ("Kubernetes pod, namespace ml", "attach --via 'kubectl exec -i -n ml n12 --' /runs/birds"),
    ],
)
def test_how_to_reach_it_depends_on_its_queue(job: str, words: str) -> None:
    assert how_to_reach("n12", job, "/runs/birds") == f"{command()} {words}"


def test_who_wants_to_reach_it_from_here_is_told_where_it_is(away: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = rf"{away}: it is trained on n12, not on this machine; use .* --via 'srun .* -w n12' {away}"
    with pytest.raises(UserError, match=said):
        SocketLink(away)
    with pytest.raises(UserError, match="birds: it is trained on n12"):
        only_live_run(away.parent)
    assert main(["tidy", str(away)]) == 2
    assert f"{away} is training on n12, 8 s ago, and rewinds need" in capsys.readouterr().err
    assert main(["send", str(away), "pause"]) == 2
    assert "it is trained on n12" in capsys.readouterr().err


# --- going on with it -----------------------------------------------------------------------------------


@pytest.fixture
def requeued(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was killed on n12 a moment ago; waiting takes no time."""
    folder = Path(folder_of(play(Run(small), after_step(3, p.Stop()))))
    left_by(folder, Holder(4321, "n12", kernel="12ab", pids="77"))
    stand_still(monkeypatch, folder, 8.0)
    monkeypatch.setattr("engine.loop.own_folder.POLL_SECONDS", 0.0)
    return folder


def clock(by: float) -> Any:
    """A clock on which so many seconds pass between two looks."""
    seconds = iter(range(10**6))
    return lambda: next(seconds) * by


def test_a_requeued_run_waits_and_says_so_and_goes_on(
    requeued: Path, small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.loop.own_folder.lock_when_free", partial(lock_when_free, clock=clock(STALE_SECONDS / 3))
    )
    events = list(Run(small, resume=requeued).events())
    assert isinstance(events[0], p.FolderAwaited)
    assert message(events[0]).startswith("waiting for small-1: process 4321 on n12, seen 8 s ago, may still")
    assert isinstance(events[1], p.Loading) and isinstance(events[-1], p.RunFinished) and events[-1].completed
    assert b"folder_awaited" not in (requeued / "journal.jsonl").read_bytes()


def test_it_can_be_stopped_while_it_waits_and_leaves_all_as_it_was(requeued: Path, small: RunConfig) -> None:
    inbox = SimpleQueue[p.Command]()
    inbox.put(p.Stop())
    before = {file: file.read_bytes() for file in requeued.rglob("*") if file.is_file()}
    events = list(Run(small, resume=requeued).events(inbox))
    assert [type(event) for event in events] == [p.FolderAwaited, p.RunFinished]
    assert before == {file: file.read_bytes() for file in requeued.rglob("*") if file.is_file()}


def test_a_live_one_is_refused(requeued: Path, small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.loop.own_folder.lock_when_free", partial(lock_when_free, clock=clock(10.0)))
    events = Run(small, resume=requeued).events()
    assert isinstance(next(events), p.FolderAwaited)
    (requeued / LOCK).touch()
    last = list(events)[-1]
    assert isinstance(last, p.RunFailed) and last.exit_status == 2
    assert "is in use by process 4321 on n12, seen 8 s ago; stop it first" in last.message
    assert (requeued / LOCK).read_text().startswith("process 4321 on n12")


def test_a_process_from_which_it_was_taken_writes_nothing_more(small: RunConfig) -> None:
    run = Run(small)
    events = run.events()
    while not isinstance(next(events), p.TrainStep):
        pass
    assert run.folder is not None and run._own._lock is not None and run._own._lock._heartbeat is not None
    left_by(run.folder)
    run._own._lock._heartbeat.beat()
    journal = (run.folder / "journal.jsonl").read_bytes()
    (last,) = events
    assert isinstance(last, p.RunFailed) and last.title == "Run taken over"
    assert "so process 4321 on n12 (Slurm job 4711) goes on with" in last.message
    assert (run.folder / "journal.jsonl").read_bytes() == journal and (run.folder / LOCK).read_text() == N12.line
