"""`doctor` says what is wrong with pictures, for people and for scripts, and writes the list that leaves them out."""

import json
import shutil
from pathlib import Path

import pytest

from engine.cli.program import main
from engine.data.corrections import read_corrections
from tests.engine.doctor.drawn import fill


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = fill(tmp_path / "pictures")
    shutil.copy(root / "train/cat/00.png", root / "test/cat/copy.png")
    (root / "train/dog/00.png").write_bytes(b"")
    return root


def doctor(*words: str | Path) -> int:
    return main(["doctor", *map(str, words), "--set", "data.image_size=64", "--set", "recipe=lesson"])


def test_what_is_bad_comes_first_and_makes_the_status_1(root: Path, capsys) -> None:
    assert doctor(root) == 1
    out = capsys.readouterr().out
    assert f"{root}: 51 pictures (train 40, test 11) looked at in" in out
    assert "\n\nbad      1 test picture is a training picture, too (identical)\n         leave" in out
    assert "         test/cat/copy.png = train/cat/00.png\n" in out
    assert out.index("bad ") < out.index("warning ") and out.endswith("1 bad, 2 warnings, 0 notes\n")


def test_json_is_an_object_a_line(root: Path, capsys) -> None:
    assert doctor("--data", root, "--json") == 1
    first, *findings, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["type"], first["pictures"], first["train"], first["known"]) == ("examined", 51, 40, 0)
    assert [(item["check"], item["severity"], item["count"], item["leaves_out"]) for item in findings] == [
        ("between-parts", "bad", 1, 1),
        ("unreadable", "warning", 1, 1),
        ("small-classes", "warning", 1, 0),
    ]
    assert findings[0]["examples"] == [[str(root / "test/cat/copy.png"), str(root / "train/cat/00.png")]]
    assert last == {"type": "verdict", "bad": 1, "warnings": 2, "notes": 0}


def test_the_list_leaves_them_out_keeps_its_lines_and_touches_no_picture(root: Path, tmp_path: Path, capsys) -> None:
    file, before = tmp_path / "excluded.csv", sorted(root.rglob("*"))
    file.write_text("picture,label,reason\ntrain/cat/01.png,dog,mine\n")
    assert doctor(root, "--fix", file) == 1
    assert f"{file}: 2 pictures more to leave out, 3 lines in all" in capsys.readouterr().err
    kept, *new = read_corrections(file)
    assert (kept.picture, kept.label, kept.reason) == ("train/cat/01.png", "dog", "mine")
    assert [item.picture for item in new] == ["train/cat/00.png", "train/dog/00.png"] and before == sorted(
        root.rglob("*")
    )
    assert doctor(root, "--set", f"data.exclude={file}") == 0
    assert doctor(root, "--fix", file) == 1 and len(read_corrections(file)) == 3


def test_a_list_with_which_no_run_would_train_is_said(root: Path, tmp_path: Path, capsys) -> None:
    for file in (root / "train/dog").iterdir():
        shutil.copy(file, root / "test/dog" / f"copy{file.name}")
    file = tmp_path / "excluded.csv"
    assert doctor(root, "--fix", file) == 1
    assert f"a run will refuse this list: {file} leaves no picture to train on in `dog`" in capsys.readouterr().err


def test_a_file_that_is_no_list_is_not_overwritten(root: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "notes.txt").write_text("keep me")
    assert doctor(root, "--fix", tmp_path / "notes.txt") == 2
    assert "is no list of pictures to leave out" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "keep me"


def test_a_configuration_and_a_table_say_where_the_pictures_are(root: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine.yaml").write_text(f"data: {{root: {root}}}\n")
    assert doctor(tmp_path / "mine.yaml") == 1
    rows = [f"{file},{file.parent.name}" for file in sorted((root / "train").rglob("*.png"))]
    (tmp_path / "mine.csv").write_text("\n".join(["path,label", *rows]))
    assert doctor(tmp_path / "mine.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["bad"] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a folder of pictures"),
        (("none",), "No pictures: data.root none does not exist"),
        (("a.yaml", "b.yaml"), "b.yaml: one configuration at a time"),
        (("none.yaml",), "none.yaml"),
    ],
)
def test_what_cannot_be_looked_at_is_the_users_mistake(words, message: str, capsys) -> None:
    assert doctor(*words) == 2
    assert message in capsys.readouterr().err
