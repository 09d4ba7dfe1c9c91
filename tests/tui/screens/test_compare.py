"""Runs compared on the screen: tables above, curves below, at every size."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.journals import begun, write_run
from tests.tui.screens.test_runs_screen import shown as list_shown
from tests.tui.story import started, trained
from tui.comparing import ComparingApp
from tui.looks import USUAL, Looks
from tui.screens.compare import CompareScreen


def text_of(app: ComparingApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def read(pilot: Pilot[None]) -> None:
    """Wait until the runs have been read, and what they say is drawn."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@asynccontextmanager
async def shown(
    folders: list[Path], size: tuple[int, int], looks: Looks = USUAL
) -> AsyncIterator[tuple[ComparingApp, Pilot[None]]]:
    app = ComparingApp(folders, looks)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await read(pilot)
        yield app, pilot


def _with_settings(folder: Path, more: str = "") -> Path:
    (folder / "config.yaml").write_text(f"name: x\ndata: {{source: demo}}\n{more}")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    told = {
        "birds-1": [started(), *trained("pretrained", 1, 30)],
        "birds-2": [started("scratch"), *trained("scratch", 1, 20)],
    }
    return [_with_settings(write_run(tmp_path / name, begun(name), *events)) for name, events in told.items()]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_tables_above_and_curves_below(runs: list[Path], size: tuple[int, int]):
    async with shown(runs, size) as (app, _):
        lines = text_of(app).splitlines()
        assert len(lines) == size[1] and max(map(len, lines)) <= size[0]
        table, plot = ("\n".join(lines[: size[1] // 2]), "\n".join(lines[size[1] // 2 :]))
        assert "a  birds-1" in table and "b  birds-2" in table and "best (epoch)" in table
        assert "accuracy  ⠒⠒ pretrained  ╌╌ scratch" in plot and ("loss" in plot) == (size[0] >= 100)
        assert any("⠀" < letter <= "⣿" for line in lines[-size[1] // 3 :] for letter in line)
        letters = {line.rstrip("│ ")[-1] for line in lines[-size[1] // 2 :] if line.strip("│ ")}
        assert {"a", "b"} <= letters, "each line ends with the letter of its run"


async def test_keys_choose_what_is_seen_and_read_anew(runs: list[Path]):
    async with shown(runs, (80, 24)) as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        assert "─loss" in text_of(app)
        await pilot.press("z", "end")
        await pilot.pause()
        assert "settings: all are the same" in text_of(app) and "─loss" not in text_of(app)
        await pilot.press("z")
        await pilot.pause()
        assert "birds-1" not in text_of(app) and "─loss" in text_of(app)
        await pilot.press("z")
        _with_settings(runs[0], "seed: 7")
        await pilot.press("r")
        await read(pilot)
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert "seed     7  0" in text_of(app)


async def test_in_ascii_there_is_no_other_character(runs: list[Path]):
    async with shown(runs, (120, 36), Looks(ascii=True)) as (app, _):
        assert text_of(app).isascii()


async def test_what_cannot_be_read_is_a_sentence(runs: list[Path]):
    (runs[1] / "journal.jsonl").unlink()
    (runs[1] / "journal.jsonl").mkdir()
    async with shown(runs, (80, 24)) as (app, _):
        assert "Journal not read: " in text_of(app) and "journal.jsonl" in text_of(app).replace("│\n│ ", "")


@pytest.mark.parametrize(("keys", "names"), [(["c"], ["birds-1"]), (["down", "space", "c"], ["birds-0"])])
async def test_c_in_the_list_of_runs_compares_them_with_the_one_on_the_screen(
    runs: list[Path], keys: list[str], names: list[str]
):
    root = runs[0].parent
    write_run(root / "birds-0", begun("birds-0"), started(), *trained("pretrained", 1, 10), at=1.0)
    async with list_shown(root, without="birds-2") as (app, pilot):
        await pilot.press(*keys)
        await read(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert [folder.name for folder in app.screen._folders] == ["birds-2", *names]
        await pilot.press("escape")
        assert app.screen is app.list
