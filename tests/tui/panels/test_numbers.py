"""The numbers: what the arms differ by, where the time goes, how far slow things are, and that figures stand still."""

from dataclasses import replace

import pytest

from engine import protocol as p
from engine.figures.account import Account
from engine.metrics import METRICS, Metric
from engine.metrics.interval import difference, wilson
from tests.tui.story import (
    BEGUN,
    BOTH_ARMS,
    NOW,
    RUN_STARTED,
    TRAINING,
    Screen,
    gpu,
    started,
    step_of,
    system,
    trained,
)
from tui import format as f
from tui.figures.pace import Pace
from tui.figures.steady import steady_sample
from tui.panels.comparison import Comparison
from tui.panels.message import Message
from tui.panels.progress import Progress
from tui.panels.status import Status
from tui.panels.system import System
from tui.state import UiState

CHOSEN = p.CompileChosen("pretrained", 14, worth=True, reason="it pays")


def timed(count: int, first: int = 1, wait: float = 0.4, arm: p.Arm = "pretrained") -> list[p.Event]:
    """Steps of a second each: so much waiting, a tenth for the optimizer."""
    return [
        replace(step_of(arm, step), seconds=1.0, data_wait=wait, optimizer=0.1) for step in range(first, first + count)
    ]


def state_after(*events: p.Event) -> UiState:
    state = UiState()
    for event in events:
        state.fold(event)
    return state


def pane(screen: Screen, kind: type) -> list[str]:
    view = screen.app.query_one(kind)
    return [row.text for row in view._rows]


async def shown(kind: type, *events: p.Event, size: tuple[int, int] = (80, 24)) -> str:
    screen = Screen(list(events))
    async with screen.shown(size):
        return "\n".join(pane(screen, kind))


