"""`predict`: pictures that a person names, and the answers in three forms."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.cli.program import main


@pytest.fixture
def folder(pictures: Path, tmp_path: Path) -> Path:
    """Two pictures of each class, a broken one, and what is no picture."""
    for name in ("cat", "dog"):
        for number in (0, 1):
            (tmp_path / "mine" / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(pictures / "test" / name / f"{number}.jpg", tmp_path / "mine" / name)
    (tmp_path / "mine" / "broken.png").write_text("no picture")
    (tmp_path / "mine" / "notes.txt").write_text("no picture")
    (tmp_path / "mine" / "page.psd").write_text("no picture")
    return tmp_path / "mine"


def predict(*arguments: object) -> int:
    return main(["predict", *map(str, arguments)])


def test_a_line_a_picture_and_what_is_skipped_is_said(finished: Path, folder: Path, capsys) -> None:
    (folder / "cat" / "@eaDir").mkdir()
    shutil.copy(folder / "cat" / "0.jpg", folder / "cat" / "@eaDir")
    assert predict(finished, folder) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [f"{folder}/{n}.jpg" for n in ("cat/0", "cat/1", "dog/0", "dog/1")]
    assert all(line.split()[1] in ("cat", "dog") and line.endswith("%") for line in lines)
    assert f"weights: {finished}/scratch/best.pt (step " in err
    assert f"left out: 1 file of picture editors, such as {folder}/page.psd; export them as PNG or TIFF" in err
    assert f"rightly left out: 1 folder of other programs ({folder}/cat/@eaDir), 1 text file" in err
    assert f"{folder}/broken.png cannot be read: not a picture in a known format" in err
    assert "1 of 5 pictures could not be read" in err


def test_csv_and_json_say_the_same(finished: Path, folder: Path, capsys) -> None:
    assert predict(finished, "--csv", folder, "--top-k", 5) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert predict(finished, folder, "--json", "--top-k", 2) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    broken = next(item for item in objects if "error" in item)
    assert broken == {"path": f"{folder}/broken.png", "error": "not a picture in a known format"}
    found = [item for item in objects if "error" not in item]
    assert [row["path"] for row in rows] == [item["path"] for item in found]
    for row, item in zip(rows, found, strict=True):
        first, second = item["top"]
        assert (row["label"], float(row["probability"])) == (first["class"], first["probability"])
        assert (row["class_2"], float(row["probability_2"])) == (second["class"], second["probability"])
        assert item["label"] == first["class"] and item["unsure"] is False


def test_below_the_threshold_it_is_unsure_and_says_its_guess(finished: Path, folder: Path, capsys) -> None:
    assert predict(finished, folder / "cat" / "0.jpg", "--threshold", 1) == 0
    assert capsys.readouterr().out.split()[1:3] == ["unsure", "-"]
    assert predict(finished, folder / "cat" / "0.jpg", "--threshold", 0.01) == 0
    assert capsys.readouterr().out.split()[1] in ("cat", "dog")


def test_names_are_files_patterns_or_lines_of_stdin_and_none_comes_twice(
    finished: Path, folder: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{folder}/dog/1.jpg\n\n{folder}/gone.jpg\n{folder}/cat/0.jpg\n"))
    assert predict(finished, f"{folder}/**/0.jpg", "-") == 0
    out, err = capsys.readouterr()
    assert f"{folder}/gone.jpg cannot be read: No such file or directory" in err
    paths = [line.split()[0] for line in out.splitlines()]
    assert paths == [f"{folder}/{name}.jpg" for name in ("cat/0", "dog/0", "dog/1")]


@pytest.mark.parametrize("link", [False, True])
def test_pictures_are_sorted_into_a_folder_per_class_and_nothing_is_overwritten(
    finished: Path, folder: Path, tmp_path: Path, capsys, link: bool
) -> None:
    into = tmp_path / "sorted"
    for _ in range(2):  # the second time they are there already
        assert predict(finished, folder, "--sort-into", into, *(["--link"] if link else [])) == 0
        names = sorted(file.name for file in into.rglob("*.*"))
        labels = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
        assert len(names) == 4 and {file.parent.name for file in into.rglob("*.*")} == set(labels)
    assert all(file.is_symlink() is link and file.read_bytes() for file in into.rglob("*.*"))
    assert len(list(folder.rglob("*.jpg"))) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}", "{folder}/gone.jpg"], "gone.jpg does not exist; name files, folders or patterns"),
        (["{run}", "{folder}/*.gif"], "nothing matches this pattern"),
        (["{run}", "{empty}"], "no file is a picture by its ending, such as .jpg"),
        (["{folder}/none.pt", "{folder}"], "none.pt does not exist; name a run or one of its .pt files"),
        (["no-such-run", "{folder}"], "no-such-run is no run folder"),
        (["{folder}/notes.txt", "{folder}"], "notes.txt is damaged or no checkpoint"),
        (["{run}", "{folder}", "--link"], "--link says how --sort-into DIR is filled"),
        (["{run}", "{folder}", "--device", "cuda:77"], "does not exist here"),
        (["{run}", "{folder}", "--sort-into", "{folder}/notes.txt"], "notes.txt"),
        (["{run}", "{folder}", "--arm", "pretrained"], "no checkpoint of the pretrained arm"),
    ],
)
def test_mistakes_get_one_sentence(finished, folder, tmp_path, capsys, arguments, message) -> None:
    (tmp_path / "empty").mkdir()
    places = {"run": finished, "folder": folder, "empty": tmp_path / "empty"}
    assert predict(*(text.format_map(places) for text in arguments)) == 2
    err = capsys.readouterr().err
    assert message in err.splitlines()[-1] and "Traceback" not in err


@pytest.mark.parametrize(("option", "value"), [("--top-k", "0"), ("--threshold", "2"), ("--batch-size", "x")])
def test_a_number_out_of_range_is_named(finished: Path, folder: Path, capsys, option: str, value: str) -> None:
    with pytest.raises(SystemExit) as ended:
        predict(finished, folder, option, value)
    assert ended.value.code == 2 and f"{value} is no" in capsys.readouterr().err


def test_without_any_readable_picture_the_status_is_1(finished: Path, folder: Path, capsys) -> None:
    assert predict(finished, folder / "broken.png") == 1
    assert "1 of 1 pictures could not be read" in capsys.readouterr().err


def test_what_was_done_to_pictures_is_said_once(finished: Path, folder: Path, capsys) -> None:
    for number in range(3):
        ramp = np.linspace(0, 4095, 600).reshape(20, 30).astype(np.uint16)
        Image.fromarray(ramp).save(folder / f"deep{number}.png")
    assert predict(finished, folder) == 0
    err = capsys.readouterr().err
    assert err.count("3 pictures have 16 bits or more") == 1 and f"(such as {folder}/deep" in err
