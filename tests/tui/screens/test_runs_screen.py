"""The list of older runs: what is read there, what keys mark in it, and what it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.paths import ROOT
from tests.tui.journals import begun, write_run
from tests.tui.story import NOW, started, trained
from tui.screens.runs import RunsScreen
from tui.theme import DARK

STYLES = ROOT / "tui" / "app.tcss"


class Shown(App[None]):
    """The list alone."""

    CSS_PATH = STYLES

    def __init__(self, root: Path, chosen: set[str], without: str = "") -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.list = RunsScreen(root, chosen, without)
        self.answer: set[str] | None = None

    def on_mount(self) -> None:
        self.push_screen(self.list, self.answered)

    def answered(self, answer: set[str] | None) -> None:
        self.answer = answer

    def text(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    def names(self) -> list[str]:
        return [option.id for option in self.list.query_one(OptionList).options]

    def marked(self) -> list[str]:
        return [row.split()[1 + row.split().index("●")] for row in self.text().splitlines() if "●" in row]


@asynccontextmanager
async def shown(
    root: Path, chosen: set[str] = frozenset(), without: str = "", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Shown, Pilot[None]]]:
    app = Shown(root, set(chosen), without)
    async with app.run_test(size=size) as pilot:
        app.list._reader.join(60)
        app.list.follow()
        await pilot.pause()
        yield app, pilot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three runs, the newest first: birds-3, cats-2, cats-1."""
    for number, (name, model) in enumerate([("birds-3", "vit_b_16"), ("cats-2", "resnet50"), ("cats-1", "resnet18")]):
        events = [begun(name, model), started(), *trained("pretrained", 1, 10 * (number + 1))]
        write_run(tmp_path / name, *events, at=NOW - 7200 * (number + 1))
    return tmp_path


async def test_a_line_a_run_newest_first_with_what_it_came_to(root: Path):
    async with shown(root) as (app, _):
        lines = [line.strip("│┃ ").split() for line in app.text().splitlines()]
        assert [line for line in lines if "resnet18" in line] == [
            ["cats-1", "resnet18", "pretrained", "3/3", "96.0", "%", "6", "h"]
        ]
        assert app.names() == ["birds-3", "cats-2", "cats-1"]


async def test_a_narrow_terminal_has_the_columns_that_matter_most_and_all_when_it_is_wide_again(root: Path):
    async with shown(root, size=(72, 24)) as (app, pilot):
        assert "96.0 %    6 h" in app.text() and "pretrained" not in app.text() and "resnet18" in app.text()
        await pilot.resize_terminal(60, 24)
        app.list.follow()
        await pilot.pause()
        assert "96.0 %    6 h" in app.text() and "resnet18" not in app.text()
        await pilot.resize_terminal(80, 24)
        app.list.follow()
        await pilot.pause()
        assert "pretrained" in app.text() and "resnet18" in app.text()


async def test_space_marks_a_run_and_once_more_takes_that_back(root: Path):
    async with shown(root) as (app, pilot):
        await pilot.press("down", "space")
        await pilot.pause()
        assert app.marked() == ["cats-2"]
        await pilot.press("up", "space", "down", "space")
        await pilot.pause()
        assert app.marked() == ["birds-3"]
        await pilot.press("escape")
        assert app.answer == {"birds-3"}


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["down"], {"birds-3", "cats-2"}),  # the one it is on
        (["down", "space", "down"], {"birds-3", "cats-2"}),  # what is marked, not the one it is on
        (["space", "down"], set()),
    ],
)
async def test_enter_takes_what_is_marked_or_the_run_it_is_on(root: Path, keys: list[str], answer: set[str]):
    async with shown(root, {"birds-3"}) as (app, pilot):
        await pilot.press(*keys, "enter")
        assert app.answer == answer


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_what_was_marked_before_is_marked_and_stays_so(root: Path, key: str):
    async with shown(root, {"cats-1"}) as (app, pilot):
        assert app.marked() == ["cats-1"]
        await pilot.press("space", key)
        assert app.answer == {"birds-3", "cats-1"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("CATS", ["cats-2", "cats-1"]),
        ("resnet50", ["cats-2"]),
        ("cats 18", ["cats-1"]),
        ("cats q", []),
    ],
)
async def test_the_filter_finds_names_and_models(root: Path, text: str, names: list[str]):
    async with shown(root) as (app, pilot):
        await pilot.press("slash", *("space" if letter == " " else letter for letter in text))
        await pilot.pause()
        assert app.list.query_one(Input).value == text and app.names() == names


async def test_enter_in_the_filter_goes_to_the_list_and_hidden_marks_stay(root: Path):
    async with shown(root, {"birds-3"}) as (app, pilot):
        await pilot.press("slash", *"cats", "enter", "down", "space")
        await pilot.pause()
        assert app.marked() == ["cats-1"]
        await pilot.press("escape")
        assert app.answer == {"birds-3", "cats-1"}


async def test_the_run_on_the_screen_is_not_one_of_them(root: Path):
    async with shown(root, without="cats-2") as (app, _):
        assert app.names() == ["birds-3", "cats-1"]


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (200, 50)])
async def test_without_runs_it_says_so_and_keys_do_nothing(tmp_path: Path, size: tuple[int, int]):
    async with shown(tmp_path, size=size) as (app, pilot):
        assert "No other run here has curves to" in app.text()
        await pilot.press("space", "enter", "down", "escape")
        assert app.answer == set()


async def test_a_long_name_is_cut_but_for_its_number(tmp_path: Path):
    name = "all-the-birds-of-the-northern-hemisphere-12"
    write_run(tmp_path / name, begun(name, "efficientnet_v2_s_of_mine"), started(), *trained("pretrained", 1, 10))
    async with shown(tmp_path) as (app, _):
        (line,) = (line for line in app.text().splitlines() if "all-the" in line)
        assert line.strip("│┃ ").split()[:2] == ["all-the-birds…e-12", "efficientne…mine"]
        assert "94.0 %" in line and "0 s" in line
