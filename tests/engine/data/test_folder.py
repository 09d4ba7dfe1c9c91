"""A folder of pictures becomes a training and a test set, or an error that says what to mend."""

import os
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.config.sections import DataConfig
from engine.data.batches import Unreadable
from engine.data.catalogue import open_catalogue
from engine.data.decoded import Decoded
from engine.data.folder import scan
from engine.data.pictures import Preparation
from engine.data.samples import Catalogue
from engine.errors import DataError
from engine.protocol import Loading
from tests.engine.driving import loader_of


def fill(root: Path, counts: dict[str, int], extension: str = ".png") -> Path:
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(root / folder / f"{number:03}{extension}")
    return root


def names(catalogue: Catalogue, part: str) -> list[str]:
    return ["/".join(Path(sample.path).parts[-2:]) for sample in getattr(catalogue, part)]


def per_class(samples: tuple) -> dict[int, int]:
    return dict(Counter(sample.label for sample in samples))


# --- what is found ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("test_name", ["test", "val"])
def test_train_and_test_or_val_are_read_as_they_are(tmp_path: Path, test_name: str) -> None:
    fill(tmp_path, {"train/b": 2, "train/a": 1, f"{test_name}/a": 1, f"{test_name}/b": 1})
    catalogue = scan(tmp_path, 0.2, 0)
    assert catalogue.classes == ("a", "b")
    assert names(catalogue, "train") == ["a/000.png", "b/000.png", "b/001.png"]
    assert catalogue.scored_part == test_name
    assert [sample.label for sample in catalogue.scored] == [0, 1]


def test_of_three_parts_val_is_scored_after_each_epoch(tmp_path: Path) -> None:
    fill(tmp_path, {"train/a": 1, "train/b": 1, "test/a": 2, "test/b": 2, "val/a": 3, "val/b": 3})
    catalogue = scan(tmp_path, 0.2, 0)
    assert (len(catalogue.train), len(catalogue.val), len(catalogue.test)) == (2, 6, 4)
    assert catalogue.scored is catalogue.val
    assert scan(tmp_path, 0.2, 0, split_val=True) == catalogue


def test_where_only_val_is_missing_it_is_taken_from_train_if_wanted(tmp_path: Path) -> None:
    fill(tmp_path, {"train/a": 10, "train/b": 5, "test/a": 2, "test/b": 2})
    assert scan(tmp_path, 0.2, 0).val == ()
    catalogue = scan(tmp_path, 0.2, 0, split_val=True)
    assert per_class(catalogue.val) == {0: 2, 1: 1} and per_class(catalogue.train) == {0: 8, 1: 4}
    assert len(catalogue.test) == 4 and all("/train/" in sample.path for sample in catalogue.val)


def test_pictures_of_a_group_stay_together_whatever_their_class(tmp_path: Path) -> None:
    for patient in range(12):
        for label in ("ill", "well"):
            for number in range(1 + patient % 3):
                file = tmp_path / label / f"p{patient:02d}-{number}.png"
                file.parent.mkdir(exist_ok=True)
                file.touch()
    catalogue = scan(tmp_path, 0.25, 0, group=r"(p\d+)-")
    patients = [{Path(s.path).name[:3] for s in part} for part in (catalogue.train, catalogue.val)]
    assert not patients[0] & patients[1] and len(patients[0] | patients[1]) == 12
    assert len(catalogue.train) + len(catalogue.val) == 48
    assert 8 <= len(catalogue.val) <= 12  # a quarter, less what no whole group fills
    assert set(per_class(catalogue.val)) == {0, 1}
    assert catalogue == scan(tmp_path, 0.25, 0, group=r"(p\d+)-")
    assert catalogue.val != scan(tmp_path, 0.25, 1, group=r"(p\d+)-").val


def test_a_class_of_a_single_group_cannot_be_split(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 4, "b": 4})
    with pytest.raises(DataError, match=r"a class needs pictures of two groups"):
        scan(tmp_path, 0.2, 0, group=r"^\w")


@pytest.mark.parametrize("prefix", ["", "train/"])
def test_without_other_folders_a_share_of_each_class_is_taken_for_validation(tmp_path: Path, prefix: str) -> None:
    fill(tmp_path, {f"{prefix}a": 20, f"{prefix}b": 10, f"{prefix}c": 5})
    catalogue = scan(tmp_path, 0.2, 0)
    assert per_class(catalogue.val) == {0: 4, 1: 2, 2: 1}
    assert per_class(catalogue.train) == {0: 16, 1: 8, 2: 4}


