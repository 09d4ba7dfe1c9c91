"""A table of pictures becomes the parts of a run, or an error that says what to mend."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from engine.cli.preview import count_pictures, find, lines
from engine.cli.program import main
from engine.config import load_config
from engine.config.sections import DataConfig
from engine.data.csv_list import list_csv
from engine.data.samples import Catalogue
from engine.errors import DataError
from tests.engine.conftest import write_weights

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a table beside forty pictures, `00.jpg` and so on."""
    for number in range(40):
        Image.new("RGB", (40, 40), (number * 5, 255 * (number % 2), 0)).save(tmp_path / f"{number:02}.jpg")

    def write(text: str, name: str = "labels.csv") -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


def listed(file: Path, **settings: object) -> Catalogue:
    return list_csv(DataConfig(source="csv", csv=file, **settings), 0)  # type: ignore[arg-type]


def labels(catalogue: Catalogue) -> dict[str, str]:
    samples = (*catalogue.train, *catalogue.val, *catalogue.test)
    return {Path(sample.path).name: catalogue.classes[sample.label] for sample in samples}


def rows(header: str, row: Callable[[int], str], count: int = 40) -> str:
    return "\n".join([header, *(row(number) for number in range(count))]) + "\n"


def parity(number: int) -> str:
    return ("even", "odd")[number % 2]


