"""How the screen looks on other terminals, and how often it is drawn."""

import argparse
import re

import pytest
from rich.cells import cell_len
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from engine import protocol as p
from engine.errors import UserError
from tests import programs
from tests.tui.console import environment
from tests.tui.screens.test_screens import DIALOGS, STATES, shown
from tests.tui.story import BOTH_ARMS, STEERED, TRAINING, Screen, step_of, trained
from tui.keys import KEYS
from tui.looks import Looks, add_looks_arguments, looks, next_pace
from tui.panels.system import System
from tui.terminal.ascii import translated
from tui.theme import ARM_STYLES, DARK, LIGHT, READABLE, SIXTEEN, contrast, variables

TEXTUAL_THEMES = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]

# How people without one kind of cones see linear RGB, severity 1.0. Source: Machado, Oliveira & Fernandes (2009),
# "A Physiologically-based Model for Simulation of Color Vision Deficiency", table 1.
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def asked(*words: str, **environment: str) -> Looks:
    parser = argparse.ArgumentParser()
    add_looks_arguments(parser)
    return looks(parser.parse_args(words), environment)


# --- flags ----------------------------------------------------------------------------------------------


def test_without_flags_numbers_are_drawn_every_second_and_plots_every_two():
    wanted = asked()
    assert (wanted.refresh, wanted.plots, wanted.ascii, wanted.theme, wanted.pictures) == (1.0, 2.0, False, "", True)


@pytest.mark.parametrize(("refresh", "plots"), [("0.1", 1.0), ("0.5", 1.0), ("2", 4.0)])
def test_plots_are_drawn_every_second_time_but_no_faster_than_once_a_second(refresh: str, plots: float):
    assert asked("--refresh", refresh).plots == plots


def test_low_bandwidth_means_slow_and_without_pictures():
    wanted = asked("--lowbw")
    assert (wanted.refresh, wanted.plots, wanted.pictures) == (3.0, 15.0, False)
    assert asked("--lowbw", "--refresh", "1").refresh == 1.0


@pytest.mark.parametrize("refresh", ["0", "-1", "nan", "inf", "99999"])
def test_a_refresh_that_nobody_could_look_at_is_refused(refresh: str):
    with pytest.raises(UserError, match=r"use 0\.1 to 3600 seconds"):
        asked(f"--refresh={refresh}")


def test_a_theme_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(UserError, match=r"did you mean nord\?"):
        asked("--theme", "nort")
    assert asked("--theme", "finetune-light").theme == "finetune-light"


