"""The first page with the newest runs, and what every page has: help, and what was not found."""

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from tests.tui.journals import begun, write_run
from tests.tui.start_screen.pages import ScriptedLook, shown
from tests.tui.story import NOW, started, trained
from tui.start_screen.helping import PageHelp
from tui.start_screen.setup import SetupPage

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def runs(place: Path) -> None:
    for number, name in enumerate(("old-1", "new-1")):
        folder = place / "checkpoints" / name
        write_run(folder, begun(name), started(), *trained("pretrained", 1, 30), at=NOW + number)
        (folder / "config.yaml").write_text(f"data: {{root: {place / 'pictures'}}}")


@pytest.mark.usefixtures("runs")
async def test_the_newest_runs_stand_below_the_choices_or_beside_them_in_the_middle_and_arrows_lead_there() -> None:
    async with shown() as page:
        for width, height, beside in ((120, 36, True), (80, 24, False)):
            await page.pilot.resize_terminal(width, height)
            await page.settle()
            (row,) = [line for line in page.text.splitlines() if "new-1" in line]
            assert "▁▄▇" in row and "96.0 % test" in row and ("the demo" in row) is beside
            block = page.app.screen.query_one("#first").region
            assert abs(block.x - (width - block.right)) <= 1 and abs(block.y - (height - block.bottom)) <= 3
        await page.press(*["down"] * 4)
        assert page.command == "finetune-tui --resume checkpoints/new-1"
        await page.press("left")
        assert page.command == "finetune-tui --demo"
        await page.press("up")
        assert page.command == "finetune-tui --resume checkpoints/old-1"
        await page.press("enter")
        assert page.options() == ["go on where it was", "look at it again", "train again with other settings"]


@pytest.mark.usefixtures("runs")
async def test_one_key_shows_the_settings_before_anything_starts() -> None:
    async with shown() as page:
        for keys, words in (
            ("s", ["--demo"]),
            ("a", ["checkpoints/new-1/config.yaml"]),
            ("down s", ["--data", "~/pictures"]),
            ("right s", ["checkpoints/old-1/config.yaml"]),
            ("enter down down enter", ["checkpoints/old-1/config.yaml"]),
        ):
            await page.press(*keys.split())
            assert isinstance(page.app.screen, SetupPage)
            assert ScriptedLook.made[-1].words == words
            await page.press("escape")
    assert page.app.chosen is None


async def test_without_runs_there_is_nothing_to_train_again_and_a_folder_is_asked_for() -> None:
    async with shown() as page:
        await page.press("a")
        assert "There is no run in checkpoints yet" in page.text
        await page.press("down", "s")
        assert "Which folder" in page.text


async def test_why_a_run_did_not_start_is_said_where_there_is_no_form() -> None:
    async with shown(why="Weights not readable: demo") as page:
        assert "Weights not readable: demo" in page.text
        assert page.app.screen.query_one("#ways", OptionList).highlighted == 0


async def test_a_question_mark_explains_the_keys_of_each_page_in_a_field_too() -> None:
    async with shown() as page:
        for keys, said in (((), "Begin the demo"), (("down", "enter"), "Complete the path")):
            await page.press(*keys, "question_mark")
            assert isinstance(page.app.screen, PageHelp) and said in page.text
            await page.press("escape")
        assert page.app.screen.query_one(Input).value == ""
        await page.type("pictures")
        await page.press("enter", "f1")
        assert "Take the next choice" in page.text and "times through the training pictures" in page.text


async def test_a_folder_without_pictures_is_not_left_and_what_was_found_is_said(place: Path) -> None:
    for name in ("a", "b"):
        (place / "empty" / name).mkdir(parents=True)
    async with shown() as page:
        await page.press("down", "enter")
        await page.type("empty")
        await page.press("enter")
        assert "no readable picture to train on in `a`, `b`" in page.text.replace("\n  ", " ")
        assert page.app.screen.query_one(Input).value == "empty"
