"""The mouse: what a click and the wheel do to labels, panes, rows and plots."""

from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from engine import protocol as p
from tests.tui.story import TRAINING, Screen

SIZE = (120, 36)


async def turn(pilot: Pilot[None], widget: str, up: int) -> None:
    """Turn the wheel over a widget."""
    kind = MouseScrollUp if up > 0 else MouseScrollDown
    await pilot._post_mouse_events([kind] * abs(up), widget, offset=(5, 2))
    await pilot.pause()


async def test_a_click_on_a_label_presses_the_key_beside_it_and_a_dim_one_says_why_not():
    screen = Screen(TRAINING)
    async with screen.shown(SIZE) as pilot:
        last = screen.text().splitlines()[-1]
        await pilot.click("Footer", offset=(last.index("save") + 2, 0))
        await pilot.click("Footer", offset=(last.index("rate") + 1, 0))
        assert screen.session.sent == [p.Save(), p.SetRate("backbone", 1e-4)]
        await pilot.click("Footer", offset=(last.index("panes") + 1, 0))
        assert len(screen.app.screen_stack) == 2, "the help explains the panes"
    ended = Screen([*TRAINING, p.RunFailed("Out of memory", "")])
    async with ended.shown(SIZE) as pilot:
        await pilot.click("Footer", offset=(ended.text().splitlines()[-1].index("pause") + 1, 0))
        assert ended.app.state.note.text == "pause: not now, the run has ended" and not ended.session.sent


async def test_a_click_gives_a_pane_the_focus_and_one_on_its_title_zooms():
    screen = Screen(TRAINING)
    async with screen.shown(SIZE) as pilot:
        await pilot.click("#progress", offset=(5, 3))
        assert screen.app.focused is not None and screen.app.focused.id == "progress"
        await pilot.click("#rates", offset=(4, 0))
        await pilot.pause()
        assert list(screen.app._body.places) == ["rates"]
        await pilot.click("#rates", offset=(4, 0))
        await pilot.pause()
        assert "loss" in screen.app._body.places


async def test_a_click_or_the_wheel_chooses_a_group():
    screen = Screen(TRAINING)
    async with screen.shown(SIZE) as pilot:
        await pilot.click("#rates", offset=(4, 3))
        assert screen.app.state.selected == "head" and ">head" in screen.text()
        await turn(pilot, "#rates", 3)
        assert screen.app.state.selected == "backbone", "the list has an end"


async def test_a_click_on_a_plot_puts_the_cursor_there_and_the_wheel_zooms_around_it():
    screen = Screen(TRAINING)
    async with screen.shown(SIZE) as pilot:
        plot, plots = screen.app.query_one("#loss"), screen.app.state.plots
        left, right = plot._picture.left, plot._picture.left + plot._picture.width - 1
        await pilot.click("#loss", offset=(1 + right, 3))
        assert plots.cursor == 14, "the newest step"
        await pilot.click("#loss", offset=(1 + left, 3))
        assert plots.cursor == 1 and "step 1" in screen.text()
        await pilot.click("#loss", offset=(left, 3))
        assert plots.cursor == 1, "the numbers of the axis are no place on it"
        await turn(pilot, "#loss", 2)
        assert plots.zoom == 2
        await turn(pilot, "#loss", -5)
        assert plots.zoom == 0


async def test_the_wheel_shows_older_lines_of_the_log_and_what_is_read_stays():
    events = [p.ImageSkipped(f"{number}.jpg", "cut short", number) for number in range(30)]
    screen = Screen([*TRAINING, *events])
    async with screen.shown(SIZE) as pilot:
        log = screen.app.query_one("#log")
        await turn(pilot, "#log", 2)
        await screen.feed(pilot, p.ImageSkipped("new.jpg", "cut short", 31))
        shown = log._shown.plain
        assert "log, 7 newer below" in screen.text() and "23.jpg" in shown and "24.jpg" not in shown
        await turn(pilot, "#log", 100)
        await turn(pilot, "#log", -100)
        assert "newer below" not in screen.text() and "new.jpg" in log._shown.plain


async def test_the_wheel_goes_through_the_mistakes():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        pane = screen.app.query_one("#mistakes")
        await pilot.press("9")
        await pilot.pause()
        pane.focus()
        await pilot.press("v", "v")
        await turn(pilot, "#mistakes", -5)
        assert pane._at["pictures"] == (0, 1), "the last of two"


def test_a_click_chooses_among_the_mistakes_that_are_in_sight():
    from tui.panels.worst import DETAILS, at_row

    assert at_row(24, 0, DETAILS + 5, DETAILS + 3) == 3
    assert at_row(24, 20, DETAILS + 5, DETAILS) == 18
    assert at_row(3, 1, DETAILS + 5, DETAILS + 4) == 1, "there is none"
    assert at_row(24, 2, DETAILS + 5, 0) == 2, "the details of the chosen one"
