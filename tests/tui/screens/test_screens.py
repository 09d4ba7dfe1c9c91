"""What a person reads on the screen, compared with the files beside this one: each layout there is, once.

After a change that is meant: `UPDATE_SCREENS=1 make test`, and look at the difference.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine import protocol as p
from tests.tui.screens.test_clinic import DOUBTFUL, SECOND
from tests.tui.story import (
    BEGUN,
    BOTH_ARMS,
    POINTS,
    STEERED,
    SWEPT,
    TRAINING,
    TRUE_COLOUR,
    Screen,
    gpu,
    rewound,
    system,
    trained,
)
from tui.looks import Looks
from tui.panels.curves import Curves
from tui.plots.composition import MOST_PAST
from tui.plots.drawing import Picture
from tui.theme import DARK

FOLDER = Path(__file__).parent
FAILURE = p.RunFailed(
    "Out of memory", "a batch of 64 does not fit the GPU; use --set data.batch_size=32, or a smaller model"
)
STATES: dict[str, list[p.Event]] = {
    "loading": [system(), p.Loading("checking pictures", 1200, 10_000)],
    "training": BOTH_ARMS,
    "training-steered": STEERED,
    "paused-freed": [*TRAINING, p.Paused("pretrained", 14, freed=True)],
    "paused": [*TRAINING, p.Paused("pretrained", 14)],
    "evaluating": [*BEGUN, *trained("pretrained", 1, 9), p.Evaluating("pretrained", 10, 128, 400)],
    "finished": [*BEGUN, *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)],
    "failed": [*TRAINING, FAILURE],
}
DIALOGS: dict[str, tuple[list[p.Event], str]] = {
    "rewind": ([*TRAINING, POINTS], "b"),
    "rewind-nothing": (TRAINING, "b"),
    "find-rate": ([*TRAINING, p.Paused("pretrained", 14), SWEPT], "r"),
    "quit": (TRAINING, "q"),
    "help": (TRAINING, "question_mark"),
    "clinic": ([*DOUBTFUL, p.LabelCorrected("pretrained", 14, SECOND, SECOND, "right", "", 3)], "L"),
    "clinic-nothing": (TRAINING, "L"),
    "summary": ([*BEGUN, *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)], "S"),
}
SMALL, MEDIUM, LARGE = (80, 24), (120, 36), (200, 50)
SIZES = (SMALL, MEDIUM, LARGE)
# The panels of a state without a size of its own here have the places that they have while it trains.
LAYOUTS = [
    *(("training-steered", size) for size in SIZES),
    *(("loading", SMALL), ("loading", LARGE), ("training", SMALL), ("paused", SMALL), ("paused-freed", SMALL)),
    *(("evaluating", SMALL), ("finished", SMALL), ("failed", SMALL), ("failed", MEDIUM)),
]
DIALOG_LAYOUTS = [
    *(("help", size) for size in SIZES),
    *(("rewind", SMALL), ("rewind", MEDIUM), ("rewind-nothing", SMALL), ("quit", SMALL)),
    ("find-rate", SMALL),
    *(("clinic", SMALL), ("clinic", MEDIUM), ("clinic-nothing", SMALL)),
    ("summary", SMALL),
]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The run of the story has no folder, whatever was trained in the one that the tests run in."""
    monkeypatch.chdir(tmp_path)