@given(counts=st.lists(st.integers(2, 30), min_size=2, max_size=4), fraction=st.floats(0.01, 0.99))
@settings(max_examples=25, deadline=None)
def test_a_split_loses_no_picture_and_leaves_each_class_on_both_sides(
    counts: list[int], fraction: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("split")
    for label, count in enumerate(counts):
        (root / f"class{label}").mkdir()
        for number in range(count):
            (root / f"class{label}" / f"{number}.jpg").touch()
    catalogue = scan(root, fraction, 0)
    both = [sample.path for sample in (*catalogue.train, *catalogue.val)]
    assert len(both) == len(set(both)) == sum(counts)
    for label, count in enumerate(counts):
        kept = per_class(catalogue.val)[label]
        assert 1 <= kept < count and abs(kept - count * fraction) <= 1


def test_the_split_is_decided_by_the_seed(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 20, "b": 20})
    assert scan(tmp_path, 0.3, 1) == scan(tmp_path, 0.3, 1)
    assert scan(tmp_path, 0.3, 1).val != scan(tmp_path, 0.3, 2).val


def test_more_pictures_in_one_class_leave_the_split_of_another_as_it_was(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 10, "b": 10})
    before = [name for name in names(scan(tmp_path, 0.3, 0), "val") if name.startswith("b")]
    fill(tmp_path, {"a": 30})
    assert [name for name in names(scan(tmp_path, 0.3, 0), "val") if name.startswith("b")] == before


def test_hidden_folders_and_files_are_no_classes_and_no_pictures(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 3, "b": 3, ".ipynb_checkpoints": 3, "a/.cache": 3, "__MACOSX": 1, "__MACOSX/a": 1})
    (tmp_path / "a" / "._000.png").write_bytes(b"a Mac's shadow of a picture")
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    catalogue = scan(tmp_path, 0.4, 0)
    assert catalogue.classes == ("a", "b") and len(catalogue.train) + len(catalogue.val) == 6


def test_folders_within_a_class_belong_to_it_and_capital_endings_count(tmp_path: Path) -> None:
    fill(tmp_path, {"a/2023": 1, "a/2024/spring": 1, "b": 2})
    (tmp_path / "a" / "2023" / "000.png").rename(tmp_path / "a" / "2023" / "IMG.PNG")
    catalogue = scan(tmp_path, 0.5, 0)
    assert per_class(catalogue.train + catalogue.val) == {0: 2, 1: 2}


def test_linked_folders_are_followed_and_a_circle_of_links_ends(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", {"pictures": 3})
    root = fill(tmp_path / "root", {"b": 3})
    (root / "a").symlink_to(elsewhere / "pictures")
    (root / "b" / "again").symlink_to(root / "b")
    (root / "all").symlink_to(root)
    (root / "itself").symlink_to("itself")
    catalogue = scan(root, 0.34, 0)
    assert catalogue.classes == ("a", "b")
    assert per_class(catalogue.train + catalogue.val) == {0: 3, 1: 3}
    counts = {item.kind: item.count for item in catalogue.left_out}
    assert counts["links to a folder that they lie in"] == 2


# --- what stops before training -----------------------------------------------------------------------------

STOPS = [
    ({}, "Too few classes", ["at least two", "none found, and no files"]),
    ({".": 2}, "Too few classes", ["at least two", "none found, but 2 pictures outside of any"]),
    ({"a": 0, "b": 0}, "Empty class", ["`a`, `b`", "train", "add pictures"]),
    ({"a": 3}, "Too few classes", ["only `a` found", "folder named after it"]),
    ({"a": 3, "b": 0}, "Empty class", ["`b`", "train", "add pictures", ".jpg"]),
    ({"a": 3, "b": 1}, "Too few pictures", ["/b:", "add more"]),
    ({"test/a": 1, "test/b": 1}, "No training pictures", ["`test` but no `train`"]),
    ({"train/a": 1, "train/b": 1, "test/a": 1, "test/b": 0}, "Empty class", ["to test on in `b`"]),
    (
        {"train/a": 1, "train/b": 1, "test/a": 1, "test/c": 1},
        "Classes differ",
        ["`b` only in `train`", "`c` only in `test`", "same class folders"],
    ),
    ({"train": 3, "test": 3}, "Too few classes", ["/train:"]),
]


@pytest.mark.parametrize(("folders", "title", "words"), STOPS)
def test_a_folder_that_cannot_be_trained_on_is_refused_by_name(
    tmp_path: Path, folders: dict[str, int], title: str, words: list[str]
) -> None:
    fill(tmp_path, folders)
    with pytest.raises(DataError) as caught:
        scan(tmp_path, 0.2, 0)
    assert caught.value.title == title
    assert str(tmp_path) in caught.value.message
    for word in words:
        assert word in caught.value.message


def test_a_class_of_other_files_than_pictures_is_empty(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 3, "b": 3})
    for file in (tmp_path / "b").iterdir():
        file.rename(file.with_suffix(".heic"))
    with pytest.raises(DataError, match="Empty class"):
        scan(tmp_path, 0.2, 0)