# --- the difference -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "other", "of_other", "low", "high"),
    [  # table II of the paper, method 10
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(hits, of, other, of_other, low, high):
    assert difference(hits, of, other, of_other) == pytest.approx((low, high), abs=1e-4)


async def test_a_further_headline_metric_has_a_row_in_the_comparison(monkeypatch):
    monkeypatch.setitem(METRICS, "top_2", Metric(lambda predictions: None, "number", True, headline=True))
    metrics = {"top_2": 0.875, "macro_f1": 0.75, "of_the_future": 0.5}
    newest = p.EvalDone("scratch", 14, 2, 0.35, 0.64, 400, best=False, metrics=metrics)
    text = await shown(Comparison, *BOTH_ARMS, newest, size=(120, 36))
    (row,) = [line for line in text.splitlines() if line.startswith("top 2")]
    assert row.split() == ["top", "2", f.MISSING, "0.8750"]
    assert "F1" not in text and "future" not in text


def test_the_interval_of_a_share_is_the_published_one():
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


async def test_the_difference_of_the_bests_stands_with_its_interval_and_the_number_of_pictures():
    text = await shown(Comparison, *BOTH_ARMS)
    assert "+32.0 (+26.6 to +37.2)" in text and "400 tested" in text


@pytest.mark.parametrize(("accuracy", "word"), [(0.93, "may be chance"), (0.5, "significant")])
async def test_it_is_said_whether_the_difference_is_more_than_chance(accuracy, word):
    screen = Screen([*TRAINING, started("scratch"), p.EvalDone("scratch", 4, 1, 0.3, accuracy, 400, best=True)])
    async with screen.shown():
        assert word in screen.text()


async def test_with_one_arm_alone_it_is_said_how_to_get_the_other():
    assert "m trains the other arm" in await shown(Comparison, *TRAINING)


async def test_how_soon_nine_tenths_of_the_best_were_reached_is_in_seconds_and_in_epochs():
    low = [p.EvalDone("pretrained", 4, 1, 0.3, 0.5, 400, True), p.EvalDone("pretrained", 5, 1, 0.3, 0.93, 400, True)]
    rows = (await shown(Comparison, *BEGUN, *low, *trained("pretrained", 6, 20), size=(120, 60))).splitlines()
    cells = {row[:13].strip(): row[13:25].strip() for row in rows}
    assert cells["90 % at epoch"] == "0.5" and cells["time to 90 %"] == "2.2 s"  # half of the first epoch's 4.5 s


# --- where the time goes --------------------------------------------------------------------------------


def test_the_account_divides_the_time_of_the_last_epoch():
    account = Account()
    for event in timed(40, wait=0.9):  # they leave the window
        account.fold(event, 100)
    for event in timed(100, wait=0.4):
        account.fold(event, 100)
    account.fold(p.EvalDone("pretrained", 100, 1, 0.3, 0.9, 400, best=True, seconds=20.0), 100)
    account.fold(p.CheckpointSaved("pretrained", 100, "a.pt", "epoch", 9, NOW, stall=5.0), 100)
    assert account.shares() == pytest.approx(
        {"data": 40 / 125, "model": 50 / 125, "update": 10 / 125, "test": 20 / 125, "save": 5 / 125}, abs=0.02
    )


def test_one_evaluation_an_epoch_counts_once_wherever_the_epoch_stands():
    account, seen = Account(), []
    for step in range(1, 500):
        account.fold(timed(1)[0], 100)
        if step % 100 == 0:
            account.fold(p.EvalDone("pretrained", step, 1, 0.3, 0.9, 400, best=True, seconds=50.0), 100)
        if step > 110:
            seen.append(account.shares()["test"])
    assert sorted(seen)[len(seen) // 20] > 0.3 and sorted(seen)[-len(seen) // 20] < 0.4


def test_steps_that_do_not_say_how_long_they_took_make_no_account():
    assert state_after(*TRAINING).view.account.shares() == {}


async def test_the_bar_of_the_time_and_its_legend_can_be_read_without_colour():
    rows = (await shown(Progress, *BEGUN, *timed(25, wait=0.2), size=(120, 40))).splitlines()
    bar, legend = rows[-2], rows[-1]
    assert bar.startswith("spent on") and legend == "░ data 20  █ model 70  ▒ update 10"
    assert bar.count("█") > 3 * bar.count("░") > 3 * bar.count("▒") > 0


@pytest.mark.parametrize(
    ("device", "size", "text"),
    [
        ("cuda:0", (80, 24), "GPU waits 40 %: more data.threads?"),
        ("cuda:0", (200, 50), "more data.threads?"),
        ("cpu", (80, 24), "training waits 40 %: data.prepare?"),
    ],
)
async def test_a_processor_that_waits_for_pictures_is_told_of_with_a_remedy(device, size, text):
    assert text in await shown(Progress, replace(RUN_STARTED, device=device), started(), *timed(25), size=size)


async def test_one_that_waits_little_is_not_told_of():
    assert "waits" not in await shown(Progress, *BEGUN, *timed(25, wait=0.2))


async def test_a_processor_that_waits_while_pictures_are_prepared_needs_no_remedy():
    told = await shown(Progress, *BEGUN, p.Preparing("pictures", 10, 100), *timed(25))
    assert "preparing pictures" in told and "threads" not in told


# --- progress of what is slow ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (75, 24), (60, 60), (120, 36)])
async def test_steps_and_test_pictures_are_never_cut(size):
    many = [replace(RUN_STARTED), replace(started(), epochs=19, steps_per_epoch=300)]
    many.append(replace(step_of("pretrained", 230), epoch=1))
    assert "230/5,700" in await shown(Progress, *many, size=size)
    assert "evaluating 1,280/10,000" in await shown(
        Progress, *many, p.Evaluating("pretrained", 230, 1280, 10_000), size=size
    )


def drawn(screen: Screen, kind: type, now: float) -> str:
    return screen.app.query_one(kind).text(screen.app.state, now).plain


async def test_what_cannot_be_counted_shows_the_seconds_so_far():
    screen = Screen([p.Loading("loading PyTorch")])
    async with screen.shown():
        began = drawn(screen, Progress, NOW)
        assert began.startswith("loading PyTorch…") and "s" not in began.partition("…")[2]
        screen.app.state.fold(p.Loading("looking for pictures"))
        drawn(screen, Progress, NOW)
        assert drawn(screen, Progress, NOW + 3.2) == "looking for pictures… 3 s"
        assert drawn(screen, Progress, NOW + 65) == "looking for pictures… 1:05"


async def test_a_download_is_told_in_mebibytes_with_its_rate_and_the_time_left():
    mebibyte = 2**20
    screen = Screen([])
    async with screen.shown():
        for second, done in ((0, 0), (4, 12 * mebibyte)):
            screen.app.state.fold(p.Loading("downloading resnet18.pth", done, 48 * mebibyte))
            text = drawn(screen, Progress, NOW + second)
        assert "downloading resnet18.pth" in text and "12.0/48.0 MiB  3.00 MiB/s  0:12 left" in text and "25 %" in text


async def test_what_is_counted_has_its_count():
    assert "1,200/10,000" in await shown(Progress, p.Loading("checking pictures", 1200, 10_000))


async def test_a_download_between_two_steps_shows_until_the_arm_goes_on():
    screen = Screen([*TRAINING, p.Loading("downloading resnet18.pth", 2**20, 4 * 2**20)])
    async with screen.shown() as pilot:
        assert "downloading resnet18.pth" in screen.text() and " LOADING " in screen.text()
        await screen.feed(pilot, started("scratch"))
        assert "downloading" not in screen.text() and " TRAINING " in screen.text()


async def test_features_that_are_computed_first_have_a_bar():
    text = await shown(Progress, *BEGUN, p.Preparing("features", 100, 400))
    assert "computing features" in text and "100/400" in text and "25 %" in text


async def test_compiling_is_a_state_with_the_seconds_so_far_and_ends_with_its_answer():
    screen = Screen([*TRAINING, CHOSEN])
    async with screen.shown() as pilot:
        assert " COMPILING " in screen.text() and screen.app.state.live
        screen.app.query_one(Progress)._pace = Pace()
        drawn(screen, Progress, NOW)
        assert drawn(screen, Progress, NOW + 24).startswith("compiling the training step… 24 s")
        await screen.feed(pilot, p.Compiled("pretrained", 14, 30.0, ""))
        assert " TRAINING " in screen.text()


def test_a_step_that_is_not_compiled_is_no_wait():
    assert state_after(*TRAINING, replace(CHOSEN, worth=False)).phase == "training"


async def test_a_pause_that_was_asked_for_shows_until_it_has_come():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("p")
        await screen.feed(
            pilot, p.CompileChosen("pretrained", 14, worth=False, reason="x"), p.Resumed("pretrained", 14)
        )
        assert " PAUSING " in screen.text() and "pausing after this step…" in screen.text()
        screen.app.query_one(Message)._pace = Pace()
        drawn(screen, Message, NOW)
        assert drawn(screen, Message, NOW + 4) == " pausing after this step… 4 s"
        await screen.feed(pilot, p.Paused("pretrained", 14))
        assert " PAUSED " in screen.text() and "paused after step 14" in screen.text()


async def test_a_switch_that_was_asked_for_shows_until_the_other_arm_starts():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("m")
        await screen.feed(pilot, step_of("pretrained", 15))
        assert " SWITCHING " in screen.text()
        await screen.feed(pilot, started("scratch"))
        assert " TRAINING " in screen.text() and screen.app.state.waiting == []


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (p.Save(), p.CheckpointSaved("pretrained", 14, "a.pt", "key", 9, NOW)),
        (p.Save(), p.CheckpointFailed("pretrained", 14, "a.pt", "disk full")),
        (p.Evaluate(), p.Evaluating("pretrained", 14, 0, 400)),
        (p.Resume(), p.Resumed("pretrained", 14)),
        (p.Pause(free=True), p.Paused("pretrained", 14, freed=True)),
        (p.Pause(), p.CommandRefused("pretrained", 14, "pause", "no")),
        (p.Rewind("a"), p.RunFailed("Disk full", "make room")),
    ],
)
def test_a_command_is_waited_for_until_its_answer(command, event):
    state = state_after(*TRAINING)
    state.ask(command)
    state.fold(p.CheckpointSaved("pretrained", 14, "b.pt", "autosave", 9, NOW))
    state.fold(p.Watching(1))
    assert state.waiting == [command]
    state.fold(event)
    assert state.waiting == []