# --- what is read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_usual_columns_are_found_whatever_is_between_them_and_that_is_said(write: Write, delimiter: str) -> None:
    text = rows(
        delimiter.join(["age", "Image Path", "Class", "Split"]),
        lambda n: delimiter.join([str(n), f'"./{n:02}.jpg"', parity(n), ("Train", "validation", "TEST")[n // 2 % 3]]),
    )
    file = write("\ufeff" + text)
    found = listed(file)
    assert found.classes == ("even", "odd")
    assert labels(found) == {f"{n:02}.jpg": parity(n) for n in range(40)}
    assert {Path(sample.path).stem for sample in found.test} == {f"{n:02}" for n in range(40) if n // 2 % 3 == 2}
    assert (len(found.train), len(found.val), len(found.test)) == (14, 14, 12)
    assert found.notes == (f"{file}: paths from column `Image Path`, classes from `Class`, parts from `Split`",)


def test_without_parts_the_split_is_that_of_the_fraction_the_seed_and_the_group(write: Write) -> None:
    file = write(rows("id,label", lambda n: f"{n:02},{parity(n)}"))  # as at Kaggle: no endings
    found = listed(file, val_fraction=0.25)
    assert labels(found) == {f"{n:02}.jpg": parity(n) for n in range(40)}
    assert (len(found.train), len(found.val), found.test) == (30, 10, ())
    assert listed(file, val_fraction=0.25) == found
    assert list_csv(DataConfig(source="csv", csv=file, val_fraction=0.25), 1).val != found.val
    by_group = listed(file, val_fraction=0.25, group=r"^(\d)")
    tens = [{Path(sample.path).name[0] for sample in part} for part in (by_group.train, by_group.val)]
    assert tens[0] | tens[1] == set("0123") and not tens[0] & tens[1]


def test_paths_may_be_relative_to_another_folder_and_columns_may_be_named(write: Write, tmp_path: Path) -> None:
    file = write(rows("who,what,class", lambda n: f"{n:02}.jpg,{parity(n)},x"))
    elsewhere = tmp_path / "tables" / "labels.tsv"
    elsewhere.parent.mkdir()
    file.rename(elsewhere)
    found = listed(elsewhere, root=tmp_path, path_column="who", label_column="what")
    assert found.classes == ("even", "odd") and found.notes == ()


def test_classes_that_are_numbers_are_sorted_as_numbers(write: Write) -> None:
    found = listed(write(rows("file,target", lambda n: f"{n:02}.jpg,{n % 4 * 5}")))
    assert found.classes == ("0", "5", "10", "15")


def test_a_column_for_each_class_is_read(write: Write) -> None:
    text = rows("image,MEL,NV,BCC", lambda n: f"{n:02}," + ",".join(str(float(n % 3 == k)) for k in range(3)))
    found = listed(write(text))
    assert found.classes == ("BCC", "MEL", "NV") and "3 columns, one a class" in found.notes[0]
    assert labels(found) == {f"{n:02}.jpg": ("MEL", "NV", "BCC")[n % 3] for n in range(40)}
    with pytest.raises(DataError, match=r"no column has a usual name for classes.*`image`, `MEL`, `NV`, `BCC`"):
        listed(write(text.replace("0.0,1.0,0.0", "1.0,1.0,0.0", 1)))


def test_numbers_in_a_column_called_fold_are_no_parts(write: Write) -> None:
    found = listed(write(rows("file,label,fold", lambda n: f"{n:02}.jpg,{parity(n)},{n % 5}")))
    assert found.val and not found.test
    assert any("column `fold` has no parts, but values such as `0`" in note for note in found.notes)


def test_rows_that_name_a_file_again_or_a_missing_file_or_no_class_are_left_out_and_said(write: Write) -> None:
    text = rows("file,label", lambda n: f"{n:02}.jpg,{parity(n)}") + "./03.jpg,odd\ngone.jpg,odd\n04.jpg,\n"
    found = listed(write(text))
    assert len(labels(found)) == len(found.train) + len(found.val) == 40
    assert any("1 rows left out whose files are not there" in note and "gone.jpg" in note for note in found.notes)
    assert any("1 rows left out without a class, such as line 44" in note for note in found.notes)
    assert any("1 rows left out that name a file again, such as line 42" in note for note in found.notes)


# --- what is refused ------------------------------------------------------------------------------------------

PLAIN = rows("file,label", lambda n: f"{n:02}.jpg,{parity(n)}")


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        (PLAIN + "03.jpg,even\n", {}, ["03.jpg", "`odd` in line 5", "`even` in line 42"]),
        (PLAIN + "".join(f"x{n},odd\n" for n in range(3)), {}, ["3 of 43 files", "line 42", "x0", "data.root=DIR"]),
        (rows("file,image,label", lambda n: f"{n:02}.jpg,{n},a"), {}, ["`file` and `image`", "data.path_column"]),
        (rows("a,b,c", lambda n: "x,y,z"), {}, ["data.path_column", "`a`, `b`, `c`"]),
        (PLAIN, {"label_column": "breed"}, ["no column `breed`", "`file`, `label`"]),
        (PLAIN, {"label_column": "file", "path_column": "file"}, ["two purposes"]),
        (PLAIN, {"part_column": "label"}, ["data.label_column"]),
        (rows("file,what,s", lambda n: f"{n:02},{parity(n)},{n}"), {"part_column": "s"}, ["line 2", "part `0`"]),
        (rows("file,label", lambda n: f"{n:02}.jpg,x"), {}, ["at least two classes", "only `x`"]),
        (rows("file,label,set", lambda n: f"{n:02}.jpg,{parity(n)},test"), {}, ["no row is of the part `train`"]),
        (PLAIN + "05.jpg,odd,more\n", {}, ["line 42 has 3 fields", "the header has 2"]),
        (PLAIN + "05.jpg,rare\n", {}, ["05.jpg", "`odd`", "`rare`"]),
        ("file,file\n", {}, ["no rows below a header"]),
        ("file,file\na,b\n", {}, ["two columns are called `file`"]),
        ("", {}, ["no rows below a header"]),
    ],
)
def test_a_table_that_leaves_something_open_is_refused(
    write: Write, text: str, settings: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        listed(write(text), **settings)
    assert all(word in caught.value.message for word in words), caught.value.message
    assert "labels.csv" in caught.value.message and "\n" not in caught.value.message


def test_a_class_with_a_single_picture_is_named(write: Write) -> None:
    file = write(PLAIN.replace("39.jpg,odd", "39.jpg,rare"))
    with pytest.raises(DataError, match=r"labels\.csv, class `rare`: one picture cannot be split"):
        listed(file)


@pytest.mark.parametrize("content", [b"caf\xe9,x\n", b'file,label\n"a,b\n\x00'])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"labels\.csv"):
        listed(tmp_path / "labels.csv")


# --- the program ----------------------------------------------------------------------------------------------


def test_data_with_a_table_trains_and_goes_on_with_the_same_pictures(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = write(PLAIN + "gone.jpg,odd\n")
    small = ["model.name=test/norm", f"model.weights={write_weights(tmp_path, 'test/norm')}", "data.image_size=32"]
    small += ["device=cpu", "train.epochs=1", "recipe=lesson", "data.batch_size=8", "data.threads=1"]
    words = [word for text in [*small, f"checkpoint.dir={tmp_path / 'runs'}"] for word in ("--set", text)]
    assert main(["train", "--data", str(file), *words]) == 0
    err = capsys.readouterr().err
    assert "paths from column `file`, classes from `label`" in err and "gone.jpg" in err
    assert "2 classes, 32 training and 8 validation pictures" in err
    places = ["--set", f"checkpoint.dir={tmp_path / 'runs'}"]
    assert main(["train", "--resume", "folder-1", *places, "--epochs", "2"]) == 0
    assert "32 training and 8 validation pictures" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "runs" / "folder-1")]) == 0


def test_what_would_be_trained_on_is_counted_and_what_was_guessed_is_said(write: Write) -> None:
    file = write(PLAIN)
    config = load_config(None, ["data.source=csv", f"data.csv={file}"])
    said = lines(count_pictures(config, find(config)), as_json=False)
    assert said[0] == f"{file}: 32 pictures for training, 8 for validation"
    assert said[1] == "train: `labels.csv` (32), val: none, 20 % of train are taken (8), test: none"
    assert "classes from `label`" in said[2]


def test_a_table_that_is_not_there_ends_it_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["look", "--data", "/nowhere/labels.csv"]) == 2
    assert "data.csv /nowhere/labels.csv is not a file; name your table" in capsys.readouterr().err
    assert main(["look", "--data", "a.csv", "--data", "b"]) == 2
    assert "--data a.csv is a table; leave out the other --data" in capsys.readouterr().err
