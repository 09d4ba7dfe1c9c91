"""The page: complete, escaped, self-contained, and honest in whatever state a run is."""

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from engine import protocol as p
from engine.report.page import render, section
from engine.report.reading import read_run
from engine.service.status import State
from engine.storage.journal import Position
from tests.engine.report.told import (
    CLASSES,
    CONFIG,
    HOSTILE,
    Page,
    Told,
    begun,
    epoch,
    finished,
    picture,
    run,
    write_run,
)

TESTED = p.BestTested("pretrained", 8, "best.pt", 0.2, 0.75, 20)


def page_of(*folders: Path) -> Page:
    return Page(render([section(read_run(folder), number) for number, folder in enumerate(folders, 1)]))


def both_arms(tmp_path: Path) -> list[Told]:
    """Both arms, a rewind, a test of the pretrained one, and a mistake whose picture is there and one that is gone."""
    there = picture(tmp_path / "pictures" / HOSTILE.replace("/", "") / "it's 1.png")
    mistakes = (p.Mistake(str(there), 1, 0, 0.995), p.Mistake(str(tmp_path / "gone" / "2.png"), 0, 2, 0.6))
    confusion = p.Confusion("pretrained", 8, (3, 3, 2), (2, 2, 2), ((1, 0, 1), (0, 2, 1)), mistakes, (3, 2, 3))
    second: list[p.Message] = [replace(m, step=8) if isinstance(m, p.Confusion) else m for m in epoch(2, 0.75)]
    second = [confusion if isinstance(m, p.Confusion) else m for m in second]
    return [
        *(run(), begun(), *epoch(1, 0.5), *second, *epoch(3, 0.25, best=False)),
        (p.Rewind("points/1-000008-2.pt"), Position("pretrained", 1, 12, 2)),
        p.Rewound("pretrained", 8, 2, 1, 1, 12, "points/1-000008-2.pt", "by hand"),
        begun(step=8, branch=2),
        (p.SetRate("head", 0.5), Position("pretrained", 2, 10, 3)),
        *epoch(3, 0.625, best=False),
        p.ArmFinished("pretrained", 12, 0.625, 0.75, 30.0, "val"),
        TESTED,
        (p.SwitchArm("scratch"), Position("pretrained", 2, 12, 4)),
        *(begun("scratch"), *epoch(1, 0.125, arm="scratch"), *epoch(2, 0.25, arm="scratch")),
        finished("scratch", 8, completed=False),
    ]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return page_of(write_run(tmp_path / "told", *both_arms(tmp_path)))


def test_the_result_comes_first_with_its_interval_and_its_file(page: Page) -> None:
    # 15 of 20: Wilson's interval is 53.1 to 88.8 %
    result = (
        "classify 75.0 % of 20 test pictures correctly (95 % interval 53.1 % to 88.8 %). They are in pretrained/best.pt"
    )
    assert result in page.text and page.text.index(result) < page.text.index("What it was trained on")
    assert "75.0 % of 8 validation pictures" in page.text and "25.0 % of 8 validation pictures" in page.text
    assert "50.0 points more accurate" in page.text and "+1.8 to +75.2): this is more than chance" in page.text


def test_all_that_was_done_is_told_with_the_branch_and_the_epoch(page: Page) -> None:
    for row in (
        "pretrained 1 3.00 12 a person went back to points/1-000008-2.pt; a new branch begins",
        "pretrained 2 2.50 10 a person set the base rate of head to 0.5",
        "pretrained 2 3.00 12 a person switched to the scratch arm",
    ):
        assert row in page.text
    marks = [attributes for tag, attributes in page.elements if tag == "g" and "mark" in attributes.get("class", "")]
    assert {mark["class"] for mark in marks} == {"mark pretrained"}


def test_a_branch_that_was_left_is_drawn_paler_and_the_table_is_of_the_last_one(page: Page) -> None:
    styles = [attributes.get("class") for tag, attributes in page.elements if tag == "g"]
    assert styles.count("pretrained left") == 2 + 2  # in both plots and their legends
    assert "scratch left" not in styles
    assert "3 62.5 % 30.0 s – – –" in page.text
    assert "Rewinds left 1 branch of the pretrained arm." in page.text


def test_the_classes_have_precision_recall_and_f1(page: Page) -> None:
    assert "cat 3 2 3 66.7 % 66.7 % 66.7 %" in page.text
    assert f"{HOSTILE} 3 2 2 100.0 % 66.7 % 80.0 % cat (1)" in page.text
    assert f"{CLASSES[2]} 2 2 3 66.7 % 100.0 % 80.0 % –" in page.text