def test_a_warning_is_shown_while_a_command_is_waited_for():
    state = state_after(*TRAINING)
    state.ask(p.Save())
    state.fold(p.LoaderStuck(31.0, ("a.jpg",)))
    assert "no batch has come" in state.note.text


# --- figures that stand still ---------------------------------------------------------------------------


async def test_the_age_of_what_is_safe_changes_rarely():
    screen = Screen([*TRAINING, p.Paused("pretrained", 14)])
    async with screen.shown():
        texts = [drawn(screen, Status, NOW - 12 + second) for second in range(180)]
        assert len(set(texts)) == 1 + 5 + 2, "just now, five tens of seconds, two minutes"


@pytest.mark.parametrize(("columns", "words"), [(200, "last checkpoint: step "), (80, "saved: step ")])
async def test_what_has_been_sent_elsewhere_stands_beside_what_is_saved(columns, words):
    screen = Screen([*TRAINING, p.CheckpointSent("pretrained", 7, "last.pt", NOW - 42, 1.0)])
    async with screen.shown((columns, 24)):
        line = drawn(screen, Status, NOW)
        assert words in line and line.rstrip().endswith("· bucket: step 7, 40 s ago")


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "just now"), (9.9, "just now"), (19, "10 s ago"), (59.9, "50 s ago"), (61, "1 min ago")]
)
def test_ages_are_round(seconds, text):
    assert f.ago(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(9.432, "9.43"), (31.24, "31.2"), (312.4, "312"), (12_345.0, "12,300"), (0.0, "0")]
)
def test_a_throughput_has_three_digits(value, text):
    assert f.speed(value) == text


