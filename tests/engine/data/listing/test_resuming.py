"""A run keeps the list of its pictures. A resume says what has changed, keeps the split, or is refused."""

import os
import shutil
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.config.sections import DataConfig
from engine.data.listing.picture_list import list_of, read_list, write_list
from engine.data.listing.resuming import kept_pictures, part_as_before
from engine.data.samples import Catalogue
from engine.data.sources import local_catalogue
from engine.errors import DataError
from engine.loop.run import Run
from tests.engine.driving import after_step, folder_of, only, play, with_settings

NAMES = ("cat", "dog")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ten files a class, each of its own size."""
    for label, name in enumerate(NAMES):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            (tmp_path / "pictures" / name / f"{number}.png").write_bytes(bytes(20 * label + number + 1))
    return tmp_path / "pictures"


def listed(root: Path) -> Catalogue:
    found = local_catalogue(DataConfig(root=root), 0)
    assert found is not None
    return found


@pytest.fixture
def kept(root: Path, tmp_path: Path) -> Path:
    """The list of the pictures as they are at first."""
    write_list(tmp_path / "pictures.tsv.gz", list_of(listed(root)))
    return tmp_path / "pictures.tsv.gz"


def parts(catalogue: Catalogue) -> tuple[object, ...]:
    return catalogue.classes, catalogue.train, catalogue.val, catalogue.test


def test_a_list_is_read_as_it_was_written(root: Path, tmp_path: Path) -> None:
    (root / "cat" / "tab\tline\n\udcff\"'.png").touch()
    (root / "cat" / "return\r.png").touch()
    pictures = list_of(listed(root))
    write_list(tmp_path / "list", pictures)
    assert read_list(tmp_path / "list") == pictures
    assert {item.part for item in pictures.entries} == {"train", "val"} and len(pictures.entries) == 22
    written = (tmp_path / "list").read_bytes()
    write_list(tmp_path / "list", pictures)
    assert (tmp_path / "list").read_bytes() == written


def test_the_same_pictures_elsewhere_are_the_same(root: Path, kept: Path, tmp_path: Path) -> None:
    catalogue = listed(root)
    assert kept_pictures(catalogue, kept) is catalogue
    shutil.copytree(root, tmp_path / "copy", copy_function=shutil.copyfile)
    copied = kept_pictures(listed(tmp_path / "copy"), kept)
    assert (
        not copied.notes
        and copied.train[0].path == f"{tmp_path}/copy/{Path(catalogue.train[0].path).relative_to(root)}"
    )


def test_pictures_that_came_take_no_part_and_the_split_stays(root: Path, kept: Path) -> None:
    before = listed(root)
    for number in range(10, 40):
        (root / "cat" / f"{number}.png").touch()
    (root / "bird").mkdir()
    for number in range(3):
        (root / "bird" / f"{number}.png").touch()
    now = listed(root)
    assert {sample.path for sample in before.train} & {sample.path for sample in now.val}
    after = kept_pictures(now, kept)
    assert parts(after) == parts(before)
    assert after.notes == (
        "33 pictures came after the run began, such as bird/1.png: they take no part in it; a new run would use them",
    )
    assert part_as_before(now, "val", kept) == tuple(
        sample.__class__(sample.path, sample.label + 1) for sample in before.val
    )


def rename_all(root: Path) -> None:
    for file in list((root / "cat").iterdir()):
        file.rename(file.with_name(f"new{file.name}"))


def move_between_classes(root: Path) -> None:
    (root / "cat" / "3.png").rename(root / "dog" / "33.png")
    (root / "dog" / "4.png").rename(root / "cat" / "44.png")
    (root / "dog" / "33.png").rename(root / "dog" / "3x.png")


def move_one(root: Path) -> None:
    (root / "dog" / "sub").mkdir()
    (root / "cat" / "3.png").rename(root / "dog" / "sub" / "3.png")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: (root / "cat" / "3.png").unlink(), ["1 picture is gone, such as cat/3.png"]),
        (rename_all, ["10 pictures are gone, such as cat/", "10 pictures came, such as cat/new"]),
        (move_between_classes, ["2 pictures are gone", "2 pictures came"]),
        (move_one, ["1 picture was moved, such as cat/3.png, now dog/sub/3.png (class `dog` now)"]),
    ],
)
def test_pictures_that_are_gone_or_moved_stop_a_resume_with_what_to_do(root: Path, kept: Path, change, words) -> None:
    change(root)
    with pytest.raises(DataError) as refused:
        kept_pictures(listed(root), kept)
    for word in (*words, str(root), "Put them back as they were", "or begin a new run"):
        assert word in refused.value.message


def test_two_pictures_that_were_swapped_between_classes_are_seen(root: Path, kept: Path) -> None:
    one, two = root / "cat" / "3.png", root / "dog" / "4.png"
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    after = kept_pictures(listed(root), kept)
    assert after.notes[0].startswith("2 pictures have another content than when the run began, such as cat/3.png;")
    assert parts(after) == parts(listed(root))


def test_a_picture_of_the_same_size_is_known_by_its_time_unless_all_were_copied(root: Path, kept: Path) -> None:
    os.utime(root / "cat" / "3.png", (1, 1))
    assert kept_pictures(listed(root), kept).notes[0].startswith("1 picture has another content")
    for file in root.glob("*/*"):
        os.utime(file, (1, 1))
    assert not kept_pictures(listed(root), kept).notes


def test_a_picture_in_another_part_of_a_table_stays_where_it_was(root: Path, tmp_path: Path) -> None:
    def table(first: str) -> Catalogue:
        rows = [
            f"{name}/{number}.png,{name},{first if number == 0 else 'val' if number < 3 else 'train'}"
            for name in NAMES
            for number in range(10)
        ]
        (root / "labels.csv").write_text("\n".join(["file,label,split", *rows]))
        found = local_catalogue(DataConfig(source="csv", csv=root / "labels.csv"), 0)
        assert found is not None
        return found

    before = table("train")
    write_list(tmp_path / "list", list_of(before))
    after = kept_pictures(table("val"), tmp_path / "list")
    assert parts(after) == parts(before)
    assert after.notes[-1] == (
        "2 pictures would be in another part now, such as cat/0.png (val): they stay where they were (train)"
    )


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00"])
def test_a_damaged_list_is_said_and_none_is_as_in_older_versions(root: Path, tmp_path: Path, content: bytes) -> None:
    catalogue = listed(root)
    assert kept_pictures(catalogue, tmp_path / "none") is catalogue
    (tmp_path / "list").write_bytes(content)
    after = kept_pictures(catalogue, tmp_path / "list")
    assert parts(after) == parts(catalogue) and "cannot be read" in after.notes[0]


# --- a run ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stopped(small: RunConfig, pictures: Path, tmp_path: Path) -> tuple[RunConfig, Path, Path]:
    """The configuration, the folder and the pictures of a run that was stopped, and has validation pictures."""
    root = tmp_path / "mine"
    shutil.copytree(pictures / "train", root)
    config = with_settings(small, data__root=str(root))
    return config, Path(folder_of(play(Run(config), after_step(2, p.Stop())))), root


def test_a_run_goes_on_with_the_split_that_it_had(stopped: tuple[RunConfig, Path, Path]) -> None:
    config, folder, root = stopped
    before = read_list(folder / "pictures.tsv.gz")
    for number in range(20, 50):
        shutil.copy(root / "cat" / "0.jpg", root / "cat" / f"{number}.jpg")
    resumed = play(Run(config, resume=folder))
    assert isinstance(resumed[-1], p.RunFinished) and resumed[-1].completed
    assert any("30 pictures came after" in event.message for event in only(resumed, p.PicturesNoted))
    started = only(resumed, p.RunStarted)[0]
    assert (started.train_images, started.val_images) == (
        sum(item.part == "train" for item in before.entries),
        sum(item.part == "val" for item in before.entries),
    )
    assert read_list(folder / "pictures.tsv.gz") == before


def test_a_run_whose_pictures_were_renamed_is_not_gone_on_with(stopped: tuple[RunConfig, Path, Path]) -> None:
    config, folder, root = stopped
    rename_all(root)
    failed = play(Run(config, resume=folder))[-1]
    assert isinstance(failed, p.RunFailed) and failed.exit_status == 2
    assert failed.title == "Pictures have changed" and "pictures are gone, such as cat/" in failed.message


def test_a_run_of_an_older_version_is_gone_on_with_and_gets_its_list(stopped: tuple[RunConfig, Path, Path]) -> None:
    config, folder, root = stopped
    (folder / "pictures.tsv.gz").unlink()
    (root / "cat" / "0.jpg").unlink()
    failed = play(Run(config, resume=folder))[-1]
    assert isinstance(failed, p.RunFailed) and "put the pictures back as they were and resume again" in failed.message
    shutil.copy(root / "cat" / "1.jpg", root / "cat" / "0.jpg")
    assert isinstance(play(Run(config, resume=folder))[-1], p.RunFinished)
    assert (folder / "pictures.tsv.gz").is_file()
