"""The newest runs, as the first page shows them."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import protocol as p
from tests.engine.storage.hosts import left_by, stand_still
from tests.tui.journals import begun, write_run
from tests.tui.story import NOW, started, trained
from tui.start_screen.recent import MOST, recent_runs


def test_a_run_has_the_course_of_its_better_arm_and_the_pictures_of_its_best(tmp_path: Path) -> None:
    events = [*trained("pretrained", 1, 30), started("scratch"), *trained("scratch", 1, 10)]
    own = [replace(event, part="val") if isinstance(event, p.EvalDone) else event for event in events]
    write_run(tmp_path / "run-1", begun("run-1"), started(), *own, at=NOW)
    (found,) = recent_runs(tmp_path)
    assert found.accuracies == pytest.approx((0.94, 0.95, 0.96))
    assert found.cells(NOW + 120) == ("run-1", "▁▄▇", "96.0 % val", "2 min")
    assert found.words == ["--resume", str(tmp_path / "run-1")]


def test_the_newest_come_first_and_one_without_a_score_says_so(tmp_path: Path) -> None:
    for number in range(MOST + 2):
        write_run(tmp_path / f"run-{number}", begun(f"run-{number}"), at=NOW + number)
    found = list(recent_runs(tmp_path))
    assert [run.folder.name for run in found] == [f"run-{number}" for number in range(MOST + 1, 1, -1)]
    assert found[0].cells(NOW)[1:3] == ("", "no accuracy")


def test_a_finished_run_is_looked_at(tmp_path: Path) -> None:
    done = p.ArmFinished("pretrained", 30, 0.96, 0.96, 9.0)
    write_run(tmp_path / "run-1", begun("run-1"), started(), *trained("pretrained", 1, 30), done, at=NOW)
    (found,) = recent_runs(tmp_path)
    assert found.words == ["view", str(tmp_path / "run-1")]


def test_one_of_another_machine_says_where_it_is_and_is_reached_there(tmp_path: Path, monkeypatch) -> None:
    folder = write_run(tmp_path / "run-1", begun("run-1"), started(), at=NOW)
    left_by(folder)
    stand_still(monkeypatch, folder, 8.0)
    (found,) = recent_runs(tmp_path)
    assert found.cells(NOW)[3] == "on n12, 8 s ago"
    assert found.words == ["attach", "--via", "srun --overlap --jobid 4711 -n1 -w n12", str(folder)]