def test_mistakes_are_small_pictures_and_what_is_gone_is_named(page: Page) -> None:
    (shown,) = page.all("img")
    assert shown["alt"].endswith(f"{HOSTILE}, predicted as cat")
    kind, data = shown["src"].split(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as small:
        assert small.size == (160, 80) and small.getpixel((80, 40))[0] > 150
    assert "not on this machine any more" in page.text and "gone/2.png" in page.text
    assert "1 of 2 pictures cannot be shown" in page.text


def test_nothing_comes_from_elsewhere_and_no_text_becomes_code(page: Page) -> None:
    sources = [
        value for _, names in page.elements for name, value in names.items() if name in ("src", "href", "srcset")
    ]
    assert sources and all(source.startswith(("data:", "#")) for source in sources)
    assert page.all("script") == [] and HOSTILE in page.text
    assert "secret.example" not in page.text and "left out: their arguments may be addresses" in page.text


def test_it_can_be_read_without_seeing_it(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert all(names.get("scope") for names in page.all("th")) and all(names.get("alt") for names in page.all("img"))
    plots = [names for names in page.all("svg") if names.get("role") == "img"]
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    identifiers = [names["id"] for _, names in page.elements if "id" in names]
    assert len(plots) == 4 and len(identifiers) == len(set(identifiers))
    assert all(set(plot["aria-labelledby"].split()) <= set(identifiers) for plot in plots)


def test_several_runs_are_compared_and_each_has_its_section(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", *both_arms(tmp_path))
    two = write_run(tmp_path / "two & <b>", run(val=0), begun(), *epoch(1, 0.5, part="test"))
    page = page_of(one, two)
    assert sum(tag == "h1" for tag, _ in page.elements) == 1
    assert page.text.startswith("2 runs compared") and "two & <b> pretrained 50.0 %" in page.text
    assert [names["href"] for names in page.all("a")] == ["#run-1", "#run-2"]
    assert {"run-1", "run-2"} <= {names.get("id") for names in page.all("article")}
    identifiers = [names["id"] for _, names in page.elements if "id" in names]
    assert len(identifiers) == len(set(identifiers))


STATES: list[tuple[str, Sequence[Told], str]] = [
    ("nothing", [], "The journal has no beginning of a run"),
    ("no begin", [], "its journal ends before the first step"),
    ("lost", [run(), begun(), *epoch(1, 0.5)], "The run has no end, and its journal ends after step 4 of 12"),
    ("stopped", [run(), begun(), *epoch(1, 0.5), finished(step=4, completed=False)], "stopped before its epochs"),
    ("failed", [run(), begun(), p.RunFailed("Out of memory", "a <batch> is too large")], "Out of memory: a <batch>"),
    ("unscored", [run(), begun(), p.RunFailed("No", "no")], "There is no result: nothing was scored."),
    ("one arm", [run(), begun(), *epoch(1, 0.5), finished()], "Only the pretrained arm was trained."),
    ("no test", [run(test=0), begun(), *epoch(1, 0.5), finished()], "There are no test pictures."),
    ("no val", [run(val=0), begun(), *epoch(1, 0.5, part="test"), finished()], "The test pictures chose the best"),
    ("untested", [run(), begun(), *epoch(1, 0.5), finished()], "were not scored on the test pictures"),
    ("no file", [run(), begun(), *epoch(1, 0.5), finished()], "The file pretrained/best.pt is not there."),
    ("few", [run(), begun(), *epoch(1, 0.5), finished()], "was scored on only 8 validation pictures"),
    ("not a number", [run(), begun(), p.EvalDone("pretrained", 4, 1, float("nan"), 0.5, 8, True)], "50.0 % of 8 test"),
    ("no steps", [run(), p.ArmStarted("pretrained", 0, 1, 0, 0, (), "x"), finished(step=0)], "not scored"),
]


@pytest.mark.parametrize(("told", "said"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_a_run_in_any_state_says_so(tmp_path: Path, told: Sequence[Told], said: str) -> None:
    assert said in page_of(write_run(tmp_path / "run", *told)).text


@pytest.mark.parametrize(
    ("state", "said"), [("paused", "is not over (it is paused)"), ("finished", "is not over (it waits for commands)")]
)
def test_a_live_run_is_told_as_it_was_and_can_be_watched(tmp_path: Path, state: State, said: str) -> None:
    facts = read_run(write_run(tmp_path / "run", run(), begun(), *epoch(1, 0.5)))
    page = Page(render([section(replace(facts, status=replace(facts.status, state=state, live=True)), 1)]))
    assert said in page.text and "finetune-tui attach" in page.text and "replay" not in page.text


def test_a_damaged_journal_and_configuration_are_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", run(), begun(), *epoch(1, 0.5), finished(), config="name: [")
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"type": "eval_done", "arm": "pretr\n')
    page = page_of(folder)
    assert "1 line of the journal cannot be read" in page.text and "The configuration cannot be read" in page.text


def test_of_many_classes_the_most_frequent_confusions_are_listed_and_the_best_classes_folded(tmp_path: Path) -> None:
    count = 40
    wrong = tuple((label, (label + 1) % count, 1) for label in range(count))
    confusion = p.Confusion("pretrained", 4, (2,) * count, (1,) * count, wrong, (), (2,) * count)
    names = tuple(f"class {number}" for number in range(count))
    told = [confusion if isinstance(m, p.Confusion) else m for m in epoch(1, 0.5)]
    page = page_of(write_run(tmp_path / "run", run(classes=names), begun(), *told, finished()))
    assert "Most frequent confusions" in page.text and "20 pairs of classes more" in page.text
    assert "Confusion matrix" not in page.text and "The other 10 classes" in page.text


def test_the_choices_of_a_recipe_are_told_and_what_was_given_in_their_place(tmp_path: Path) -> None:
    config = CONFIG + "recipe: auto\noptim: {name: adamw, lr: 0.5}\n"
    page = page_of(write_run(tmp_path / "run", run(), begun(), *epoch(1, 0.5), finished(), config=config))
    assert "optim.name adamw the same" in page.text and "optim.lr 0.0001 0.5 (given)" in page.text
