"""`L`: the label clinic lists doubtful labels beside the chosen picture, and its keys say what is right."""

from pathlib import Path

import pytest
from PIL import Image

from engine import protocol as p
from tests.tui.story import TRAINING, Screen, started
from tui.refusals import LOCKED
from tui.screens.clinic import ClassScreen, ClinicScreen

FIRST, SECOND = "pictures/train/hot_dog/0042.jpg", "pictures/train/not_hot_dog/0007.jpg"
SUSPECTS = p.Suspects(
    "pretrained",
    10,
    (p.Suspect(FIRST, 0, 1, -3.25, 3.3, 2), p.Suspect(SECOND, 1, 0, -0.5, 0.9, 1)),
    2,
)
DOUBTFUL: list[p.Event] = [*TRAINING, SUSPECTS]


def said(path: str, verdict: p.Verdict, label: str = "") -> p.LabelCorrected:
    return p.LabelCorrected("pretrained", 14, path, path, verdict, label, 3)


@pytest.mark.parametrize(
    ("keys", "commands"),
    [
        (["r"], [p.CorrectLabel(FIRST, "right")]),
        (["x"], [p.CorrectLabel(FIRST, "leave_out")]),
        (["w", "enter"], [p.CorrectLabel(FIRST, "wrong", "not_hot_dog")]),
        (["w", "escape"], []),
        (["u"], []),
        (["down", "w", "enter"], [p.CorrectLabel(SECOND, "wrong", "hot_dog")]),
        (["x", "r"], [p.CorrectLabel(FIRST, "leave_out"), p.CorrectLabel(SECOND, "right")]),
    ],
)
async def test_a_key_says_what_is_right_and_goes_on_to_the_next_picture(keys: list[str], commands: list[p.Command]):
    screen = Screen(DOUBTFUL)
    async with screen.shown() as pilot:
        await pilot.press("L")
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        assert screen.session.sent == commands
        assert isinstance(pilot.app.screen, ClinicScreen)


async def test_what_was_said_stands_in_the_list_and_can_be_undone():
    screen = Screen(DOUBTFUL)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("L")
        await screen.feed(pilot, said(FIRST, "wrong", "not_hot_dog"), said(SECOND, "leave_out"))
        pilot.app.screen.follow()
        await pilot.pause()
        assert "left out" in screen.text()
        # Once the next epoch is over they are no suspects any more, and still in the list.
        await screen.feed(pilot, p.Suspects("pretrained", 20, (), 0))
        pilot.app.screen.follow()
        await pilot.pause()
        assert "0042.jpg" in screen.text() and "0007.jpg" in screen.text()
        await pilot.press("u")
        assert screen.session.sent == [p.CorrectLabel(FIRST, "undecided")]
        await screen.feed(pilot, said(FIRST, "undecided"))
        pilot.app.screen.follow()
        await pilot.pause()
        assert [doubt.path for doubt in screen.app.state.clinic.doubts("pretrained")] == [SECOND]


async def test_a_rewind_takes_back_what_was_said():
    screen = Screen([*DOUBTFUL, said(FIRST, "leave_out"), started(step=10)])
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("L")
        await pilot.pause()
        assert "left out" not in screen.text() and screen.app.state.clinic.judged == {}


async def test_the_picture_is_shown(tmp_path: Path):
    file = tmp_path / "0042.png"
    Image.new("RGB", (40, 30), (200, 30, 30)).save(file)
    suspects = p.Suspects("pretrained", 10, (p.Suspect(str(file), 0, 1, -3.25, 3.3, 2),), 1)
    screen = Screen([*TRAINING, suspects])
    async with screen.shown() as pilot:
        await pilot.press("L")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert [type(child).__name__ for child in pilot.app.screen.query_one("#picture").children] != ["Static"]
        assert "seen 2 times" in screen.text()


async def test_a_run_that_is_over_is_only_looked_at():
    screen = Screen(DOUBTFUL)
    screen.app.state.locked = LOCKED["view"]
    async with screen.shown() as pilot:
        await pilot.press("L")
        await pilot.pause()
        await pilot.press("x", "w")
        assert screen.session.sent == [] and not isinstance(pilot.app.screen, ClassScreen)
        assert "it is only looked at" in screen.text()