@pytest.mark.parametrize(
    ("said", "ascii"),
    [
        ({}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "en_US.utf8", "LC_ALL": "C"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
    ],
)
def test_ascii_is_chosen_where_the_locale_is_not_utf8(said: dict[str, str], ascii: bool):
    assert asked(**said).ascii == ascii


@pytest.mark.parametrize(
    "words", [["--theme", "nort"], ["view", "x", "--theme", "nort"], ["attach", "--theme", "nort"]]
)
def test_each_command_that_opens_the_screen_has_the_flags(words: list[str]):
    result = programs.run("tui", *words, env=environment())
    assert (result.returncode, result.stderr) == (2, "No such theme: --theme nort: did you mean nord?\n")


def test_a_terminal_that_cannot_show_a_screen_is_told_so_in_a_sentence(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.tui.console.environment", lambda: environment() | {"TERM": "dumb"})
    terminal = run("small.yaml")
    assert terminal.end() == (2, "No screen: this terminal cannot show one (TERM=dumb); use --headless\n")
    assert b"\x1b" not in terminal.seen


# --- pace -----------------------------------------------------------------------------------------------


def test_keys_go_along_the_paces_and_stop_at_the_ends():
    assert [next_pace(pace, slower=True) for pace in (0.1, 0.5, 3.0, 10.0, 60.0)] == [0.2, 1.0, 5.0, 10.0, 60.0]
    assert [next_pace(pace, slower=False) for pace in (0.1, 0.5, 3.0, 60.0)] == [0.1, 0.2, 2.0, 10.0]


async def test_plus_and_minus_change_the_pace_in_the_pane_of_the_machine_alone():
    screen = Screen(TRAINING)
    async with screen.shown((120, 36)) as pilot:
        screen.app.query_one(System).focus()
        await pilot.press("minus")
        await pilot.pause()
        text = screen.text()
        assert "8 system: NVIDIA H100, every 2 s" in text
        assert "drawn every 2 s, the plots every 4 s" in text and "+ - refresh" in text
        await pilot.press("plus", "plus")
        await pilot.pause()
        assert "every 0.5 s" in screen.text() and screen.session.sent == []
        await pilot.press("escape", "minus")
        assert isinstance(screen.session.sent[0], p.SetRate)


async def test_between_two_drawings_events_are_taken_in_and_nothing_is_drawn():
    screen = Screen(TRAINING, Looks(refresh=1000.0, plots=1000.0))
    async with screen.shown() as pilot:
        before = screen.text()
        screen.session.events.append(step_of("pretrained", 15))
        screen.app.tick()
        await pilot.pause()
        assert screen.app.state.view.step == 15 and screen.text() == before


async def test_the_end_of_a_run_is_on_the_plots_however_slow_the_pace():
    screen = Screen(TRAINING, Looks(refresh=1000.0, plots=1000.0))
    async with screen.shown((120, 36)) as pilot:
        before = [row.text for row in screen.app.query_one("#loss")._rows]
        screen.session.events += [*trained("pretrained", 15, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)]
        screen.app.tick()
        await pilot.pause()
        assert [row.text for row in screen.app.query_one("#loss")._rows] != before


@pytest.mark.parametrize("event", [p.Paused("pretrained", 14), p.RunFailed("Out of memory", "use a smaller batch")])
async def test_a_change_of_the_state_is_drawn_at_once_however_slow_the_pace(event: p.Event):
    screen = Screen(TRAINING, Looks(refresh=1000.0, plots=1000.0))
    async with screen.shown() as pilot:
        screen.session.events.append(event)
        screen.app.tick()
        await pilot.pause()
        assert ("PAUSED" in screen.text()) != ("The run failed" in screen.text())


# --- ASCII ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "size"),
    [
        *((state, (80, 24)) for state in STATES),
        *(("training-steered", size) for size in ((200, 50), (60, 60), (40, 10))),
    ],
)
async def test_in_ascii_no_state_has_another_character_and_columns_stay(state: str, size: tuple[int, int]):
    plain, usual = await shown(STATES[state], size, looks=Looks(ascii=True)), await shown(STATES[state], size)
    assert plain.isascii()
    for after, before in zip(plain.splitlines(), usual.splitlines(), strict=True):
        assert len(after) <= size[0]
        words = list(re.finditer(r"[A-Za-z]{4,}", before))
        assert all(after[word.start() : word.end()] == word[0] for word in words)


@pytest.mark.parametrize("dialog", DIALOGS)
async def test_in_ascii_dialogs_have_no_other_character(dialog: str):
    events, key = DIALOGS[dialog]
    assert (await shown(events, (80, 24), key, looks=Looks(ascii=True))).isascii()


def test_in_ascii_no_key_is_written_as_another_one():
    assert [key.shown for key in KEYS if translated(key.shown) != key.shown] == []


async def test_in_ascii_the_arms_have_lines_of_different_marks():
    text = await shown(BOTH_ARMS, (120, 36), looks=Looks(ascii=True))
    plots = "\n".join(text.splitlines()[2:12])
    assert plots.count("+") > 4 and "O" in plots and "o" in plots, "the scores of both"
    assert plots.count(".") > 40, "training"


@pytest.mark.parametrize("text", ["61°C – 5…", "日本語 ok", "⣿⠁ █▍", "e\u0301", "🙂"])
def test_a_translation_is_ascii_and_as_wide(text: str):
    assert translated(text).isascii() and cell_len(translated(text)) == cell_len(text)


# --- colours --------------------------------------------------------------------------------------------


def colours_of(theme: Theme) -> dict[str, Color]:
    values = variables(theme) | theme.to_color_system().generate()
    names = ("background", "panel", "surface", "foreground", "muted", "success", "warning", "error", *ARM_STYLES)
    return {name: Color.parse(values[name]) for name in names}


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_of_our_themes_can_be_read(theme: Theme):
    colours = colours_of(theme)
    for name in ("foreground", "muted", "success", "warning", "error", *ARM_STYLES):
        assert contrast(colours[name], colours["background"]) >= READABLE, name
    assert contrast(colours["muted"], colours["panel"]) >= READABLE


@pytest.mark.parametrize("theme", TEXTUAL_THEMES, ids=lambda theme: theme.name)
def test_our_colours_can_be_seen_in_textuals_themes(theme: Theme):
    colours = colours_of(theme)
    assert all(contrast(colours[arm], colours["background"]) >= 3 for arm in ARM_STYLES)
    best = contrast(colours["foreground"], colours["panel"])
    assert contrast(colours["muted"], colours["panel"]) >= min(READABLE, best)


@pytest.mark.parametrize("blindness", BLIND)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_arms_stay_apart_for_people_who_see_no_red_or_no_green(theme: Theme, blindness: str):
    colours = colours_of(theme)
    one, other = (lab(seen(colours[arm], BLIND[blindness])) for arm in ARM_STYLES)
    difference = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
    assert difference > 40  # of CIE 1976; 2.3 is what can just be noticed


def seen(colour: Color, matrix: tuple[tuple[float, ...], ...]) -> list[float]:
    """The linear RGB that a person sees."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.normalized]
    rows = (sum(weight * v for weight, v in zip(row, linear, strict=True)) for row in matrix)
    return [min(max(v, 0.0), 1.0) for v in rows]


def lab(linear: list[float]) -> tuple[float, float, float]:
    """CIELAB of linear sRGB, D65."""
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(weight * v for weight, v in zip(row, linear, strict=True)) for row in matrix]
    x, y, z = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in (v / white for v, white in zip(xyz, (0.9505, 1.0, 1.089), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES, LIGHT.name, SIXTEEN.name])
async def test_each_theme_shows_the_dashboard_and_its_help(theme: str):
    screen = Screen(STEERED, Looks(theme=theme))
    async with screen.shown((80, 24)) as pilot:
        assert "TRAINING" in screen.text().splitlines()[0]
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Esc closes" in screen.text()


async def test_a_theme_from_the_palette_draws_all_panels_anew():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((120, 36)) as pilot:
        for theme in (LIGHT, DARK):
            screen.app.theme = theme.name
            await pilot.pause()
            await pilot.pause()
            used = used_colours(screen)
            other = DARK if theme is LIGHT else LIGHT
            assert {theme.variables["pretrained"], theme.variables["muted"], theme.panel} <= used
            assert not {other.variables["pretrained"], other.variables["muted"], other.panel} & used


def used_colours(screen: Screen) -> set[str]:
    strips = screen.app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    colours = [colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None]
    return {colour.name for colour in colours}


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_with_sixteen_colours_there_is_no_other(size: tuple[int, int]):
    screen = Screen(STEERED, Looks(low_bandwidth=True))
    async with screen.shown(size):
        assert screen.app.theme == SIXTEEN.name
        assert not [name for name in used_colours(screen) if name.startswith("#")]


async def test_with_no_color_there_is_none_and_the_state_and_the_arm_in_hand_still_show(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen(STEERED)
    async with screen.shown((120, 36)):
        assert used_colours(screen) == {"default"}
        assert screen.text().splitlines()[0].startswith(" TRAINING  demo-1  scratch")
        strips = screen.app.screen._compositor.render_strips()
        underlined = [s.text for strip in strips for s in strip if s.style is not None and s.style.underline]
        assert underlined == ["scratch"]


async def test_with_no_color_the_command_that_is_chosen_in_the_palette_shows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen(TRAINING)
    async with screen.shown((80, 40)) as pilot:
        await pilot.press("ctrl+p")
        await screen.app.workers.wait_for_complete()
        await pilot.press("down")
        await pilot.pause()
        strips = screen.app.screen._compositor.render_strips()
        underlined = "".join(s.text for strip in strips for s in strip if s.style is not None and s.style.underline)
        assert "experiment: freeze the backbone" in underlined and "classifier" not in underlined
