"""The plots: what they show at every moment, how they are looked at, and how little changes while points come in."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import protocol as p
from engine.figures.branch import Branch
from tests.tui.console import until
from tests.tui.journals import begun, write_run
from tests.tui.story import (
    BEGUN,
    BOTH_ARMS,
    RUN_STARTED,
    STEERED,
    TRAINING,
    Screen,
    differing,
    epoch_of,
    started,
    step_of,
    trained,
)
from tui.panels.curves import Curves
from tui.plots.axis import linear, logarithmic
from tui.plots.curves import CURVES, traces
from tui.plots.plotview import WINDOWS, PlotView
from tui.state import UiState
from tui.theme import DARK

LARGE, SMALL = (200, 50), (80, 24)
PLOTS = [curve.name for curve in CURVES]


def with_norms(events: list[p.Event]) -> list[p.Event]:
    """The same, each step with a gradient, and the head's rate falling."""
    return [
        replace(e, gradient_norm=2 / e.step, learning_rates={"backbone": 5e-5, "head": 5e-4 / e.step})
        if isinstance(e, p.TrainStep)
        else e
        for e in events
    ]


def plot(screen: Screen, name: str) -> Curves:
    return screen.app.query_one(f"#{name}", Curves)


def frame(screen: Screen, name: str) -> str:
    """What stands on a plot's frame, above and below."""
    shown = plot(screen, name)
    return f"{shown._border_title}  {shown._border_subtitle or ''}"


def rows(screen: Screen, name: str) -> list[str]:
    return [row.text for row in plot(screen, name)._rows]


async def test_four_plots_where_there_is_room():
    screen = Screen(with_norms(BOTH_ARMS))
    async with screen.shown(LARGE):
        text = screen.text()
        for title in ("1 loss", "2 accuracy", "3 learning rate, log", "4 gradient norm, log"):
            assert title in text
        assert all(any("⠀" < cell <= "⣿" for row in rows(screen, name) for cell in row) for name in PLOTS)


async def test_each_group_has_its_name_at_the_end_of_its_line():
    screen = Screen(TRAINING)
    async with screen.shown((100, 40)) as pilot:
        await pilot.press("3")
        await screen.feed(pilot)
        ends = [row.split()[-1] for row in rows(screen, "lr") if row.strip()]
        assert ends.index("head") < ends.index("backbone"), "whose rate is lower"


@pytest.mark.parametrize("events", [[], BEGUN])
async def test_before_the_first_step_a_plot_says_so_and_has_no_axes(events):
    screen = Screen(events)
    async with screen.shown((120, 36)):
        assert "".join(rows(screen, "loss")).strip() == "no step yet"


async def test_a_step_changes_a_few_cells_near_the_end_of_its_curve():
    screen = Screen([*BEGUN, *trained("pretrained", 1, 14)])
    async with screen.shown(LARGE) as pilot:
        await pilot.press("tab", "a", "escape")
        await screen.feed(pilot)
        for step in range(15, 19):
            before = list(plot(screen, "loss")._rows)
            await screen.feed(pilot, step_of("pretrained", step))
            after = plot(screen, "loss")._rows
            cells = [x for old, new in zip(before, after, strict=True) for x in differing(old, new)]
            end = step / 30 * after[0].cell_length
            assert 0 < len(cells) <= 12 and all(abs(x - end) < 15 for x in cells)


def test_what_is_drawn_does_not_change_while_steps_come_in():
    state, seen = UiState(), []
    for event in [RUN_STARTED, started(), *(step_of("pretrained", step, loss=step % 3) for step in range(1, 30))]:
        state.fold(event)
        if isinstance(event, p.TrainStep):
            (trace,) = traces(CURVES[0], state.view, state.view.curves, state.plots)
            assert trace.values[: len(seen)] == seen
            seen = trace.values


def test_on_a_logarithmic_axis_a_rate_of_0_has_no_line():
    state = UiState()
    frozen = [replace(step_of("pretrained", step), learning_rates={"head": 0.0}) for step in (3, 4)]
    others = [replace(step_of("pretrained", step), learning_rates={"head": 1e-2}) for step in (1, 2, 5)]
    for event in [RUN_STARTED, started(), *others[:2], *frozen, others[2]]:
        state.fold(event)
    lr = next(curve for curve in CURVES if curve.name == "lr")
    (trace,) = (trace for trace in traces(lr, state.view, state.view.curves, state.plots) if trace.name == "head")
    assert trace.pieces(above_0=True) == [([1, 2], [1e-2, 1e-2]), ([5], [1e-2])]
    assert trace.pieces(above_0=False) == [([1, 2, 3, 4, 5], [1e-2, 1e-2, 0.0, 0.0, 1e-2])]


