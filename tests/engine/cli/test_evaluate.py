"""`evaluate`: the scores of a trained model, and how two models differ on the same pictures."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.storage import checkpoint
from engine.storage.journal import read_journal
from tests.engine.driving import only


def evaluate(*arguments: object) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_it_finds_what_training_found_on_the_runs_own_pictures(finished: Path, capsys) -> None:
    best = [event for event in only(read_journal(finished), p.EvalDone) if event.best][-1]
    assert evaluate(finished, "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert "these pictures chose the best weights" in err
    assert found["images"] == best.images and found["unreadable"] == 0
    assert found["metrics"]["accuracy"]["value"] == best.accuracy
    assert found["metrics"]["loss"]["value"] == pytest.approx(best.loss, abs=1e-5)
    for name, value in best.metrics.items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-4)
    assert [row["class"] for row in found["classes"]] == ["cat", "dog"]


def test_tables_and_files_say_the_same(finished: Path, pictures: Path, tmp_path: Path, capsys) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in ("pictures", "confusion")}
    given = [f"--{name}-csv={file}" for name, file in files.items()]
    assert evaluate(finished, "--data", pictures / "test", *given) == 0
    out, err = capsys.readouterr()
    assert "chose the best weights" not in err
    with files["pictures"].open() as file:
        rows = list(csv.DictReader(file))
    right = sum(int(row["right"]) for row in rows)
    assert len(rows) == 6 and f"accuracy  {right / 6:>8.1%}  " in out
    assert all((row["class"] == row["predicted"]) == (row["right"] == "1") for row in rows)
    header, *matrix = csv.reader(files["confusion"].read_text().splitlines())
    assert header[1:] == ["cat", "dog"] and [row[0] for row in matrix] == ["cat", "dog"]
    assert sum(int(matrix[k][k + 1]) for k in (0, 1)) == right
    assert sum(int(number) for row in matrix for number in row[1:]) == 6


def test_two_models_are_compared_picture_by_picture(finished: Path, pictures: Path, tmp_path: Path, capsys) -> None:
    state = checkpoint.load(finished / "scratch" / "best.pt")
    head = {name: -value if name.startswith("fc.") else value for name, value in state["model"].items()}
    other = tmp_path / "other.pt"  # it says the opposite
    checkpoint.save(state | {"model": head}, other)
    assert evaluate(finished, "--data", pictures, other, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    first, second = (model["metrics"]["accuracy"]["value"] for model in found["models"])
    assert first + second == pytest.approx(1)
    comparison = found["comparison"]
    assert comparison["only_first_right"] == round(6 * first) and comparison["only_second_right"] == round(6 * second)
    assert comparison["difference"] == pytest.approx(first - second)
    assert comparison["low"] <= comparison["difference"] <= comparison["high"]
    assert evaluate(finished, finished, "--data", pictures, "--tta") == 0
    out = capsys.readouterr().out
    assert "first less second: +0.0 points" in out and "p = 1\n" in out and "do not show which model is better" in out


def test_classes_are_matched_by_name_and_what_is_left_out_is_said(finished, pictures, tmp_path, capsys) -> None:
    shutil.copytree(pictures / "test" / "dog", tmp_path / "mine" / "dog")
    shutil.copytree(pictures / "test" / "cat", tmp_path / "mine" / "lynx")
    (tmp_path / "mine" / "dog" / "bad.jpg").write_text("no picture")
    assert evaluate(finished, "--data", tmp_path / "mine", "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["images"], found["unreadable"]) == (3, 1)
    assert [row["images"] for row in found["classes"]] == [0, 3]
    for said in ("does not know them: `lynx`", "no pictures of `cat`", "bad.jpg cannot be read: not a picture"):
        assert said in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}", "--data", "{tmp}/none"], "none does not exist; name a folder with a folder per class"),
        (["{run}", "--data", "{tmp}"], "the model knows `cat`, `dog`"),
        (["{run}", "{run}", "--pictures-csv", "{tmp}/x.csv"], "leave out OTHER"),
        (["{run}", "--data", "{data}", "--pictures-csv", "{tmp}/none/x.csv"], "none/x.csv"),
        (["{run}", "{tmp}/other.pt"], "other.pt does not exist"),
    ],
)
def test_mistakes_get_one_sentence(finished, pictures, tmp_path, capsys, arguments, message) -> None:
    places = {"run": finished, "data": pictures, "tmp": tmp_path}
    assert evaluate(*(text.format_map(places) for text in arguments)) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_mistakes_are_those_that_training_named_of_the_best_weights(finished: Path, capsys) -> None:
    events = list(read_journal(finished))
    best = [event for event in only(events, p.EvalDone) if event.best][-1]
    told = next(event for event in only(events, p.Confusion) if event.step == best.step)
    assert evaluate(finished, "--json", "--mistakes") == 0
    found = json.loads(capsys.readouterr().out)["mistakes"]
    assert found.pop("part") == best.part
    again = p.decode(json.dumps({"type": "confusion", **found}))
    assert (again.step, again.images, again.correct) == (told.step, told.images, told.correct)
    assert {mistake.path for mistake in again.mistakes} == {mistake.path for mistake in told.mistakes}
    assert evaluate(finished, "--mistakes") == 2
    assert "--mistakes adds to the object of --json" in capsys.readouterr().err
