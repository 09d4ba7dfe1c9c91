"""`i`: a path is asked for, and the answer of the run's best weights stands beside the picture."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine import protocol as p
from tests.tui.story import TRAINING, Screen
from tui.labelling import Label, Labelling
from tui.screens.label import LabelScreen

ANSWER = Label("birds/pretrained/best.pt (step 14, accuracy 80.0%)", [("hot_dog", 0.875), ("not_hot_dog", 0.125)])


def story(folder: Path) -> list[p.Event]:
    """A paused run in a folder."""
    return [replace(event, path=str(folder)) if isinstance(event, p.RunStarted) else event for event in TRAINING] + [
        p.Paused("pretrained", 14)
    ]


async def ask(pilot, path: object) -> None:
    await pilot.press("i")
    assert isinstance(pilot.app.screen, LabelScreen)
    pilot.app.screen.query_one("Input").value = str(path)
    await pilot.press("enter")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_the_answer_stands_beside_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[Labelling] = []
    monkeypatch.setattr(Labelling, "answer", lambda self: asked.append(self) or ANSWER)
    Image.new("RGB", (40, 30), (200, 30, 30)).save(tmp_path / "dog.png")
    screen = Screen(story(tmp_path))
    async with screen.shown((200, 50)) as pilot:
        await ask(pilot, tmp_path / "dog.png")
        text = screen.text()
        assert "hot_dog" in text and "87.5 %" in text and "12.5 %" in text and "step 14, accuracy 80.0%" in text
        assert pilot.app.screen.query_one("#picture").children
        (one,) = asked
        assert one.words[1:3] == (str(tmp_path), str(tmp_path / "dog.png"))
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, LabelScreen)


async def test_what_cannot_be_asked_is_said_and_the_next_question_can_be(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Labelling, "answer", lambda self: "it cannot be read: not a picture in a known format")
    (tmp_path / "bad.png").write_text("no picture")
    screen = Screen(story(tmp_path))
    async with screen.shown((200, 50)) as pilot:
        await ask(pilot, tmp_path / "none.png")
        assert "does not exist" in " ".join(screen.text().split())
        await pilot.press("escape")
        await ask(pilot, tmp_path)
        assert "is a folder; name one picture in it" in " ".join(screen.text().split())
        await pilot.press("escape")
        await ask(pilot, tmp_path / "bad.png")
        assert "it cannot be read: not a picture" in screen.text()


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (TRAINING, "training is not paused; p pauses it"),
        (story(Path("/nowhere")), "not on this machine"),
    ],
)
async def test_while_training_or_elsewhere_it_says_why_not(events: list[p.Event], reason: str):
    screen = Screen(events)
    async with screen.shown((200, 50)) as pilot:
        await pilot.press("i")
        assert not isinstance(pilot.app.screen, LabelScreen) and reason in screen.text()


def test_a_process_of_its_own_answers_and_says_why_there_is_no_answer(tmp_path: Path):
    assert "x.png does not exist" in str(Labelling(tmp_path / "none", tmp_path / "x.png").answer())