async def shown(events: list[p.Event], size: tuple[int, int], *keys: str, looks: Looks = TRUE_COLOUR) -> str:
    screen = Screen(events, looks)
    async with screen.shown(size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return screen.text()


def compare(text: str, name: str, size: tuple[int, int]) -> None:
    file = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        file.write_text(text + "\n")
    assert text + "\n" == file.read_text()


@pytest.mark.parametrize(("state", "size"), LAYOUTS)
async def test_the_screen_reads_as_it_should(state: str, size: tuple[int, int]):
    compare(await shown(STATES[state], size), state, size)


async def test_the_screen_reads_as_it_should_in_ascii():
    compare(await shown(STEERED, SMALL, looks=replace(TRUE_COLOUR, ascii=True)), "training-steered-ascii", SMALL)


@pytest.mark.parametrize(("dialog", "size"), DIALOG_LAYOUTS)
async def test_a_screen_that_a_key_opens_reads_as_it_should(dialog: str, size: tuple[int, int]):
    events, key = DIALOGS[dialog]
    compare(await shown(events, size, key), dialog, size)


def test_no_file_is_left_of_a_screen_that_is_not_compared():
    wanted = {f"{name}-{width}x{height}.txt" for name, (width, height) in [*LAYOUTS, *DIALOG_LAYOUTS]}
    assert {file.name for file in FOLDER.glob("*.txt")} == wanted | {"training-steered-ascii-80x24.txt"}


@pytest.mark.parametrize("state", STATES)
async def test_no_size_breaks_the_screen_or_hides_the_state(state: str):
    screen = Screen(STATES[state])
    async with screen.shown((100, 30)) as pilot:
        for size in ((80, 24), (60, 24), (50, 45), (40, 10), (200, 50), (10, 3), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await screen.feed(pilot)
            first, *_ = rows = screen.text().splitlines()
            assert state.split("-", maxsplit=1)[0].upper()[: min(size[0] - 4, 10)] in first, size
            assert len(rows) == size[1]


async def test_resizing_draws_for_the_new_size():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((80, 24)) as pilot:
        small = screen.text()
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await screen.feed(pilot)
        assert screen.text() == small


async def test_without_a_gpu_its_figures_are_not_available():
    screen = Screen([system(), *TRAINING[1:]])
    async with screen.shown():
        line = next(row for row in screen.text().splitlines() if " GPU " in row)
        assert "n/a" in line


async def test_a_figure_that_a_gpu_does_not_give_is_not_available_and_the_others_show():
    screen = Screen([system(gpu(utilisation=None, power=None)), *TRAINING[1:]])
    async with screen.shown((120, 36)):
        line = next(row for row in screen.text().splitlines() if "GPU0" in row)
        assert line.count("n/a") == 2 and "31.0/80.0 GiB" in line and "61°C" in line


@pytest.mark.parametrize(("size", "shown_gpus"), [((120, 36), 0), ((200, 60), 8), ((80, 24), 2)])
async def test_each_of_several_gpus_has_a_line_and_those_without_room_are_counted(size, shown_gpus):
    screen = Screen([system(*(gpu(index) for index in range(8))), *TRAINING[1:]])
    async with screen.shown(size) as pilot:
        await screen.feed(pilot)
        text = screen.text()
        assert [f"GPU{index}  " in text for index in range(8)] == [index < shown_gpus for index in range(8)]
        assert (f"{8 - shown_gpus} more GPUs, GPU" in text) == (shown_gpus < 8)


async def test_a_failure_shows_title_message_and_leaves_the_log_readable():
    screen = Screen([*TRAINING, FAILURE])
    async with screen.shown((80, 24)) as pilot:
        text = screen.text()
        assert "Out of memory" in text and "--set data.batch_size=32" in text
        await pilot.press("l")
        await pilot.pause()
        assert "epoch 1/3" in screen.text()


async def test_nothing_is_drawn_again_while_nothing_changes(monkeypatch: pytest.MonkeyPatch):
    screen = Screen([*TRAINING, p.Paused("pretrained", 14)])
    async with screen.shown() as pilot:
        await screen.feed(pilot)
        drawn: list[object] = []
        for widget in screen.app.query("*"):
            monkeypatch.setattr(widget, "refresh", lambda *region, **options: drawn.append(region))
        await screen.feed(pilot)
        assert drawn == []


async def test_a_rising_curve_rises_on_the_plot():
    screen = Screen([*BEGUN, *trained("pretrained", 1, 30)])
    async with screen.shown((80, 24)):
        rows = [row.ljust(80)[5:] for row in screen.text().splitlines()[2:9]]
        columns = list(zip(*rows, strict=True))
        heights = [next((y for y, cell in enumerate(column) if "⠀" < cell <= "⣿"), None) for column in columns]
        drawn = [height for height in heights if height is not None]
        assert len(drawn) > 20 and drawn[0] > drawn[-1]


@pytest.mark.parametrize("name", ["loss", "accuracy"])
async def test_a_command_is_a_tick_under_its_step_below_each_plot(name: str):
    screen = Screen(TRAINING)
    async with screen.shown((120, 36)) as pilot:
        rows = screen.app.query_one(f"#{name}", Curves)._rows
        assert not any("▴" in row.text for row in rows)
        await screen.feed(pilot, p.RateChanged("pretrained", 14, "head", 1e-3))
        drawn = screen.app.query_one(f"#{name}", Curves)
        *above, lowest, _ = [row.text for row in drawn._rows]
        assert lowest.count("▴") == 1 and not any("▴" in row for row in above)
        picture = drawn._picture
        assert lowest.index("▴") == picture.left + round(1.4 / picture.x.high * (picture.width - 1))


async def test_a_step_that_diverged_is_marked_otherwise():
    assert "×" in await shown([*TRAINING, p.Diverged("pretrained", 12, "loss", float("nan"), 1)], (80, 24))


async def test_a_branch_that_was_left_stays_on_the_plot_dimmed():
    screen = Screen([*TRAINING, *rewound(3, branch=2, base=1, left_step=14)])
    async with screen.shown((120, 36)):
        plot = screen.app.query_one("#loss", Curves)
        styles = [segment.style for row in plot._rows for segment in row]
        colours = {style.color.name for style in styles if style is not None and style.color is not None}
        names = ("pretrained", "pretrained-past", "border")
        assert colours == {DARK.variables[name] for name in names}, "the last one is that of the grid"


async def test_only_the_newest_branches_that_were_left_are_drawn(monkeypatch: pytest.MonkeyPatch):
    drawn: list[int] = []
    monkeypatch.setattr(
        "tui.plots.picture_of.render", lambda plot, *rest, **options: drawn.append(len(plot.lines)) or Picture()
    )
    back = [event for number in range(2, 30) for event in rewound(5, branch=number, base=1, left_step=14)]
    await shown([*TRAINING, *back], (80, 24))
    assert drawn[-1] == MOST_PAST + 1, "the training of each; none has a score"


async def test_a_branch_is_drawn_to_its_end_where_there_are_fewer_epochs_now():
    events = [*BEGUN, *trained("pretrained", 1, 30), *rewound(5, 2, 1, 30), p.EpochsChanged("pretrained", 5, 2)]
    text = await shown(events, (80, 24))
    assert text.splitlines()[10].split() == ["0", "1", "2", "3", "epoch"]


async def test_text_from_outside_is_not_read_as_markup():
    screen = Screen([*TRAINING, p.ImageSkipped("cats [bold]/x[/].jpg", "[red]odd[/red]", 1)])
    async with screen.shown((120, 36)):
        assert "cats [bold]/x[/].jpg: [red]odd[/red]" in screen.text()
