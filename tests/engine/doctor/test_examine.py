"""Pictures are measured once, and what was measured is used again while the file is the same."""

import os
from pathlib import Path

import numpy as np
import pytest

from engine.doctor import examine as examine_module
from engine.doctor.measure import measure
from engine.doctor.record import RECORD, text
from engine.doctor.record_file import RecordFile
from tests.engine.doctor.drawn import catalogue_of, draw, examined, fill


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fill(tmp_path / "pictures", train=5, test=2)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are measured from now on."""
    paths: list[str] = []

    def note(path: str):
        paths.append(path)
        return measure(path)

    monkeypatch.setattr(examine_module, "measure", note)
    return paths


def test_a_second_examination_measures_only_what_has_changed(root: Path, tmp_path: Path, monkeypatch) -> None:
    first = examined(catalogue_of(root), tmp_path / "cache")
    assert first.known == 0 and not first.failure and len(first.rows) == 14
    paths = counted(monkeypatch)
    again = examined(catalogue_of(root), tmp_path / "cache")
    assert again.known == 14 and paths == [] and (again.rows == first.rows).all()
    changed = root / "train" / "cat" / "01.png"
    draw("other", (50, 40)).save(changed)
    third = examined(catalogue_of(root), tmp_path / "cache")
    assert paths == [str(changed)] and third.known == 13
    assert (third.rows["width"] == 50).sum() == 1


def test_an_interrupted_one_goes_on_where_it_was(root: Path, tmp_path: Path, monkeypatch) -> None:
    catalogue = catalogue_of(root)
    monkeypatch.setattr(examine_module, "TASK", 1)
    monkeypatch.setattr(examine_module, "TASKS_AHEAD", 2)
    steps = examine_module.examine(catalogue, 1, RecordFile(catalogue.where, tmp_path / "cache"))
    while next(steps).done < 4:
        pass
    steps.close()
    again = examined(catalogue, tmp_path / "cache")
    assert 4 <= again.known < 14
    assert (again.rows == examined(catalogue).rows).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-100],
        lambda data: data[:200] + bytes([data[200] ^ 255]) + data[201:],
        lambda data: b"another version" + data[15:],
        lambda data: b"",
    ],
    ids=["cut short", "a bit flipped", "another version", "empty"],
)
def test_what_is_damaged_is_measured_again(root: Path, tmp_path: Path, damage) -> None:
    first = examined(catalogue_of(root), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    for known in (range(14), [14]):
        again = examined(catalogue_of(root), tmp_path / "cache")
        assert again.known in known and (again.rows == first.rows).all()


def test_without_a_writable_folder_it_says_so_and_goes_on(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    found = examined(catalogue_of(root), tmp_path / "cache")
    assert "cache" in found.failure and found.readable.all()


def test_rows_of_pictures_that_are_gone_do_not_pile_up(root: Path, tmp_path: Path) -> None:
    for number in range(4):
        for file in (root / "train").rglob("*.png"):
            os.utime(file, (number, number))
        examined(catalogue_of(root), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_size <= (2 * 14 + 1) * RECORD.itemsize


def test_what_is_measured(tmp_path: Path) -> None:
    picture = draw("a", (100, 50))
    exif = picture.getexif()
    exif[0x0110], exif[0x010F] = "One", "Maker"
    picture.save(tmp_path / "a.jpg", exif=exif)
    row = measure(str(tmp_path / "a.jpg"))
    assert (row["width"], row["height"], row["format"], row["mode"]) == (100, 50, b"JPEG", b"RGB")
    assert text(row["camera"].item()) == "Maker One" and row["error"] == b""
    small = np.asarray(picture.convert("L").resize((32, 32)), np.int16)
    assert np.abs(small - row["grey"]).mean() < 4
    assert np.abs(row["colour"]).max() > 20


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tif", "gif"])
def test_a_file_that_is_cut_short_is_unreadable(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    draw("a", (400, 300)).effect_spread(20).save(file)
    assert measure(str(file))["error"] == b""
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 6 // 10])
    assert measure(str(file))["error"] != b""


def test_a_missing_file_has_a_reason(tmp_path: Path) -> None:
    assert text(measure(str(tmp_path / "none.jpg"))["error"].item()) == "No such file or directory"