@pytest.mark.parametrize(("make", "what"), [(None, "does not exist"), (Path.touch, "is not a folder")])
def test_a_root_that_is_no_folder_is_refused(tmp_path: Path, make, what: str) -> None:
    root = tmp_path / "pictures"
    if make:
        make(root)
    with pytest.raises(DataError, match=f"{what}; name your folder of pictures with --data DIR"):
        scan(root, 0.2, 0)


# --- a sample of the pictures is decoded before training ----------------------------------------------------------


def opened(root: Path, batch_size: int = 4) -> tuple[list[Loading | Unreadable], Catalogue]:
    loader = loader_of(Preparation(16, 18), batch_size=batch_size, seed=0, threads=2)
    found = open_catalogue(DataConfig(root=root), 0, loader)
    items = []
    try:
        while True:
            items.append(next(found))
    except StopIteration as end:
        return items, end.value
    finally:
        loader.close()


def test_a_picture_that_cannot_be_decoded_is_named_and_keeps_its_number(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 30, "b": 30})
    broken = tmp_path / "a" / "007.png"
    broken.write_bytes(b"no picture")
    items, catalogue = opened(tmp_path)
    bad = [item for item in items if isinstance(item, Unreadable)]
    assert [(item.path, item.reason) for item in bad] == [(str(broken), "not a picture in a known format")]
    # Were it left out, a run could not go on where its file can be read again, or one more cannot.
    assert catalogue == scan(tmp_path, 0.2, 0)


def test_a_file_name_that_is_not_utf_8_is_told_in_letters_that_can_be_printed(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 30, "b": 30})
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / "a" / "007.png").rename(tmp_path / "a" / name)
    assert len(opened(tmp_path)[1].train) == 48
    (tmp_path / "a" / name).write_bytes(b"")
    items, catalogue = opened(tmp_path)
    assert [item.path for item in items if isinstance(item, Unreadable)] == [f"{tmp_path}/a/caf\ufffd.png"]
    assert len(catalogue.train) + len(catalogue.val) == 60


def test_a_class_whose_name_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 3, "b": 3})
    (tmp_path / "a").rename(tmp_path / os.fsdecode(b"caf\xe9"))
    with pytest.raises(DataError, match=r"the name of caf\\xe9 is not UTF-8; rename the folder"):
        scan(tmp_path, 0.2, 0)


@pytest.mark.parametrize(("bad", "stops"), [(3, False), (4, True)])
def test_more_than_five_per_cent_of_them_stop_before_training(tmp_path: Path, bad: int, stops: bool) -> None:
    fill(tmp_path, {"a": 30, "b": 30})
    for number in range(bad):
        (tmp_path / "b" / f"{number:03}.png").write_bytes(b"")
    if not stops:
        assert sum(isinstance(item, Unreadable) for item in opened(tmp_path)[0]) == bad
        return
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    assert f"{bad} of 60 cannot be decoded" in caught.value.message
    assert "the file is empty" in caught.value.message and "remove or replace" in caught.value.message