def test_smoothing_more_leaves_less_noise():
    state = UiState()
    for event in [RUN_STARTED, started(), *(step_of("pretrained", step, loss=step % 2) for step in range(1, 30))]:
        state.fold(event)
    noise = []
    for strength in WINDOWS:
        (trace,) = traces(CURVES[0], state.view, state.view.curves, PlotView(smoothing=strength))
        noise.append(abs(trace.values[-1] - trace.values[-2]))
    assert noise == sorted(noise, reverse=True) and noise[0] > 0.9


def test_a_million_steps_have_no_more_points_than_a_thousand_in_any_plot():
    branch = Branch()
    for step in range(1, 20_001):
        branch.trained(replace(step_of("pretrained", step), gradient_norm=1.0))
    assert all(len(series) <= 512 for curve in CURVES for series in curve.series(branch).values())


def limits(values: list[float], rows: int = 9) -> tuple[float, float]:
    axis = linear(values, rows, span=0.2, share=False)
    return axis.low, axis.high


def test_limits_are_round_and_stay_while_values_lie_within_them():
    assert limits([0.31, 0.92]) == limits([0.31, 0.92, 0.5]) == limits([0.24, 0.97]) == (0.2, 1.0)


@pytest.mark.parametrize("rows", range(2, 40))
def test_each_number_beside_an_axis_lies_exactly_on_a_row(rows: int):
    for values, share in (([0.31, 0.92], False), ([0.36, 0.81], True), ([2.31, 0.004, 1.7], False)):
        axis = linear(values, rows, span=0.2, share=share)
        places = [axis.place(value) * (rows - 1) for value, _ in axis.ticks]
        assert places == pytest.approx([round(place) for place in places], abs=1e-6)
        assert 2 <= len(places) <= 5 and axis.low <= min(values) and max(values) <= axis.high
        assert not share or axis.high == 1.0


def test_a_few_values_far_above_all_others_do_not_flatten_the_rest():
    losses = [2 - number / 100 for number in range(100)]
    assert limits([*losses, 10.0, 4000.0]) == limits(losses) and limits(losses)[1] < 3


async def test_what_lies_above_the_limits_has_a_mark():
    steps = (step_of("pretrained", step, loss=50 if step == 5 else 1 + step % 3 / 10) for step in range(1, 30))
    screen = Screen([*BEGUN, *steps])
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("tab", "w", "w")  # without smoothing
        await screen.feed(pilot)
        assert rows(screen, "loss")[0].count("▲") == 1


async def test_the_x_axis_reaches_a_little_beyond_the_last_step_and_on_demand_to_the_planned_end():
    screen = Screen([*BEGUN, *trained("pretrained", 1, 14)])
    async with screen.shown((120, 36)) as pilot:
        assert plot(screen, "accuracy")._picture.x.high == 1.5
        await pilot.press("tab", "a")
        await screen.feed(pilot)
        assert rows(screen, "accuracy")[-1].split() == ["0", "1", "2", "3", "epoch"]


async def test_the_axis_is_zoomed_around_the_cursor_and_follows_it():
    screen = Screen([*BEGUN, *trained("pretrained", 1, 30)])
    async with screen.shown((120, 36)) as pilot:

        def ends() -> tuple[float, float]:
            axis = plot(screen, "accuracy")._picture.x
            return axis.low, axis.high

        await pilot.press("tab", "up", "up")
        await screen.feed(pilot)
        assert ends() == (2.25, 3)
        await pilot.press("home")
        await screen.feed(pilot)
        assert ends() == (0, 0.75) and "│" in "".join(rows(screen, "accuracy"))
        await pilot.press("down", "down", "down")
        await screen.feed(pilot)
        assert ends() == (0, 3)


async def test_scores_are_drawn_to_a_quarter_of_a_row_and_the_last_one_is_written():
    drawn = set()
    for accuracy in (0.80, 0.82, 0.84, 0.86):
        before = [*BEGUN, *trained("pretrained", 1, 9)]
        screen = Screen(
            [
                *before,
                replace(step_of("pretrained", 10), accuracy=0.5),
                replace(epoch_of("pretrained", 1)[2], accuracy=accuracy),
            ]
        )
        async with screen.shown((120, 36)):
            text = "\n".join(rows(screen, "accuracy"))
            assert f"{100 * accuracy:.1f} %" in text
            drawn.add("".join(cell for cell in text if "⠀" < cell <= "⣿"))
    assert len(drawn) == 4


