"""`clinic`: the doubtful labels of a run, as a table, as JSON, and as a list of corrections."""

import json
from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig
from engine.data.corrections import Correction, read_corrections, write_corrections
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.driving import after_step, folder_of, only, play, with_settings


def clinic(*arguments: object) -> int:
    return main(["clinic", *map(str, arguments)])


@pytest.fixture
def doubtful(small: RunConfig) -> tuple[Path, p.Suspects]:
    """A run that is over, whose suspects do not change after they were told."""
    still = [p.SetRate("head", 0.0), p.SetRate("backbone", 0.0)]
    judged = p.CorrectLabel("train/cat/0.jpg", "leave_out")
    events = play(Run(with_settings(small, train__epochs=2)), after_step(1, *still, judged))
    return Path(folder_of(events)), only(events, p.Suspects)[-1]


def test_it_lists_what_the_run_told_last(doubtful: tuple[Path, p.Suspects], tmp_path: Path, capsys) -> None:
    folder, told = doubtful
    assert clinic(folder, "--json", "--write", tmp_path / "list.csv") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (
        [(row["path"], row["margin"], row["seen"]) for row in rows]
        == [(one.path, one.margin, one.seen) for one in told.pictures]
        != []
    )
    assert all({row["label"], row["other"]} == {"cat", "dog"} for row in rows)
    lines = {item.picture: item.label for item in read_corrections(tmp_path / "list.csv")}
    assert lines.pop("train/cat/0.jpg") == "", "what was said in the run is in the list, too"
    assert lines == {"/".join(Path(row["path"]).parts[-3:]): row["other"] for row in rows}


def test_a_list_that_is_there_is_added_to_and_another_file_is_not_overwritten(
    doubtful: tuple[Path, p.Suspects], tmp_path: Path, capsys
) -> None:
    folder, _ = doubtful
    file = tmp_path / "list.csv"
    write_corrections(file, [Correction("train/cat/0.jpg", "dog", "seen by a person"), Correction("train/dog/9.jpg")])
    assert clinic(folder, "--write", file) == 0
    lines = {item.picture: item.label for item in read_corrections(file)}
    assert (lines["train/cat/0.jpg"], lines["train/dog/9.jpg"]) == ("dog", "") and len(lines) > 2
    file.write_text("my notes\n")
    assert clinic(folder, "--write", file) == 2 and "name another file with --write" in capsys.readouterr().err
    assert file.read_text() == "my notes\n"


def test_the_table_says_how_many_there_are(doubtful: tuple[Path, p.Suspects], capsys) -> None:
    folder, told = doubtful
    assert clinic(folder, "--number", 1) == 0
    title, first, _, last = capsys.readouterr().out.splitlines()
    assert title.split()[:3] == ["margin", "loss", "seen"] and first.endswith(told.pictures[0].path)
    assert last == (
        f"scratch at step 8: {told.contradicted} of 14 labels contradicted"
        + (", the worst 1 are listed" if told.contradicted > 1 else "")
    )


def test_a_run_of_an_older_version_has_kept_nothing(doubtful: tuple[Path, p.Suspects], capsys) -> None:
    folder, _ = doubtful
    for file in folder.rglob("*.pt"):
        state = checkpoint.load(file)
        del state["label_record"], state["format"]
        checkpoint.save(state, file)
    assert clinic(folder) == 2
    assert "says nothing of labels; train on with this version" in capsys.readouterr().err
