"""The log: times, what stands out, short paths; the screen's filter, search and copying."""

from engine import protocol as p
from tests.tui.story import NOW, RUN_STARTED, TRAINING, Screen, started
from tui.notes import Note
from tui.panels.log import DAYS, MINUTES, SECONDS, form_of, row_of

SKIPPED = [p.ImageSkipped(f"train/cat/{number}.jpg", "cut short", number) for number in range(40)]


def test_a_line_has_its_time_a_mark_and_no_run_folder():
    saved = Note("saved checkpoints/demo-1/pretrained/last.pt at step 3 (epoch)", "routine", time=NOW)
    row = row_of(saved, "checkpoints/demo-1", SECONDS)
    assert row.plain == "08:00:00 saved pretrained/last.pt at step 3 (epoch)"
    assert {span.style for span in row.spans} == {"$muted"}
    assert row_of(Note("broken", "bad", time=0.0), "", MINUTES).plain == "      !! broken"
    assert row_of(Note("hm", "warning"), "", "").plain == "! hm"


def test_times_have_the_day_where_one_is_of_another_day():
    assert form_of([Note("a", time=NOW), Note("b", time=0.0)], NOW) == SECONDS
    assert form_of([Note("a", time=NOW - 86_400)], NOW) == DAYS
    assert form_of([Note("a", time=0.0)], NOW) == ""


async def test_the_filter_leaves_the_routine_out_and_then_all_but_warnings():
    screen = Screen([*TRAINING, p.RateChanged("pretrained", 14, "head", 1e-3), *SKIPPED[:1]])
    async with screen.shown() as pilot:
        await pilot.press("l")
        assert "saved pretrained/last.pt" in screen.text()
        await pilot.press("f")
        await pilot.pause()
        text = screen.text()
        assert "head has base rate" in text and "0.jpg" in text and "saved" not in text
        assert "log: commands and warnings, 2 of " in text
        await pilot.press("f")
        await pilot.pause()
        assert "head has base rate" not in screen.text() and "0.jpg" in screen.text()
        await pilot.press("f")
        await pilot.pause()
        assert "saved pretrained/last.pt" in screen.text()


async def test_a_search_begins_at_the_newest_line_and_goes_both_ways_and_round():
    screen = Screen([*TRAINING, *SKIPPED])
    async with screen.shown() as pilot:
        await pilot.press("l", "slash", *"CAT/1", "enter")
        await pilot.pause()
        log = screen.app.screen
        here = [log._rows[log._here].plain.split("/")[2][:2]]
        assert "11 of 11 with “CAT/1”" in screen.text()
        for key in ("n", "N", "N"):
            await pilot.press(key)
            await pilot.pause()
            here.append(log._rows[log._here].plain.split("/")[2][:2])
        assert here == ["19", "1.", "19", "18"] and "train/cat/18.jpg" in screen.text()
        await pilot.press("escape")
        assert not log._found and screen.app.screen is log
        await pilot.press("slash", "q", "escape", "escape")
        assert len(screen.app.screen_stack) == 1


async def test_what_is_selected_is_copied(monkeypatch):
    screen = Screen(TRAINING)
    copied: list[str] = []
    monkeypatch.setattr(screen.app, "copy_to_clipboard", copied.append)
    async with screen.shown() as pilot:
        await pilot.press("l", "c")
        await pilot.pause()
        assert not copied and "drag over text with the mouse" in screen.text()
        await pilot.mouse_down("#text", offset=(9, 1))
        await pilot.hover("#text", offset=(15, 1))
        await pilot.mouse_up("#text", offset=(15, 1))
        await pilot.press("c")
        await pilot.pause()
        assert len(copied) == 1 and copied[0] in log_text(screen) and "copied " in screen.text()


def log_text(screen: Screen) -> str:
    return "\n".join(row.plain for row in screen.app.screen._rows)


async def test_a_replayed_note_has_the_time_of_the_journal_and_later_ones_their_own():
    history = [p.HistoryBegins(), RUN_STARTED, p.RecordedAt(NOW - 7200.0), started(), p.HistoryEnds(True)]
    screen = Screen([*history, *SKIPPED[:1]])
    async with screen.shown() as pilot:
        await pilot.pause()
        assert [note.time for note in screen.app.state.log] == [0.0, NOW - 7200, NOW]