def test_a_log_axis_has_round_limits_and_no_more_than_four_decades():
    axis = logarithmic([3e-5, 7e-4], 6, share=False)
    assert (axis.low, axis.high) == pytest.approx((2e-5, 1e-3)) and axis.log
    assert [name for _, name in axis.ticks] == ["2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "0.001"]
    assert logarithmic([1e-12, 1.0], 6, share=False).low == pytest.approx(1e-4)
    assert axis.place(0.0) == 0 and logarithmic([0.0], 6, share=False) is None


# --- looking at them ------------------------------------------------------------------------------------


async def test_axis_and_smoothing_hold_for_all_plots_and_the_scale_for_the_one_in_focus():
    screen = Screen(with_norms(TRAINING))
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("tab", "y")
        await screen.feed(pilot)
        assert "accuracy, log" in frame(screen, "accuracy") and "log" not in frame(screen, "loss")
        assert rows(screen, "accuracy")[-1].split()[-1] == "epoch"
        await pilot.press("t", "w")
        await screen.feed(pilot)
        for name in ("loss", "accuracy"):
            assert rows(screen, name)[-1].split()[-2:] == ["15", "step"] and "smoothing strong" in frame(screen, name)


async def test_the_cursor_is_at_the_same_step_of_all_plots_and_reads_each_out():
    screen = Screen(STEERED)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("tab", "left")
        assert "step 13  " in frame(screen, "loss") and "▴ evaluate at step 13" in frame(screen, "accuracy")
        assert "step 13" in frame(screen, "accuracy") and "○ 64.0 %" in frame(screen, "accuracy")
        columns = {row.index("│") for row in rows(screen, "loss") if "│" in row}
        assert len(columns) == 1
        await pilot.press("left")
        assert "step 12, epoch 1.20" in frame(screen, "accuracy") and "○ 61.0 %" in frame(screen, "accuracy")
        await pilot.press("home")
        assert "step 1, epoch 0.10" in frame(screen, "loss")
        await pilot.press("left")
        assert "step 1, epoch 0.10" in frame(screen, "loss"), "there is nothing before"
        await pilot.press("end", "right")
        assert "step 13  " in frame(screen, "loss")


async def test_the_cursor_says_what_took_effect_there():
    screen = Screen([*TRAINING, p.RateChanged("pretrained", 12, "head", 1e-3)])
    async with screen.shown(SMALL) as pilot:
        await pilot.press("tab", "left", "left", "left")
        assert "▴ rate at step 12" in screen.text()
        await pilot.press("home")
        assert "▴ rate" not in screen.text()


@pytest.mark.parametrize(("size", "epoch"), [((120, 80), False), ((240, 50), True)])
async def test_where_there_is_little_room_the_cursor_leaves_out_the_epoch(size: tuple[int, int], epoch: bool):
    screen = Screen(TRAINING)
    async with screen.shown(size) as pilot:
        await pilot.press("tab", "left")
        await screen.feed(pilot)
        title = frame(screen, "lr")
        assert "step 14" in title and "backbone 5e-5" in title and "head 5e-4" in title and "…" not in title
        assert ("epoch 1.40" in title) == epoch


async def test_escape_leaves_the_cursor_then_the_zoom_then_the_pane():
    screen = Screen(TRAINING)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("tab", "z", "left", "escape")
        assert screen.app.state.plots.cursor is None and screen.app._body.zoomed == "accuracy"
        await pilot.press("escape", "escape")
        assert not screen.app._body.zoomed and screen.app._body.focused is None
        assert not any("│" in row for row in rows(screen, "accuracy"))


async def test_where_there_is_room_the_read_out_names_the_arms():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("tab", "tab", "home")
        assert "⠒⠒ 0.55" in frame(screen, "loss") and "pretrained" not in frame(screen, "loss")
        await pilot.press("z")
        await screen.feed(pilot)
        assert "⠒⠒ pretrained 0.55" in frame(screen, "loss") and "╌╌ scratch 0.64" in frame(screen, "loss")


async def test_the_read_out_is_cut_where_there_is_no_room_for_all():
    screen = Screen(STEERED)
    async with screen.shown((52, 24)) as pilot:
        await pilot.press("tab", "left")
        assert plot(screen, "accuracy")._border_title.cell_length <= 52


async def test_the_keys_of_the_plots_are_in_the_footer_while_one_has_the_focus_and_do_nothing_else():
    screen = Screen(TRAINING)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("y", "t", "left")
        assert screen.app.state.plots == PlotView() and "smoothing" not in screen.text()
        await pilot.press("tab")
        await screen.feed(pilot)
        assert "w smoothing" in screen.text().splitlines()[-1]


# --- older runs -----------------------------------------------------------------------------------------


async def test_an_older_run_is_drawn_in_its_own_colour_named_and_read_out(tmp_path: Path):
    write_run(tmp_path / "old [1]", begun("old"), started("scratch"), *trained("scratch", 1, 20))
    screen = Screen([replace(RUN_STARTED, path=str(tmp_path / "demo-1")), *TRAINING[2:]])
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("o")
        until(lambda: screen.app.screen._rows, "the older run in the list")
        screen.app.screen.follow()
        await pilot.pause()
        await pilot.press("space", "escape")
        until(screen.app.state.plots.older, "its curves")
        await screen.feed(pilot)
        styles = [segment.style for row in plot(screen, "loss")._rows for segment in row]
        assert DARK.variables["overlay"] in {style.color.name for style in styles if style and style.color}
        assert "old [1]" in screen.text() and "a old [1]" in frame(screen, "accuracy")
        await pilot.press("tab", "home")
        assert "a old [1] 57.1 %" in frame(screen, "accuracy")
