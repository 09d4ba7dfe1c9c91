"""The page of a run before it starts: what must be downloaded, and how it comes back where the run does not start."""

import pytest

from engine.cli.first_weights import Weights, weights_lines
from engine.errors import EngineError
from engine.protocol import Loading
from tests.tui.start_screen.pages import FOUND, ScriptedFetch, ScriptedLook, Started, before_a_run, shown
from tui.start_screen.fetching import progress
from tui.start_screen.filled import Answer, Filled, answer
from tui.start_screen.looking import parse
from tui.start_screen.value import Value

pytestmark = pytest.mark.usefixtures("place")

MISSING = Weights("torchvision's", "/cache/resnet18-f37072fd.pth", "https://example.org/r.pth", 46_830_571, False)
HERE = Weights("torchvision's", "/cache/resnet18-f37072fd.pth", "https://example.org/r.pth", 46_830_571, True)


async def enter(page: Started) -> ScriptedFetch:
    """Change the epochs, and start; the download that begins."""
    for found in (FOUND, MISSING):
        ScriptedLook.made[-1].find(found)
    await page.settle()
    await page.press("down", "down", "space", "enter")
    (fetch,) = ScriptedFetch.made
    return fetch


async def test_what_must_be_downloaded_is_said_before_and_the_run_starts_when_it_is_there() -> None:
    async with before_a_run() as page:
        fetch = await enter(page)
        assert "45 MiB, from" not in page.text and "loading PyTorch…; Esc cancels" in page.text
        assert fetch.words == ["--data", "pictures", "--epochs", "10"] and page.app.chosen is None
        fetch.find(Loading("downloading r.pth", 11 << 20, 44 << 20))
        await page.settle()
        assert "11.0 of 44.0 MiB; Esc cancels" in page.text
        await page.press("enter")
        assert len(ScriptedFetch.made) == 1 and page.app.chosen is None
        fetch.find(None)
        await page.settle()
    assert page.app.chosen == fetch.words
    assert page.app.answer.form == Filled(["--data", "pictures"], "pictures", page.app.answer.form.values)


async def test_a_download_that_fails_or_is_cancelled_keeps_the_form() -> None:
    async with before_a_run() as page:
        fetch = await enter(page)
        fetch.find(EngineError("Weights not downloaded", "https://example.org/r.pth: Connection refused"))
        await page.settle()
        assert "Connection refused" in page.text and page.command.endswith("--epochs 10")
        assert page.app.focused.field.name == "weights", "where a file can be named"
        await page.press("enter", "escape")
        fetch = ScriptedFetch.made[-1]
        assert len(ScriptedFetch.made) == 2 and fetch.ended and "The download is cancelled" in page.text
        assert page.command.endswith("--epochs 10") and "45 MiB, from example.org" in page.text
        fetch.find(None)
        await page.settle()
        assert page.app.chosen is None, "a cancelled download starts nothing"
        await page.press("enter", "down", "space")
        assert ScriptedFetch.made[-1].ended and "45 MiB, from example.org" in page.text
        await page.press("up", "space")
        await page.pilot.pause(0.1)
        assert "from example.org" not in page.text, "that is of other weights"


async def test_weights_that_are_here_start_at_once() -> None:
    async with before_a_run() as page:
        ScriptedLook.made[-1].find(HERE)
        await page.settle()
        assert "which is on this machine" in page.text
        await page.press("enter")
    assert page.app.chosen == ["--data", "pictures"] and ScriptedFetch.made == []


async def test_a_form_whose_run_did_not_start_comes_back_as_it_was_with_the_reason_above_it() -> None:
    typed = {"model": "resnet50", "weights": "none", "rate": "3e-4"}
    words = ["--data", "pictures", "--model", "resnet50", "--init", "scratch", "--set", "optim.scratch_lr=3e-4"]
    failed = Answer(words, Filled(["--data", "pictures"], "pictures", typed))
    async with shown(failed=answer(failed.as_plain_values()), why="Out of memory: a batch of 64 does not fit") as page:
        lines = page.text.splitlines()
        (why,) = [number for number, line in enumerate(lines) if "It did not start. Out of memory" in line]
        assert "resnet50" in "\n".join(lines[why:])
        assert page.app.screen.query(Value).first().value == "resnet50" and ScriptedLook.made[-1].words == words
        ScriptedLook.made[-1].find(FOUND)
        await page.settle()
        assert "It did not start" in page.text
        await page.press("down", "down", "space")
        assert "It did not start" not in page.text
        await page.press("escape")
        assert "What do you want" in page.text


def test_weights_are_read_as_look_writes_them_and_said_in_a_sentence() -> None:
    (line,) = weights_lines(MISSING, as_json=True)
    assert parse(line) == MISSING
    assert weights_lines(MISSING, as_json=False) == ["downloads resnet18-f37072fd.pth, 45 MiB, from example.org"]
    assert weights_lines(None, as_json=True) == []


def test_a_download_of_unknown_size_says_what_it_is() -> None:
    assert progress(Loading("downloading r.pth")) == "downloading r.pth…; Esc cancels"
