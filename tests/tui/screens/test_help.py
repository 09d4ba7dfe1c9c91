"""Help: the pane in focus first, and a sentence for every label that stands on the screen."""

import re

import pytest

from engine import protocol as p
from tests.tui.story import BEGUN, BOTH_ARMS, RUN_STARTED, STEERED, TRAINING, Screen, gpu, system, trained
from tui import words
from tui.keys import KEYS
from tui.panels.panel import Panel
from tui.panels.status import Status
from tui.panes import PANES

EVALUATING = [*BEGUN, *trained("pretrained", 1, 9), p.Evaluating("pretrained", 10, 128, 400)]
FROZEN = [system(gpu(), gpu(1)), *TRAINING, p.GroupFrozen("pretrained", 14, "backbone", frozen=True)]
STORIES = {"both arms": BOTH_ARMS, "steered": STEERED, "evaluating": EVALUATING, "frozen": FROZEN}


def labels(panel: Panel) -> set[str]:
    """What stands in a panel in the colour of labels, without figures, dashes and whole sentences."""
    shown = panel._shown
    spans = (shown.plain[span.start : span.end] for span in shown.spans if span.style == "$muted")
    texts = (text for span in spans for text in re.split(" {2,}", span) if ": " not in text)
    return {label for text in texts if (label := without_figures(text))}


def without_figures(text: str) -> str:
    return re.sub(r"\d[\d,./:]*", "", text).strip(" –·|()")


def explained(pane: str | None) -> set[str]:
    """The labels of a pane that have a sentence; some have a figure in their name, such as F1."""
    known = words.PANES.get(pane or "", {})
    return {*known, *map(without_figures, known)}


@pytest.mark.parametrize("story", STORIES)
async def test_every_label_has_its_sentence(story):
    screen = Screen(STORIES[story])
    async with screen.shown((200, 60)):
        panels = [view for view in screen.app._body._views.values() if isinstance(view, Panel) and view.region.area]
        panels = [panel for panel in panels if panel.id != "log"]  # it has sentences of its own, dim ones, too
        found = {panel.id: labels(panel) - explained(panel.id) for panel in panels}
    assert len(found) >= 4 and not any(found.values()), found


async def test_every_word_of_a_plots_legend_has_its_sentence():
    screen = Screen(STEERED)
    async with screen.shown((200, 60)):
        for name in ("loss", "accuracy"):
            legend = screen.app._body._views[name].border_title
            assert re.findall(r"[a-z]+", legend), legend
            assert set(re.findall(r"(?<!\[\$)\b[a-z]{3,}\b(?!\])", legend)) <= words.PANES[name].keys()


async def test_the_first_line_has_its_sentences():
    screen = Screen([*STEERED, p.Watching(3)])
    async with screen.shown((200, 60)):
        said = screen.app.query_one(Status)._shown.plain
    assert all(label in said for label in words.PANES["status"])


@pytest.mark.parametrize("pane", PANES, ids=lambda pane: pane.name)
def test_every_pane_is_explained(pane):
    assert words.PANES[pane.name]


async def test_the_pane_in_focus_comes_first_with_what_stands_in_it():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        while screen.app._body.focused is None or screen.app._body.focused.id != "progress":
            await pilot.press("tab")
        await pilot.press("?")
        text = screen.text()
        assert "help: progress" in text and "Pane progress" in text
        assert "To the end of this arm" in text
        assert "Pause after the current step" not in text
        await pilot.press("end")
        await pilot.wait_for_scheduled_animations()
        await pilot.pause()
        assert "goes on without a screen" in screen.text()


async def test_help_without_a_focus_says_how_to_get_one_and_names_the_experiments():
    screen = Screen(TRAINING)
    async with screen.shown((120, 120)) as pilot:
        await pilot.press("?")
        text = screen.text()
    assert "Give the next pane the focus" in text and "freeze the backbone" in text
    assert all(f"{word} " in text for word, _ in words.WORDS)


async def test_help_is_one_widget():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("?")
        assert len(list(screen.app.screen.query("*"))) <= 3


async def test_a_panes_own_keys_are_in_help_and_palette_while_it_has_the_focus(monkeypatch):
    own = KEYS[0].__class__("loss_far", ("v",), "v", "far view", "Look from afar.", pane="far")
    monkeypatch.setattr("tui.keys.KEYS", (*KEYS, own))
    monkeypatch.setattr("tui.palette.LABELS", {key.label: 1 for key in (*KEYS, own)})
    screen = Screen(TRAINING)
    async with screen.shown((120, 60)) as pilot:
        screen.app._body._views["progress"].kind = "far"

        def offered() -> list[str]:
            return [command.title for command in screen.app.get_system_commands(screen.app.screen)]

        assert "far view (v)" not in offered()
        screen.app.screen.set_focus(screen.app._body._views["progress"])
        await pilot.pause()
        assert offered()[0] == "far view (v)"
        await pilot.press("?")
        assert "Look from afar." in screen.text()


async def test_a_command_of_the_palette_acts_on_the_pane_that_had_the_focus():
    screen = Screen([RUN_STARTED, *TRAINING])
    async with screen.shown((120, 40)) as pilot:
        screen.app.screen.set_focus(screen.app._body._views["rates"])
        await pilot.press("ctrl+p", *"zoom", "enter")
        await pilot.pause()
        assert screen.app._body.zoomed == "rates"
