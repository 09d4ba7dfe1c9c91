"""Runs compared: only what differs of their settings, and figures that say of which pictures they are."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.compare import lines
from engine.cli.program import main
from engine.data.listing.picture_list import Entry, Key, PictureList, write_list
from engine.metrics.interval import difference
from engine.recipes.choices import complete
from engine.report.reading import read_run
from engine.report.runs_compared import RunsCompared, compare_runs
from engine.storage.run_folder import PICTURES, load_run_config, save_config
from tests.engine.report.told import begun, epoch, finished, run, write_run

AUTO = "name: other\nrecipe: auto\ndata: {source: demo}\noptim: {lr: 0.001}\nhooks: {failed: [mail, secret]}\n"


def listed(folder: Path, *names: str, part: str = "val") -> None:
    entries = tuple(Entry(Key(0, name), part, "cat", 100, 0) for name in names)  # type: ignore[arg-type]
    write_list(folder / PICTURES, PictureList(("cat", "dog"), entries))


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A run whose best weights, of its second epoch, were right for 7 of 8 validation pictures."""
    told = [run(), begun(), *epoch(1, 0.5), *epoch(2, 0.875), *epoch(3, 0.75, best=False), finished()]
    return write_run(tmp_path / "one", *told)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A run with both arms; 4 of 8 with the pretrained one, 1 of 8 with the other one."""
    told = [run(), begun(), *epoch(1, 0.5), begun("scratch"), *epoch(1, 0.125, arm="scratch")]
    return write_run(tmp_path / "two", *told, config=AUTO)


def compared(*folders: Path) -> RunsCompared:
    return compare_runs([read_run(folder) for folder in folders])


def test_the_figures_of_each_arm_and_the_difference_from_the_better_arm_of_the_first_run(one: Path, two: Path):
    found = compared(one, two)
    assert found.base is not None and (found.base[0].letter, found.base[1]) == ("a", "pretrained")
    assert [(row.run.letter, row.arm) for row in found.against] == [("b", "pretrained"), ("b", "scratch")]
    for row, right in zip(found.against, (4, 1), strict=True):
        assert row.difference is not None and row.difference.part == "val"
        assert (row.difference.low, row.difference.high) == difference(right, 8, 7, 8)
        assert row.difference.by == pytest.approx((right - 7) / 8)
    assert [row.difference.may_be_chance for row in found.against if row.difference] == [True, False]
    text = list(lines(found))
    at = text.index("accuracy")
    assert text[at + 2].split() == ["a", "pretrained", "87.5%", "(2)", "val", "–", "75.0%", "(3)", "3/3", "0:30"]
    assert text[at + 4].split() == ["b", "scratch", "12.5%", "(1)", "val", "–", "12.5%", "(1)", "1/3", "0:10"]


def test_of_the_settings_only_what_differs_with_the_choices_of_the_recipe_and_without_secrets(one: Path, two: Path):
    save_config(complete(load_run_config(two)), two)  # as a run does
    found = {row.key: row.values for row in compared(one, two).settings}
    assert found["recipe"] == ("lesson", "auto") and found["optim.name"] == ("sgd", "adamw")
    assert all(len(set(values)) > 1 for values in found.values())
    assert not [key for key in found if key == "name" or key.startswith("hooks")]
    assert compared(one, write_run(one.parent / "again", run(), begun())).settings == ()


@pytest.mark.parametrize(
    ("lists", "same", "note"),
    [
        ((("a", "b"), ("b", "a")), True, ""),
        ((("a", "b"), ("a", "c")), False, "a and b were not scored on the same validation pictures (8 and 8)"),
        ((("a", "b"), None), None, "It is not known whether a and b were scored on the same validation pictures."),
    ],
)
def test_it_is_said_where_the_pictures_are_not_the_same(one: Path, two: Path, lists, same: bool | None, note: str):
    for folder, names in zip((one, two), lists, strict=True):
        if names is not None:
            listed(folder, *names)
    found = compared(one, two)
    assert {row.same_pictures for row in found.against} == {same}
    assert note in "\n".join(found.notes) and bool(found.notes) == bool(note)


def test_runs_that_were_scored_on_other_parts_are_not_compared(one: Path, tmp_path: Path):
    told = [run(val=0), begun(), *epoch(1, 0.5, part="test"), finished()]
    found = compared(one, write_run(tmp_path / "tested", *told))
    assert [row.difference for row in found.against] == [None]
    assert found.notes == ("b was scored on test pictures, a on validation pictures: they cannot be compared.",)
    assert any("cannot be compared" in line for line in lines(found))


def test_who_chose_on_the_test_pictures_themselves_is_named(one: Path, tmp_path: Path):
    tested = p.BestTested("pretrained", 4, "best.pt", loss=0.5, accuracy=0.625, images=8)
    first = write_run(tmp_path / "first", run(), begun(), *epoch(1, 0.5), tested, finished())
    second = write_run(tmp_path / "second", run(val=0), begun(), *epoch(1, 0.5, part="test"), finished())
    found = compared(first, second)
    (row,) = found.against
    assert row.difference is not None and row.difference.part == "test" and row.difference.second.accuracy == 0.625
    assert any(note.startswith("b chose its best weights on the test pictures") for note in found.notes)


def test_what_is_live_or_has_no_score_yet_is_said(one: Path, tmp_path: Path):
    facts = read_run(one)
    live = replace(facts, status=replace(facts.status, live=True, state="training"))
    notes = compare_runs([live, read_run(write_run(tmp_path / "new", run(), begun()))]).notes
    assert notes == ("a is live: these are its figures so far.", "Nothing of b was scored yet.")


def test_one_object_for_scripts(one: Path, two: Path, capsys):
    assert main(["compare", str(one), str(two), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert [(one["run"], one["name"], one["train_images"]) for one in told["runs"]] == [
        ("a", "one", 16),
        ("b", "two", 16),
    ]
    best = told["runs"][0]["arms"][0]["best"]
    assert (best["epoch"], best["part"], best["accuracy"], best["images"], best["tested"]) == (2, "val", 0.875, 8, None)
    assert told["differences"][0]["low"] < told["differences"][0]["difference"] < told["differences"][0]["high"]
    assert {"key": "recipe", "values": ["lesson", "auto"]} in told["settings"]


def test_what_is_no_run_is_one_sentence(one: Path, tmp_path: Path, capsys):
    (tmp_path / "no run").mkdir()
    for words in ([str(one), str(tmp_path / "no run")], [str(one)], [str(one), f"{one}/."]):
        assert main(["compare", *words]) == 2
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1
