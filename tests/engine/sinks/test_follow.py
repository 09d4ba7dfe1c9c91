"""What a follower sends of a journal, while it grows and after; and that trouble at its end stays there."""

import json
from pathlib import Path

import pytest

from engine import protocol as p
from engine.errors import CheckpointError, EngineError
from engine.sinks.follow import Follower
from engine.storage.holder import LOCK
from engine.storage.lock import RunLock
from tests.engine.report import told
from tests.engine.sinks.journals import BRANCHED, Kept, append, write

FIRST, SECOND = "run-1/pretrained", "run-1/pretrained-branch-2"


def never(failed: bool) -> None:
    raise AssertionError("there is nothing to wait for")


def follow(folder: Path, kept: Kept, wait=never) -> list[str]:
    said: list[str] = []
    Follower(folder, "kept", lambda: kept, said.append, wait).follow()
    return said


@pytest.fixture
def branched(tmp_path: Path) -> Path:
    return write(tmp_path / "run-1", *BRANCHED)


def test_each_branch_is_a_run_that_begins_where_it_left_the_other(branched: Path) -> None:
    kept = Kept()
    assert follow(branched, kept) == ["sending run-1 to here"]
    assert list(kept.items) == [FIRST, SECOND]
    assert kept.series(FIRST, "train/loss") == [(step, 1 / step) for step in range(1, 9)]
    assert [step for step, _ in kept.series(SECOND, "train/loss")] == list(range(5, 13))
    assert kept.series(FIRST, "val/accuracy") == [(4, 0.25), (8, 0.75)]
    assert kept.series(SECOND, "val/accuracy") == [(8, 0.5), (12, 0.875)]
    assert kept.series(SECOND, "epoch/number") == [(8, 2), (12, 3)]
    assert kept.series(FIRST, "learning_rate/head")[-1] == (8, 0.005)
    assert kept.series(FIRST, "best_accuracy")[-1] == (8, 0.75)
    assert kept.series(SECOND, "best_accuracy") == [(12, 0.875)]
    assert kept.notes(FIRST) == [
        (4, "set the base rate of head to 0.5"),
        (8, "branch 2 from step 4: by hand; branch 1 is kept up to step 8"),
    ]
    assert kept.settings[SECOND]["leaves_branch"] == 1 and kept.settings[SECOND]["optim.momentum"] == 0.9
    assert "secret" not in str(kept.settings) and len(kept.keys) == 2 and kept.closed == [False, False]


def test_steps_that_a_crash_undid_are_sent_once_and_none_is_missing(tmp_path: Path) -> None:
    undone = told.epoch(2, 0.5)
    folder = write(tmp_path / "run-1", told.run(), told.begun(), *told.epoch(1, 0.25), *undone)
    append(folder, told.run(), told.begun(step=4), *undone, *told.epoch(3, 0.5), told.finished())
    kept = Kept()
    follow(folder, kept)
    assert [step for step, _ in kept.series(FIRST, "train/loss")] == list(range(1, 13))
    assert kept.series(FIRST, "val/accuracy") == [(4, 0.25), (8, 0.5), (12, 0.5)]


def test_it_waits_for_more_as_long_as_a_process_trains_and_the_run_has_no_end(tmp_path: Path) -> None:
    folder = write(tmp_path / "run-1", told.run(), told.begun(), *told.epoch(1, 0.25))
    lock, kept, waited = RunLock(folder), Kept(), []

    def wait(failed: bool) -> None:
        waited.append(len(kept.items[FIRST]))
        append(folder, *([*told.epoch(2, 0.5)] if len(waited) == 1 else [told.finished()]))

    follow(folder, kept, wait)
    lock.close()
    assert len(waited) == 2 and waited[0] < waited[1]
    assert [step for step, _ in kept.series(FIRST, "train/loss")] == list(range(1, 9))


def test_it_ends_when_the_process_that_trains_is_gone_and_goes_on_after_a_resume(tmp_path: Path) -> None:
    folder = write(tmp_path / "run-1", told.run(), told.begun(), *told.epoch(1, 0.25))
    lock, kept = RunLock(folder), Kept()
    said = follow(folder, kept, lambda failed: (folder / LOCK).unlink())
    lock.close()
    assert said[-1].startswith("the run has no end, and no process trains it")
    append(folder, told.run(), told.begun(step=4), *told.epoch(2, 0.5), told.finished())
    follow(folder, kept)
    assert [step for step, _ in kept.series(FIRST, "train/loss")] == list(range(1, 9))
    assert len(kept.keys) == 1
    assert follow(folder, Kept()) == ["all was sent before (here)"]


def test_a_tracker_that_fails_is_named_once_and_gets_everything_once_later(branched: Path) -> None:
    kept = Kept(ConnectionError("no route\nto host"), ConnectionError("still none"))
    waits: list[bool] = []
    said = follow(branched, kept, waits.append)
    problem = "not sent (ConnectionError: no route); training is not affected, trying again"
    assert said == ["sending run-1 to here", problem, "sending again"] and waits == [True, True]
    assert len(kept.series(FIRST, "train/loss")) == 8 and len(kept.keys) == 2


def test_after_the_runs_end_it_does_not_try_for_ever_and_says_how_to_go_on(branched: Path) -> None:
    kept = Kept(*[OSError("full")] * 5)
    with pytest.raises(EngineError, match=rf"OSError: full; .* `finetune-tui follow {branched} --to kept`") as caught:
        follow(branched, kept, lambda failed: None)
    assert caught.value.exit_status == 1
    follow(branched, kept)
    assert len(kept.series(FIRST, "train/loss")) == 8


def test_another_place_gets_everything_and_a_shorter_journal_is_not_guessed_about(branched: Path) -> None:
    follow(branched, Kept())
    elsewhere = Kept()
    elsewhere.place = "there"
    follow(branched, elsewhere)
    assert len(elsewhere.items) == 2
    state = json.loads((branched / "follow-kept.json").read_text())
    assert [known["sent"] for known in state.values()] == [(branched / "journal.jsonl").stat().st_size] * 2
    assert follow(branched, Kept()) == ["all was sent before (here)"]
    write(branched, told.run(), told.begun())
    with pytest.raises(CheckpointError, match=r"remove follow-kept.json to send all of it again"):
        follow(branched, elsewhere)


def test_of_a_long_run_about_a_thousand_means_are_sent_and_every_evaluation(tmp_path: Path) -> None:
    steps, rates = 2500, {"head": 0.1}
    start = p.ArmStarted("scratch", 0, 1, 1, steps, (), "")
    messages: list[p.Message] = [told.run(), start]
    for step in range(1, steps + 1):
        messages.append(p.TrainStep("scratch", step, 1, float(step), 0.5, 10.0, 0.0, rates))
        if step % 100 == 1:
            messages.append(p.EvalDone("scratch", step, 1, 1.0, 0.5, 8, False))
    kept = Kept()
    follow(write(tmp_path / "run-1", *messages, told.finished("scratch", steps)), kept)
    points = kept.series("run-1/scratch", "train/loss")
    assert 800 <= len(points) <= 1000 and points[0] == (1, 1.0) and points[1] == (3, 2.5) and points[-1][0] == steps
    assert [step for step, _ in kept.series("run-1/scratch", "test/loss")] == list(range(1, steps, 100))