def test_a_class_with_no_readable_picture_left_stops_before_training(tmp_path: Path) -> None:
    fill(tmp_path, {"train/a": 60, "train/b": 1, "test/a": 1, "test/b": 1})
    (tmp_path / "train" / "b" / "000.png").write_bytes(b"")
    with pytest.raises(DataError, match="no readable picture to train on in `b`"):
        opened(tmp_path)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the pictures that were decoded."""
    paths: list[str] = []
    real = Decoded.check
    monkeypatch.setattr(Decoded, "check", lambda self, path, testing: paths.append(path) or real(self, path, testing))
    return paths


def test_of_many_pictures_a_sample_is_decoded_and_one_of_each_class(tmp_path: Path, checked: list[str]) -> None:
    fill(tmp_path, {"train/a": 600, "train/b": 200, "train/rare": 2, "test/a": 90, "test/b": 1, "test/rare": 1})
    (tmp_path / "train" / "rare" / "000.png").write_bytes(b"")
    items, _ = opened(tmp_path)
    assert 256 <= len(checked) <= 260 and len(set(checked)) == len(checked)
    parts = {tuple(Path(path).relative_to(tmp_path).parts[:2]) for path in checked}
    assert parts == {(part, name) for part in ("train", "test") for name in ("a", "b", "rare")}
    assert f"{tmp_path}/train/rare/001.png" in checked
    assert [item.path for item in items if isinstance(item, Unreadable)] == [
        path for path in checked if path.endswith("train/rare/000.png")
    ]


@pytest.mark.parametrize(("share", "stops"), [(0.04, False), (0.08, True)])
def test_where_the_sample_looks_bad_all_pictures_are_decoded(
    tmp_path: Path, checked: list[str], share: float, stops: bool
) -> None:
    fill(tmp_path, {"a": 500, "b": 500})
    for number in range(round(500 * share)):
        for name in ("a", "b"):
            (tmp_path / name / f"{number:03}.png").write_bytes(b"")
    if stops:
        with pytest.raises(DataError, match="80 of 1000 cannot be decoded"):
            opened(tmp_path)
    else:
        assert sum(isinstance(item, Unreadable) for item in opened(tmp_path)[0]) == 40
    assert len(checked) == 1000


def test_progress_is_told_while_one_picture_keeps_all_others_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first picture is decoded when the third report of progress has come: without any report, never."""
    fill(tmp_path, {"a": 5, "b": 5})
    go_on = threading.Event()

    def slow(self: object, path: str, testing: bool) -> str:
        assert go_on.wait(30)
        return ""

    monkeypatch.setattr("engine.data.decoded.Decoded.check", slow)
    monkeypatch.setattr("engine.data.loader.ANSWER_SECONDS", 0.001)
    monkeypatch.setattr("engine.data.look_into.REPORT_SECONDS", 0.0)
    loader = loader_of(Preparation(16, 18), batch_size=4, seed=0, threads=2)
    found, reports = open_catalogue(DataConfig(root=tmp_path), 0, loader), []
    try:
        while True:
            item = next(found)
            if isinstance(item, Loading) and item.what == "looking into pictures":
                reports.append((item.done, item.total))
            if len(reports) == 3:
                go_on.set()
    except StopIteration:
        pass
    finally:
        go_on.set()
        loader.close()
    assert reports[:3] == [(0, 10)] * 3 and reports[-1] == (10, 10)


def test_a_million_files_are_not_submitted_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(400):
            (tmp_path / name / f"{number}.jpg").touch()
    loader = loader_of(Preparation(16, 18), batch_size=4, seed=0, threads=2)
    submitted: list[object] = []
    submit = loader._pool.submit
    monkeypatch.setattr(loader._pool, "submit", lambda *task: submitted.append(task) or submit(*task))
    found = loader.check([(sample, False) for sample in scan(tmp_path, 0.2, 0).train])
    next(found)
    assert len(submitted) == 256
    assert len(list(found)) == 639 and len(submitted) == 640
    loader.close()


def test_a_folder_that_vanishes_while_it_is_checked_is_an_error_in_words(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 5, "b": 5})
    loader = loader_of(Preparation(16, 18), batch_size=4, seed=0, threads=2)
    samples = scan(tmp_path, 0.2, 0).train
    shutil.rmtree(tmp_path / "a")
    bad = [item for _, item in loader.check([(sample, False) for sample in samples]) if item is not None]
    loader.close()
    assert {item.reason for item in bad} == {"No such file or directory"} and len(bad) == 4
