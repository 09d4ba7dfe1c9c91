"""Which checkpoints of a run are only for rewinds, and what deleting them frees."""

import os
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.storage.tidying import delete, leftover


def write(path: Path, size: int, at: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (at, at))
    return path


def test_a_point_that_is_another_name_of_a_file_that_stays_frees_nothing(tmp_path: Path):
    arm = tmp_path / "scratch"
    last = write(arm / "last.pt", 100)
    alone = write(arm / "points" / "1-000004-0.pt", 70)
    twice = write(arm / "points" / "1-000006-0.pt", 50)
    os.link(last, arm / "points" / "1-000008-0.pt")
    os.link(twice, arm / "points" / "1-000006-1.pt")
    found = leftover(tmp_path)
    assert len(found.points) == 4 and alone in found.points and found.bytes == 120
    delete(found.points)
    assert sorted(path.name for path in tmp_path.rglob("*.pt")) == ["last.pt"]
    assert leftover(tmp_path).points == () and leftover(tmp_path).bytes == 0
    delete(found.points)


def test_the_best_the_last_what_was_saved_by_hand_and_ends_of_branches_stay(tmp_path: Path):
    kept = [
        write(tmp_path / "scratch" / f"{name}.pt", 9) for name in ("best", "branch-1", "head", "last", "step-000004")
    ]
    write(tmp_path / "scratch" / "points" / "1-000004-0.pt", 9)
    found = leftover(tmp_path)
    assert found.kept == tuple(kept) and [path.name for path in found.points] == ["1-000004-0.pt"]


def test_of_an_arm_without_a_last_checkpoint_the_newest_point_stays(tmp_path: Path):
    newest = write(tmp_path / "scratch" / "points" / "1-000004-0.pt", 9, at=2.0)
    older = write(tmp_path / "scratch" / "points" / "1-000006-0.pt", 9)
    assert leftover(tmp_path).points == (older,) and newest.is_file()


def test_a_folder_that_cannot_be_changed_is_a_sentence(tmp_path: Path):
    (tmp_path / "1-000004-0.pt").mkdir()  # cannot be unlinked, even by the owner of the machine
    with pytest.raises(UserError, match=r"1-000004-0\.pt: .*; the folder must be writable"):
        delete((tmp_path / "1-000004-0.pt",))
