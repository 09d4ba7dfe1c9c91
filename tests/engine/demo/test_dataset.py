"""The demo's data set on disk: drawn once, whole or not at all."""

import hashlib
from itertools import islice

import pytest
from PIL import Image

from engine.demo import dataset
from engine.demo.dataset import default_root, ensure_demo_dataset


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setattr(dataset, "SPLITS", {"train": 6, "test": 4})


def draw(root, seed=0):
    return list(ensure_demo_dataset(root, seed))


def digest(root):
    return {
        file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*.jpg"))
    }


def test_folders_are_splits_of_balanced_classes(tmp_path):
    draw(tmp_path / "demo")
    counts = {
        f"{folder.parent.name}/{folder.name}": len(list(folder.glob("*.jpg")))
        for folder in (tmp_path / "demo").glob("*/*")
    }
    assert counts == {
        "train/hot_dog": 3,
        "train/not_hot_dog": 3,
        "test/hot_dog": 2,
        "test/not_hot_dog": 2,
    }


def test_files_are_jpeg_pictures_a_little_larger_than_the_model_sees(tmp_path):
    draw(tmp_path / "demo")
    for file in (tmp_path / "demo").rglob("*.jpg"):
        with Image.open(file) as picture:
            picture.load()
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (80, 80))


def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path):
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        draw(tmp_path / name, seed)
    assert digest(tmp_path / "first") == digest(tmp_path / "again")
    assert set(digest(tmp_path / "first").values()).isdisjoint(digest(tmp_path / "other").values())


def test_no_picture_is_in_the_data_twice(tmp_path):
    draw(tmp_path / "demo")
    assert len(set(digest(tmp_path / "demo").values())) == 10


def test_progress_counts_up_to_the_total(tmp_path):
    assert draw(tmp_path / "demo") == [(done, 10) for done in range(1, 11)]


def test_existing_pictures_are_left_alone(tmp_path):
    root = tmp_path / "demo"
    draw(root)
    times = [file.stat().st_mtime_ns for file in root.rglob("*")]
    assert draw(root) == []
    assert [file.stat().st_mtime_ns for file in root.rglob("*")] == times


def test_nothing_is_there_before_all_of_it(tmp_path):
    root = tmp_path / "demo"
    for _ in ensure_demo_dataset(root, 0):
        assert not root.exists()
    assert len(digest(root)) == 10


def test_a_write_broken_off_leaves_nothing_and_is_made_good(tmp_path):
    root = tmp_path / "demo"
    drawing = ensure_demo_dataset(root, 0)
    list(islice(drawing, 4))
    drawing.close()
    assert list(tmp_path.iterdir()) == []
    assert len(draw(root)) == 10


def test_what_a_killed_process_left_is_not_taken_for_the_data(tmp_path):
    root = tmp_path / "demo"
    killed = ensure_demo_dataset(root, 0)
    list(islice(killed, 4))  # never resumed, so that its files stay, as those of a killed process do
    assert len(draw(root)) == 10
    assert len(digest(root)) == 10


def test_two_processes_at_once_end_with_one_whole_data_set(tmp_path):
    root = tmp_path / "demo"
    slow, fast = ensure_demo_dataset(root, 0), ensure_demo_dataset(root, 0)
    list(islice(slow, 4))
    list(fast)
    kept = digest(root)
    list(slow)
    assert digest(root) == kept
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_with_other_things_in_it_is_refused_and_kept(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "letter.txt").write_text("dear")
    with pytest.raises(OSError, match="demo"):
        draw(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["letter.txt"]


def test_the_default_folder_is_in_the_users_cache_and_of_one_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "user_cache_path", lambda name, **_: tmp_path / name)
    assert default_root(1).parent == tmp_path / "finetune-tui"
    assert default_root(1) != default_root(2)
    before = default_root(1)
    monkeypatch.setattr(dataset, "VERSION", dataset.VERSION + 1)
    assert default_root(1) != before
