"""Folders as people have them are listed as they are meant, or refused by name."""

import unicodedata
from pathlib import Path

import pytest

from engine.config.sections import DataConfig
from engine.data.listing.left_out import left_out_notes
from engine.data.listing.summary import summary
from engine.data.reading.formats import readable
from engine.data.samples import Catalogue
from engine.data.sources import local_catalogue
from engine.errors import DataError


def fill(root: Path, counts: dict[str, int], ending: str = ".jpg") -> Path:
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (root / folder / f"{number:03}{ending}").touch()
    return root


def listed(*roots: Path, **settings: object) -> Catalogue:
    place = {"root": roots[0]} if len(roots) == 1 else {"roots": roots}
    found = local_catalogue(DataConfig(**place, **settings), 0)  # type: ignore[arg-type]
    assert found is not None
    return found


def both(**parts: int) -> dict[str, int]:
    return {f"{part}/{name}": count for part, count in parts.items() for name in ("cat", "dog")}


CASES = {
    "three": (both(train=20, val=6, test=6), "train: `train` (40), val: `val` (12), test: `test` (12)"),
    "roboflow": (both(train=20, valid=6), "train: `train` (40), val: `valid` (12), test: none"),
    "validation": (both(training=20, validation=6), "train: `training` (40), val: `validation` (12), test: none"),
    "dev": (both(TRAINING=20, Dev=6, Testing=2), "train: `TRAINING` (40), val: `Dev` (12), test: `Testing` (4)"),
    "capitals": (
        both(Train=20, Test=6),
        "train: `Train` (32), val: none, 20 % of train are taken (8), test: `Test` (12)",
    ),
    "scored": (
        both(train=20, test=6),
        "train: `train` (32), val: none, 20 % of train are taken (8), test: `test` (12)",
    ),
    "wrapped": (
        both(**{"pets/train": 20, "pets/test": 6}),
        "train: `pets/train` (32), val: none, 20 % of train are taken (8), test: `pets/test` (12)",
    ),
    "classes": (both(pets=20), "train: `pets` (32), val: none, 20 % of train are taken (8), test: none"),
    "single class": (
        both(**{"train/animals": 10, "val/animals": 5}),
        "train: `train/animals` (20), val: `val/animals` (10), test: none",
    ),
    "here": (
        {"cat": 20, "dog": 20},
        "train: the class folders (32), val: none, 20 % of train are taken (8), test: none",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_parts_are_found_and_said_in_one_line(tmp_path: Path, name: str) -> None:
    folders, line = CASES[name]
    found = listed(fill(tmp_path, folders), split_val=True)
    assert found.classes == ("cat", "dog")
    assert summary(found) == line


def test_without_a_part_to_choose_by_the_line_says_what_chooses(tmp_path: Path) -> None:
    assert summary(listed(fill(tmp_path, both(train=4, test=2)))) == (
        "train: `train` (8), val: none, test is scored after each epoch, test: `test` (4)"
    )


@pytest.mark.parametrize(("names", "part"), [(("val", "valid"), "val"), (("Train", "train"), "train")])
def test_two_folders_for_one_part_are_refused(tmp_path: Path, names: tuple[str, str], part: str) -> None:
    fill(tmp_path, both(training=3, **dict.fromkeys(names, 3)) if part == "val" else both(**dict.fromkeys(names, 3)))
    with pytest.raises(DataError, match=f"`{names[0]}`, `{names[1]}` both mean the part `{part}`; rename or remove"):
        listed(tmp_path)


def test_what_lies_deeper_is_said(tmp_path: Path) -> None:
    assert listed(fill(tmp_path / "one", both(pets=5))).notes == (
        f"{tmp_path}/one: the class folders are 1 folder deeper, in `pets`",
    )
    deep = fill(tmp_path / "two", both(**{"a/b/train": 5, "a/b/val": 5}))
    assert listed(deep).notes == (f"{deep}: the parts are 2 folders deeper, in `a/b`",)
    levels = fill(tmp_path / "three", {"cat/2023/may": 5, "cat/2024": 1, "dog": 5})
    assert listed(levels).classes == ("cat", "dog")
    assert listed(levels).notes == (
        f"{levels}: folders within a class folder belong to its class (2 levels of them, such as `cat/2023/may`)",
    )


def test_parts_within_classes_are_no_parts_and_that_is_said(tmp_path: Path) -> None:
    fill(tmp_path, {f"{name}/{part}": 4 for name in ("cat", "dog") for part in ("train", "test")})
    found = listed(tmp_path)
    assert len(found.train) + len(found.val) == 16
    assert "class folders have `test`, `train` within, which are no parts there" in found.notes[-1]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    found = listed(fill(tmp_path, {"car": 5, "train": 5}))
    assert found.classes == ("car", "train")
    assert "`train` is taken as a class like `car`" in found.notes[0]


def test_of_several_folders_parts_may_lie_deeper_but_a_single_class_is_one(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", both(**{"pets/train": 4, "pets/val": 2})), fill(tmp_path / "two", {"cat": 3})
    found = listed(one, two)
    assert (len(found.train), len(found.val)) == (11, 4)
    assert summary(found) == f"train: `{one}/pets/train, {two}` (11), val: `{one}/pets/val` (4), test: none"


# --- class names ----------------------------------------------------------------------------------------------------


def test_a_name_from_a_mac_is_the_same_class(tmp_path: Path) -> None:
    composed, decomposed = "café", unicodedata.normalize("NFD", "café")
    assert composed != decomposed
    fill(tmp_path, {f"train/{composed}": 4, "train/bar": 4, f"test/{decomposed}": 2, "test/bar": 2})
    found = listed(tmp_path)
    assert found.classes == ("bar", composed) and [sample.label for sample in found.test] == [0, 0, 1, 1]
    fill(tmp_path, {f"train/{decomposed}": 3})
    found = listed(tmp_path)
    assert [sample.label for sample in found.train] == [0] * 4 + [1] * 7
    assert "two folders are called `café`" in found.notes[0]
    assert [sample.path for sample in found.train[4:]] == sorted(sample.path for sample in found.train[4:])


def test_names_that_look_alike_get_a_hint_and_stay_two_classes(tmp_path: Path) -> None:
    found = listed(fill(tmp_path / "one", {"Cat": 4, "cat": 4, "cat ": 4, "dog": 4}))
    assert len(found.classes) == 4
    assert "the classes `Cat`, `cat`, `cat ` differ only in capital letters or spaces" in found.notes[0]
    fill(tmp_path / "two", {"train/Cat": 2, "train/dog": 2, "test/cat": 2, "test/dog": 2})
    with pytest.raises(DataError, match=r"`Cat` only in `train`; `cat` only in `test`.*differ only in capital letters"):
        listed(tmp_path / "two")


# --- a table beside the pictures -------------------------------------------------------------------------------------


def table(file: Path, folder: str = "", ending: str = ".jpg") -> None:
    rows = [f"{folder}{number:03}{ending},{'cat' if number % 2 else 'dog'}" for number in range(10)]
    file.write_text("\n".join(["file,label", *rows]))


@pytest.mark.parametrize(
    ("pictures", "name", "prefix", "ending"),
    [(".", "labels.csv", "", ".jpg"), ("images", "my.csv", "images/", ".jpg"), ("train", "train.csv", "", "")],
)
def test_a_table_beside_pictures_without_class_folders_is_used_and_said(
    tmp_path: Path, pictures: str, name: str, prefix: str, ending: str
) -> None:
    fill(tmp_path, {pictures: 10, "test": 2})
    table(tmp_path / name, prefix, ending)
    if name == "train.csv":
        (tmp_path / "sample_submission.csv").write_text("id,label\n000,cat\n")
    found = listed(tmp_path)
    assert found.classes == ("cat", "dog") and len(found.train) + len(found.val) == 10
    assert found.notes[0] == f"{tmp_path} has no class folders; its table `{name}` names the classes"
    assert summary(found).startswith(f"train: `{name}` (8), val: none, 20 % of train are taken (2)")


def test_an_unclear_table_is_refused_with_what_to_name(tmp_path: Path) -> None:
    fill(tmp_path, {".": 10})
    table(tmp_path / "a.csv")
    table(tmp_path / "b.csv")
    with pytest.raises(DataError, match=r"several tables, `a.csv`, `b.csv`; name the one .* --data .*/a.csv"):
        listed(tmp_path)
    (tmp_path / "b.csv").unlink()
    table(tmp_path / "a.csv", "elsewhere/")
    with pytest.raises(DataError, match=r"`a.csv` names, such as elsewhere/000.jpg, are not there; .*data.root=DIR"):
        listed(tmp_path)


def test_class_folders_come_before_a_table(tmp_path: Path) -> None:
    table(fill(tmp_path, {"cat": 4, "dog": 4}) / "labels.csv")
    found = listed(tmp_path)
    assert summary(found).startswith("train: the class folders")
    assert [(item.kind, item.count) for item in found.left_out] == [("tables", 1)]


# --- what is left out ----------------------------------------------------------------------------------------------


def kinds(found: Catalogue) -> dict[str, int]:
    return {item.kind: item.count for item in found.left_out}


def test_everything_left_out_is_counted_by_kind_with_an_example_and_a_remedy(tmp_path: Path) -> None:
    fill(tmp_path, both(train=4, val=2))
    for name in ("train/dog/c.CR2", "val/cat/d.mp4", "train/cat/e.zip"):
        (tmp_path / name).touch()
    for name in ("train/cat/Thumbs.db", "train/cat/.DS_Store", "train/cat/._001.jpg", "train/cat/.x.jpg"):
        (tmp_path / name).touch()
    for name in ("train/cat/no_ending", "train/cat/odd.xyz", "train/loose.jpg", "README.md", "train/cat/f.psd"):
        (tmp_path / name).touch()
    fill(tmp_path, {"eval/cat": 1, "train/.cache": 1, "train/cat/@eaDir/000.jpg": 3, "lost+found": 0})
    fill(tmp_path, {"train/#recycle": 1, "System Volume Information": 1, "$RECYCLE.BIN": 1})
    found = listed(tmp_path)
    assert (len(found.train), len(found.val)) == (8, 4)
    assert kinds(found) == {
        **{"raw pictures of cameras": 1, "videos": 1, "archives": 1},
        **{"system files": 2, "files of macOS beside others (`._*`)": 1, "hidden files": 1, "`.xyz` files": 1},
        **{"files without an ending": 1, "pictures beside the class folders": 1, "text files": 1},
        **{"files of picture editors": 1, "folders beside the parts": 1, "hidden folders": 1},
        "folders of other programs": 5,
    }
    raw = next(item for item in found.left_out if item.kind == "raw pictures of cameras")
    assert raw.example == f"{tmp_path}/train/dog/c.CR2" and raw.remedy == "export them as JPEG or TIFF"
    notes = left_out_notes(found.left_out)
    assert notes[-1].startswith("rightly left out: 5 folders of other programs (")
    assert any("1 folder beside the parts" in note and "call them `train`, `val` or `test`" in note for note in notes)


def test_thumbnails_of_a_network_disk_are_no_pictures(tmp_path: Path) -> None:
    fill(tmp_path, both(train=8, test=3))
    for file in list(tmp_path.glob("*/*/*.jpg")):
        fill(file.parent / "@eaDir", {file.name: 2})
    fill(tmp_path / "train", {"@eaDir/cat": 2})
    found = listed(tmp_path)
    assert (found.classes, len(found.train), len(found.test)) == (("cat", "dog"), 16, 6)
    assert kinds(found) == {"folders of other programs": 5}


@pytest.mark.parametrize(("ending", "kind"), [(".HEIC", "HEIC pictures"), (".jxl", "JPEG XL pictures")])
def test_pictures_that_an_extra_reads_are_read_or_left_out_with_the_extra(
    tmp_path: Path, ending: str, kind: str
) -> None:
    (fill(tmp_path, {"cat": 4, "dog": 4}) / "cat" / f"x{ending}").touch()
    found = listed(tmp_path)
    if readable(ending):
        assert len(found.train) + len(found.val) == 9 and not found.left_out
    else:
        (item,) = found.left_out
        assert (item.kind, item.count, item.example) == (kind, 1, f"{tmp_path}/cat/x{ending}")
        assert item.remedy.startswith("to read them: pip install 'finetune-tui[")


def test_newer_endings_are_read(tmp_path: Path) -> None:
    for ending in (".avif", ".GIF", ".jfif", ".jpe"):
        fill(tmp_path, {"cat": 2, "dog": 2}, ending)
    found = listed(tmp_path)
    assert len(found.train) + len(found.val) == 16 and not found.left_out


def test_a_test_folder_without_classes_is_left_out_with_what_to_do(tmp_path: Path) -> None:
    found = listed(fill(tmp_path, {**both(train=5), "test": 7}))
    assert not found.test and len(found.val) == 2
    assert [(item.count, "finetune-tui predict" in item.remedy) for item in found.left_out] == [(7, True)]


def test_many_odd_endings_are_counted_together(tmp_path: Path) -> None:
    fill(tmp_path, {"cat": 3, "dog": 3})
    for number in range(20):
        (tmp_path / "cat" / f"x.odd{number}").touch()
    found = listed(tmp_path)
    assert kinds(found)["other files"] == 8 and sum(kinds(found).values()) == 20
