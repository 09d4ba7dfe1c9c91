"""Files that are in two parts are noted before a run trains, and the look is bounded in time."""

import shutil
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.doctor import identical
from engine.doctor.identical import note_identical
from engine.loop.run import Run
from tests.engine.conftest import write_pictures
from tests.engine.doctor.drawn import catalogue_of, fill
from tests.engine.driving import only, play, with_settings


def test_files_in_two_parts_are_counted_and_named(tmp_path: Path) -> None:
    root = fill(tmp_path / "pictures", 4, 2)
    assert note_identical(catalogue_of(root)) == ""
    for number in (0, 1):
        shutil.copy(root / f"train/cat/0{number}.png", root / f"test/dog/copy{number}.png")
    note = note_identical(catalogue_of(root))
    assert note.startswith("2 pictures to score on are among the training pictures, too, such as ")
    assert str(root / "test/dog/copy0.png") in note and str(root / "train/cat/00.png") in note


def test_files_of_one_size_with_another_middle_or_end_are_no_copies(tmp_path: Path, monkeypatch) -> None:
    root = fill(tmp_path / "pictures", 2, 1)
    monkeypatch.setattr(identical, "PIECE", 4)
    for number, content in enumerate((b"0123456789", b"0123x56789", b"012345678x")):
        (root / "train/cat" / f"made{number}.png").write_bytes(content)
    (root / "test/cat/made.png").write_bytes(b"0123456789")
    note = note_identical(catalogue_of(root))
    assert note.startswith("1 picture to score on is") and "made0.png" in note


def test_empty_files_and_files_that_are_gone_are_no_copies(tmp_path: Path) -> None:
    root = fill(tmp_path / "pictures", 2, 1)
    for part in ("train", "test"):
        (root / part / "cat" / "empty.png").touch()
    catalogue = catalogue_of(root)
    (root / "train/cat/00.png").unlink()
    assert note_identical(catalogue) == ""


def test_no_file_is_opened_once_the_time_is_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "pictures", 2, 1)
    shutil.copy(root / "train/cat/00.png", root / "test/cat/copy.png")
    assert note_identical(catalogue_of(root), seconds=0) == ""


@pytest.mark.parametrize("shared", [0, 1])
def test_a_run_says_it_before_it_trains(small: RunConfig, tmp_path: Path, shared: int) -> None:
    root = write_pictures(tmp_path / "mine", {"train": 7, "test": 3})
    for number in range(shared):
        shutil.copy(root / f"train/cat/{number}.jpg", root / "test/cat/copy.jpg")
    events = play(Run(with_settings(small, data__root=root, train__epochs=1)))
    notes = [event for event in only(events, p.PicturesNoted) if "training pictures, too" in event.message]
    assert len(notes) == shared
    assert not notes or events.index(notes[0]) < events.index(only(events, p.RunStarted)[0])