@pytest.mark.parametrize(
    ("name", "near", "far"),
    [
        ("utilisation", 0.89, 0.90),
        ("memory_used", 31 * 2**30 + 2**28, 31 * 2**30 + 2**29),
        ("temperature", 62.0, 63.0),
        ("power", 430.0, 445.0),
    ],
)
def test_a_figure_of_a_gpu_moves_when_it_has_moved_visibly(name, near, far):
    before = system(gpu())
    assert steady_sample(before, system(gpu(**{name: near}))) == before
    assert getattr(steady_sample(before, system(gpu(**{name: far}))).gpus[0], name) == far
    assert getattr(steady_sample(before, system(gpu(**{name: None}))).gpus[0], name) is None


async def test_an_idle_machine_sends_nothing_while_paused(monkeypatch: pytest.MonkeyPatch):
    screen = Screen([*TRAINING, p.Paused("pretrained", 14)])
    async with screen.shown() as pilot:
        regions: list[object] = []
        for widget in screen.app.query("*"):
            monkeypatch.setattr(widget, "refresh", lambda *region, **options: regions.append(region))
        busy = replace(gpu(), utilisation=0.88, memory_used=31 * 2**30 + 999, temperature=61.9, power=411.0)
        await screen.feed(pilot, replace(system(busy), cpu=0.44, process_memory=2**30 + 9999))
        assert regions == []


async def test_digits_of_the_throughput_do_not_dance():
    screen = Screen([*BEGUN, *timed(20)])
    async with screen.shown() as pilot:
        before = pane(screen, Progress)[3]
        for step, speed in enumerate((309.0, 316.0, 311.0), 21):
            await screen.feed(pilot, replace(timed(1, step)[0], images_per_second=speed))
            assert pane(screen, Progress)[3] == before


async def test_the_last_minutes_of_the_machine_are_bars_beside_its_figures():
    screen = Screen([*TRAINING])
    async with screen.shown((120, 36)) as pilot:
        for tick, busy in enumerate((0.0, 0.5, 1.0), 1):
            later = replace(system(gpu(utilisation=busy)), time=NOW + 5 * tick, cpu=1 - busy)
            await screen.feed(pilot, later)
        lines = pane(screen, System)
    assert "▁▅█ " in lines[0] and "█▅▁ " in lines[1] and "100%" in lines[0]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (p.GpuProcess(4711, "ann", "python", 3 * 2**30), "others: ann python 3.0 GiB"),
        (p.GpuProcess(4711, "", "x\x1b[2J", None), "others: pid 4711 x\\x1b[2J"),
    ],
)
async def test_other_users_of_a_gpu_are_named_as_text(other, text):
    lines = (await shown(System, *TRAINING, system(gpu(others=(other,))), size=(120, 40))).splitlines()
    assert lines[1].strip() == text


async def test_a_line_of_the_log_that_is_too_wide_ends_in_an_ellipsis():
    screen = Screen([*TRAINING, p.LoaderStuck(31.0, ("a" * 300,))])
    async with screen.shown((120, 36)):
        row = next(row for row in screen.text().splitlines() if "! no batch has come" in row)
        assert row.rstrip(" │").endswith("…")
