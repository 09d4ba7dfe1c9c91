"""What an evaluation gets wrong: three views, each at every size, by keyboard alone."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from textual.pilot import Pilot

from engine import protocol as p
from engine.figures.confusion import Errors
from tests.tui.commands.test_view import Viewed
from tests.tui.console import environment, until
from tests.tui.journals import begun, write_run
from tests.tui.story import BEGUN, BOTH_ARMS, RUN_STARTED, TRAINING, Screen, rewound, started, system, trained
from tui.panels.class_table import class_table
from tui.panels.confusion_matrix import confusion_matrix, grid
from tui.panels.metric_line import metric_line
from tui.panels.mistakes import Mistakes
from tui.panels.worst import worst
from tui.terminal.graphics import fit, way
from tui.thumbnails import BROKEN, KEPT, MISSING, SIDE, Thumbnails, thumbnail

SIZES = [(80, 24), (120, 36), (200, 50), (60, 60)]
NOTHING_YET = "what the model gets wrong:"


def picture(file: Path, colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (40, 30)) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(file)
    return str(file)


def confusion(*paths: str, step: int = 10, arm: p.Arm = "pretrained") -> p.Confusion:
    """40 of 400 test pictures are wrong, 30 of them hot dogs."""
    return p.Confusion(
        arm,
        step,
        images=(200, 200),
        correct=(170, 190),
        confused=((0, 1, 30), (1, 0, 10)),
        mistakes=tuple(
            p.Mistake(path, number % 2, 1 - number % 2, 0.99 - number / 100) for number, path in enumerate(paths)
        ),
    )


def test_a_class_that_is_all_right_stands_apart_from_its_name():
    seen = p.Confusion("pretrained", 10, (4, 4), (4, 3), ((1, 0, 1),), ())
    text = class_table(Errors(seen), ("class_00", "class_01"), 0, 19, 5).plain
    assert "class_00 100.0 %" in text and "class_01  75.0 %" in text


def test_the_head_of_the_matrix_ends_where_the_numbers_below_it_end():
    errors, names = Errors(confusion()), ("0", "1")
    head, first, second = confusion_matrix(errors, names, (0, 0), grid(errors, names, 60, 5)).plain.splitlines()
    one, other = re.finditer(r"\b[01]\b", head)
    assert one.end() == first.index("170") + 3 == second.index("10") + 2
    assert other.end() == second.index("190") + 3 == first.index("30") + 2


def test_of_more_mistakes_than_have_pictures_the_number_of_all_is_said():
    text = worst(Errors(confusion("a.png", "b.png")), ("cat", "dog"), 1, 60, 12).plain
    assert "2 of 2 (40 in all)" in text
    assert "1 of 2\n" in worst(Errors(replace(confusion("a.png", "b.png"), correct=(199, 199))), (), 0, 60, 12).plain


def seen(images: int, correct: int, predicted: int) -> str:
    """The row of the first of two classes, without its bar."""
    confusion = p.Confusion("scratch", 10, (images, 10), (correct, 0), (), (), predicted=(predicted, 10))
    rows = class_table(Errors(confusion), ("cat", "dog"), 0, 60, 5).plain.splitlines()
    return re.sub("[━─]", "", next(row for row in rows if row.startswith("cat")))


def test_in_a_wide_pane_each_class_has_its_precision_and_f1():
    head = class_table(Errors(confusion()), ("hot_dog", "not_hot_dog"), 0, 80, 5).plain.splitlines()[0]
    assert head.split() == ["class", "recall", "correct", "prec.", "F1", "predicted", "as"]
    assert seen(10, 5, 8).split()[1:] == ["50.0", "%", "5/10", "62.5", "%", "55.6", "%"]
    assert seen(10, 0, 0).split()[1:] == ["0.0", "%", "0/10", "–", "0.0", "%"]
    assert seen(0, 0, 3).split()[1:] == ["–", "0/0", "0.0", "%", "0.0", "%"]


def test_an_older_run_has_precision_and_f1_if_all_its_confusions_are_known():
    (worst, best) = Errors(confusion()).by_class
    assert (worst.precision, best.precision) == (170 / 180, 190 / 220)
    cut = Errors(replace(confusion(), confused=((0, 1, 30),)))
    assert [(row.precision, row.f1) for row in cut.by_class] == [(None, None)] * 2 and cut.by_class[0].recall == 0.85


def many(classes: int) -> list[p.Event]:
    """A run of so many classes, the later ones the worse, each taken for the one before."""
    names = tuple(f"class_{label:04}" for label in range(classes))
    seen = p.Confusion(
        "pretrained",
        10,
        images=(2 * classes,) * classes,
        correct=tuple(2 * classes - label for label in range(classes)),
        confused=tuple((label, label - 1, label) for label in reversed(range(1, classes))),
        mistakes=(),
    )
    return [system(), replace(RUN_STARTED, classes=names), started(), *trained("pretrained", 1, 10), seen]


async def open_pane(screen: Screen, pilot: Pilot[None]) -> Mistakes:
    """Show the pane if it is not, and give it the focus."""
    if "mistakes" not in screen.app._body.places:
        await pilot.press("9")
    pane = screen.app.query_one("#mistakes", Mistakes)
    pane.focus()
    await pilot.pause()
    if pane.region.width < 50:
        await pilot.press("z")  # beside others it is narrow, and shows less
    await screen.feed(pilot)
    return pane


async def read(screen: Screen, pilot: Pilot[None], *keys: str) -> str:
    """What the pane says after keys."""
    await pilot.press(*keys)
    await screen.feed(pilot)
    place = screen.app.query_one("#mistakes").region
    rows = screen.text().splitlines()[place.y : place.bottom]
    return "\n".join(row[place.x : place.right] for row in rows)


@pytest.mark.parametrize("size", SIZES)
async def test_before_the_first_evaluation_it_says_what_will_be_there(size):
    screen = Screen(BEGUN)
    async with screen.shown(size) as pilot:
        await open_pane(screen, pilot)
        assert NOTHING_YET in await read(screen, pilot)


async def test_on_a_large_terminal_it_is_there_without_asking():
    screen = Screen([*BEGUN, *trained("pretrained", 1, 9)])
    async with screen.shown((200, 50)):
        assert NOTHING_YET in screen.text()


@pytest.mark.parametrize("size", SIZES)
async def test_classes_are_listed_worst_first_with_what_they_are_taken_for(size):
    screen = Screen([*TRAINING, confusion()])
    async with screen.shown(size) as pilot:
        await open_pane(screen, pilot)
        text = await read(screen, pilot)
        rows = text.splitlines()
        assert "mistakes: classes, pretrained after epoch 1" in rows[0]
        worst = next(number for number, row in enumerate(rows) if "170/200" in row)
        assert "hot_dog" in rows[worst] and "85.0 %" in rows[worst] and "not_hot_dog (30)" in rows[worst]
        assert "190/200" in rows[worst + 1] and "95.0 %" in rows[worst + 1] and "hot_dog (10)" in rows[worst + 1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_matrix_counts_what_each_class_is_taken_for_and_marks_the_diagonal(size):
    screen = Screen([*TRAINING, confusion()])
    async with screen.shown(size) as pilot:
        await open_pane(screen, pilot)
        rows = (await read(screen, pilot, "v")).splitlines()
        assert "mistakes: matrix" in rows[0]
        head = next(row for row in rows if "actual, predicted" in row)
        assert head.index(" hot_dog") < head.index("not_hot_dog")
        assert re.search(r"^.*hot_dog +\[170\] +30\b.*\n.*not_hot_dog +10 +\[190\]", "\n".join(rows), re.MULTILINE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("classes", [100, 1000])
async def test_every_class_of_many_can_be_reached_by_keys(size, classes):
    screen = Screen(many(classes))
    async with screen.shown(size) as pilot:
        await open_pane(screen, pilot)
        worst, best = f"class_{classes - 1:04}", "class_0000"
        text = await read(screen, pilot)
        assert worst in text and best not in text and "predicted as" in text
        text = await read(screen, pilot, "j")
        assert f"{worst} " not in text and "predicted as" in text
        assert f"{worst} " in await read(screen, pilot, "k")
        paged = await read(screen, pilot, "pagedown")
        assert f"{worst} " not in paged and await read(screen, pilot, "pagedown") != paged
        text = await read(screen, pilot, "end")
        assert best in text and f"of {classes}" in text
        assert await read(screen, pilot, "down") == text, "that was the end"
        assert worst in await read(screen, pilot, "home")


@pytest.mark.parametrize("size", SIZES)
async def test_a_matrix_of_a_hundred_classes_scrolls_both_ways_and_its_heads_stay(size):
    screen = Screen(many(100))
    async with screen.shown(size) as pilot:
        await open_pane(screen, pilot)
        text = await read(screen, pilot, "v")
        head = next(row for row in text.splitlines() if "actual, predicted" in row)
        assert " 0 " in head and " 99" not in head and "0 class_0000" in text and "[200]" in text
        text = await read(screen, pilot, "right")
        head = next(row for row in text.splitlines() if "actual, predicted" in row)
        assert " 0 " not in head and " 1 " in head and "0 class_0000" in text
        assert "[200]" not in text, "the diagonal's first cell is to the left"
        text = await read(screen, pilot, "down")
        assert "0 class_0000" not in text and "actual, predicted" in text
        text = await read(screen, pilot, "end")
        assert "99 class_0099" in text and "[101]" in text and " 99" in text
        text = await read(screen, pilot, "left", "up")
        assert "99 class_0099" not in text
        assert "[200]" in await read(screen, pilot, "home")


LINE = "balanced 94.0 %  macro F1 93.8 %  ECE 8.1 %  scaled 1.4 %"


@pytest.mark.parametrize("size", SIZES)
async def test_the_further_metrics_stand_below_the_classes_as_many_as_fit(size):
    screen = Screen([*TRAINING, confusion()])
    async with screen.shown(size) as pilot:
        pane = await open_pane(screen, pilot)
        shown = (await read(screen, pilot)).splitlines()
        line = next(row for row in shown if "balanced" in row).strip(" │")
        assert LINE.startswith(line) and (line == LINE or len(line) > pane.size.width - 20)
        assert "balanced" not in await read(screen, pilot, "v")


async def test_of_many_classes_the_last_one_is_above_the_further_metrics():
    screen = Screen(many(100))
    async with screen.shown((200, 50)) as pilot:
        await open_pane(screen, pilot)
        text = await read(screen, pilot, "end")
        assert LINE in text and text.index("class_0000") < text.index(LINE)


async def test_the_metrics_of_an_evaluation_stay_when_a_rewind_leaves_its_branch():
    screen = Screen([*TRAINING, confusion(), *rewound(5, branch=2, base=1, left_step=14)])
    async with screen.shown((200, 50)) as pilot:
        await open_pane(screen, pilot)
        assert LINE in await read(screen, pilot)


def test_of_the_metrics_those_that_do_not_fit_and_unknown_ones_are_left_out():
    metrics = {"of_the_future": 1.0, "macro_f1": 0.5, "top_5": 0.987}
    assert metric_line(metrics, 40).plain == "top 5 98.7 %  macro F1 50.0 %"
    assert metric_line(metrics, 28).plain == "top 5 98.7 %"
    assert metric_line(metrics, 5).plain == metric_line({}, 80).plain == ""


def colours(pane: Mistakes) -> set[str]:
    """Colours of the half blocks that show."""
    strips = pane.screen._compositor.render_strips()
    found = [s.style.color.name for strip in strips for s in strip if s.style and s.style.color and "▀" in s.text]
    return set(found)


async def decoded(screen: Screen, pilot: Pilot[None], pane: Mistakes, path: str) -> None:
    """Wait for a picture."""
    until(lambda: pane._thumbnails.get(path) is not None, path)
    await pilot.pause()
    await screen.feed(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_worst_mistakes_are_shown_as_pictures_and_arrows_choose(size, tmp_path: Path):
    red, blue = picture(tmp_path / "a.png", (200, 30, 30)), picture(tmp_path / "b.png", (30, 30, 200))
    screen = Screen([*TRAINING, confusion(red, blue)])
    async with screen.shown(size) as pilot:
        pane = await open_pane(screen, pilot)
        pane._way = "blocks"
        await read(screen, pilot, "v", "v")
        await decoded(screen, pilot, pane, red)
        text = await read(screen, pilot)
        assert "mistakes: pictures" in text and "▀" in text and colours(pane) == {"#c81e1e"}
        assert "99.0 %" in text and "a.png" in text and "1 of 2" in text
        await read(screen, pilot, "down")
        await decoded(screen, pilot, pane, blue)
        text = await read(screen, pilot)
        assert "98.0 %" in text and "b.png" in text and "2 of 2" in text and colours(pane) == {"#1e1ec8"}
        assert "1 of 2" in await read(screen, pilot, "up")
        assert "▀" not in await read(screen, pilot, "v")
        assert "1 of 2" in await read(screen, pilot, "v", "v"), "the choice is kept"


async def test_enter_gives_it_the_screen_and_the_picture_grows(tmp_path: Path):
    path = picture(tmp_path / "a.png")
    screen = Screen([*TRAINING, confusion(path)])
    async with screen.shown((80, 24)) as pilot:
        pane = await open_pane(screen, pilot)
        pane._way = "blocks"
        await read(screen, pilot, "v", "v")
        await decoded(screen, pilot, pane, path)
        small = (await read(screen, pilot)).count("▀")
        await pilot.press("enter")
        await pilot.pause()
        assert (await read(screen, pilot)).count("▀") > 2 * small
        await pilot.press("escape")
        await pilot.pause()
        assert (await read(screen, pilot)).count("▀") == small


@pytest.mark.parametrize(("content", "said"), [(None, MISSING), (b"no picture", BROKEN)])
async def test_of_a_file_that_is_not_here_or_broken_it_says_so(content, said, tmp_path: Path):
    file = tmp_path / "elsewhere.jpg"
    if content is not None:
        file.write_bytes(content)
    screen = Screen([*TRAINING, confusion(str(file))])
    async with screen.shown((120, 36)) as pilot:
        pane = await open_pane(screen, pilot)
        pane._way = "blocks"
        await read(screen, pilot, "v", "v")
        await decoded(screen, pilot, pane, str(file))
        text = await read(screen, pilot)
        assert said in text and "elsewhere.jpg" in text and "▀" not in text


async def test_c_copies_the_path_of_the_chosen_picture(tmp_path: Path):
    screen = Screen([*TRAINING, confusion("/data/a.png", "/data/b.png")])
    async with screen.shown((80, 24)) as pilot:
        await open_pane(screen, pilot)
        await read(screen, pilot, "c")
        assert "no picture is chosen" in screen.text() and screen.app.clipboard == ""
        await read(screen, pilot, "v", "v", "right", "c")
        assert "copied /data/b.png" in screen.text() and screen.app.clipboard == "/data/b.png"


@pytest.mark.parametrize("pictures", ["none", "auto"])
async def test_without_pictures_or_colours_the_text_is_all_there(pictures, monkeypatch, tmp_path: Path):
    path = picture(tmp_path / "a.png")
    if pictures == "auto":
        monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen([*TRAINING, confusion(path)])
    screen.app.pictures = pictures
    async with screen.shown((120, 36)) as pilot:
        await open_pane(screen, pilot)
        text = await read(screen, pilot, "v", "v")
        assert "▀" not in text and "a.png" in text and "confidence" in text


async def test_without_a_mistake_it_says_so():
    right = p.Confusion("pretrained", 10, (200, 200), (200, 200), (), ())
    screen = Screen([*TRAINING, right])
    async with screen.shown((120, 36)) as pilot:
        await open_pane(screen, pilot)
        for _ in range(3):
            assert "all 400 test pictures are classified correctly" in await read(screen, pilot, "v")


async def test_it_shows_the_arm_in_hand_and_the_newest_evaluation():
    screen = Screen([*BOTH_ARMS, confusion(), confusion(arm="scratch", step=13)])
    async with screen.shown((120, 36)) as pilot:
        await open_pane(screen, pilot)
        assert "scratch after step 13" in await read(screen, pilot)
        await screen.feed(pilot, confusion(arm="scratch", step=20))
        assert "scratch after epoch 2" in await read(screen, pilot)


async def test_nothing_is_drawn_again_until_something_changes(tmp_path: Path, monkeypatch):
    path = picture(tmp_path / "a.png")
    screen = Screen([*TRAINING, confusion(path)])
    async with screen.shown((80, 24)) as pilot:
        pane = await open_pane(screen, pilot)
        pane._way = "blocks"
        await read(screen, pilot, "v", "v")
        await decoded(screen, pilot, pane, path)
        drawn: list[object] = []
        for widget in (pane, pane._picture):
            monkeypatch.setattr(widget, "refresh", lambda *region, **options: drawn.append(region))
        await screen.feed(pilot, *trained("pretrained", 15, 16))
        assert drawn == []


async def test_its_keys_stand_in_the_footer_while_it_has_the_focus_and_do_nothing_otherwise():
    screen = Screen([*TRAINING, confusion()])
    async with screen.shown((120, 36)) as pilot:
        await open_pane(screen, pilot)
        assert "v view" in screen.text().splitlines()[-1]
        screen.app.query_one("#mistakes").blur()
        await pilot.pause()
        before = await read(screen, pilot)
        assert "v view" not in screen.text().splitlines()[-1]
        assert await read(screen, pilot, "v", "down") == before


async def test_a_run_that_is_over_shows_its_mistakes_too(tmp_path: Path):
    over = [*trained("pretrained", 1, 10), confusion("/data/a.png"), *trained("pretrained", 11, 12)]
    screen = Viewed(write_run(tmp_path / "x-1", begun("x-1"), started(), *over))
    async with screen.shown((120, 36)) as pilot:
        await screen.read(pilot)
        await open_pane(screen, pilot)
        assert "not_hot_dog (30)" in await read(screen, pilot)


async def test_names_of_classes_are_not_read_as_markup_and_wide_ones_line_up():
    run = replace(RUN_STARTED, classes=("[bold]寿司[/x]", "ラーメン"))
    screen = Screen([system(), run, started(), *trained("pretrained", 1, 10), confusion()])
    async with screen.shown((120, 36)) as pilot:
        await open_pane(screen, pilot)
        assert "[bold]寿司[/x]" in await read(screen, pilot)
        assert "[bold]" in await read(screen, pilot, "v")


def test_classes_without_test_pictures_come_last():
    errors = Errors(p.Confusion("scratch", 1, (4, 0, 4), (4, 0, 1), ((2, 0, 3),), ()))
    assert [row.label for row in errors.by_class] == [2, 0, 1]
    assert [row.taken_for for row in errors.by_class] == [0, None, None]
    assert errors.by_class[-1].recall is None and errors.share(2, 0) == 0.75


def test_a_large_picture_is_made_small_and_its_orientation_is_kept(tmp_path: Path):
    large = Image.new("RGB", (3000, 1000), (10, 200, 10))
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright
    large.save(tmp_path / "large.jpg", exif=turned)
    found = thumbnail(str(tmp_path / "large.jpg"))
    assert isinstance(found, Image.Image) and found.height == SIDE and found.width == SIDE // 3


def test_few_pictures_are_kept_and_the_one_asked_for_last_comes(tmp_path: Path):
    paths = [picture(tmp_path / f"{number}.png") for number in range(KEPT + 2)]
    ready: list[int] = []
    thumbnails = Thumbnails(lambda: ready.append(1))
    for number, path in enumerate(paths, 1):
        assert thumbnails.get(path) is None
        until(lambda number=number: len(ready) == number, path)
    assert thumbnails.get(paths[-1]) is not None and thumbnails.get(paths[0]) is None


@pytest.mark.parametrize(
    ("names", "colours", "cell", "drawn"),
    [
        ({"TERM": "xterm-kitty"}, "truecolor", (0, 0), "kitty"),
        ({"TERM": "xterm-ghostty"}, "truecolor", (9, 18), "kitty"),
        ({"TERM": "xterm-kitty"}, "256", (9, 18), "blocks"),
        ({"TERM": "foot"}, "truecolor", (9, 18), "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "truecolor", (9, 18), "sixel"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "256", (9, 18), "sixel"),
        ({"TERM": "foot"}, "truecolor", (0, 0), "blocks"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, "truecolor", (9, 18), "blocks"),
        ({"TERM": "xterm-256color"}, "standard", (0, 0), "blocks"),
        ({"TERM": "xterm-kitty"}, None, (9, 18), "none"),
    ],
)
def test_a_terminal_is_told_by_its_name(names, colours, cell, drawn):
    assert way("auto", names, colours, cell) == drawn
    assert way("none", names, colours, cell) == "none"
    assert way("blocks", names, colours, cell) == ("none" if colours is None else "blocks")


@pytest.mark.parametrize(("size", "room", "cells"), [((40, 30), (20, 20), (20, 8)), ((30, 90), (20, 9), (6, 9))])
def test_a_picture_keeps_its_shape(size, room, cells):
    assert fit(size, *room) == cells


def test_the_dashboard_starts_without_what_draws_pictures():
    code = "import sys, tui.app; assert not any(name.startswith('textual_image') for name in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment()).returncode == 0
