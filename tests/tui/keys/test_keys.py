"""Every key: the command it sends, the answer it gives at once, and when it says no."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from engine import protocol as p
from tests.tui.story import BEGUN, BOTH_ARMS, NOW, POINTS, RUN_STARTED, TRAINING, Screen, started, trained
from tui.keys import KEYS
from tui.panels.message import EXPIRED, OLD, Message

PAUSED = [*TRAINING, p.Paused("pretrained", 14)]
FREED = [*TRAINING, p.Paused("pretrained", 14, freed=True)]
EVALUATING = [*TRAINING, p.Evaluating("pretrained", 14, 128, 400)]
EVALUATED_IN_A_PAUSE = [*PAUSED, p.Evaluating("pretrained", 14, 128, 400)]
ON_THE_CPU = [replace(RUN_STARTED, device="cpu"), *TRAINING[2:]]
FROZEN = [*TRAINING, p.GroupFrozen("pretrained", 14, "backbone", frozen=True)]
HEAD_FROZEN = [*TRAINING, p.GroupFrozen("pretrained", 14, "head", frozen=True)]
STOP_PLANNED = [*TRAINING, p.StopPlanned("pretrained", 14, 2, planned=True)]
FINISHED = [*BEGUN, *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)]


def press(events, *keys, size=(80, 24)):
    """The commands sent and the screen's text after keys were pressed in a run that told `events`."""

    async def played():
        screen = Screen(events)
        async with screen.shown(size) as pilot:
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            return screen.session.sent, screen.text(), screen.app

    return played()


@pytest.mark.parametrize(
    ("events", "key", "command", "answer"),
    [
        (TRAINING, "p", p.Pause(), "pausing after this step"),
        (TRAINING, "space", p.Pause(), "pausing after this step"),
        (PAUSED, "p", p.Resume(), "going on"),
        (PAUSED, "space", p.Resume(), "going on"),
        (FREED, "p", p.Resume(), "going on"),
        (EVALUATED_IN_A_PAUSE, "p", p.Resume(), "going on"),
        (TRAINING, "P", p.Pause(free=True), "pausing after this step and freeing the GPU"),
        (PAUSED, "P", p.Pause(free=True), "freeing the GPU"),
        (TRAINING, "e", p.Evaluate(), "scoring the test pictures"),
        (PAUSED, "e", p.Evaluate(), "scoring the test pictures"),
        (TRAINING, "f", p.SetFrozen("backbone", True), "backbone: frozen after this step"),
        (FROZEN, "f", p.SetFrozen("backbone", False), "backbone: trained again after this step"),
        (TRAINING, ">", p.SetEpochs(4), "4 epochs in all"),
        (TRAINING, ".", p.SetEpochs(4), "4 epochs in all"),
        (FINISHED, ">", p.SetEpochs(4), "4 epochs in all"),
        (TRAINING, "<", p.SetEpochs(2), "2 epochs in all"),
        (TRAINING, "comma", p.SetEpochs(2), "2 epochs in all"),
        (TRAINING, "x", p.StopAfterEpoch(), "ending after epoch 2"),
        (STOP_PLANNED, "x", p.StopAfterEpoch(planned=False), "going on after this epoch"),
        (TRAINING, "m", p.SwitchArm("scratch"), "switching to scratch after this step"),
        (BOTH_ARMS, "m", p.SwitchArm("pretrained"), "switching to pretrained after this step"),
        (FINISHED, "m", p.SwitchArm("scratch"), "switching to scratch"),
        (TRAINING, "s", p.Save(), "saving after this step"),
        (TRAINING, "_", p.ScaleRate("all", 2e-4 / 5e-4), "all rates: head 2e-4"),
        (TRAINING, "*", p.ScaleRate("all", 1e-3 / 5e-4), "all rates: head 1e-3"),
        (PAUSED, "r", p.FindRate(), "The sweep begins"),
        (TRAINING, "+", p.SetRate("backbone", 1e-4), "backbone: base rate 1e-4"),
        (TRAINING, "=", p.SetRate("backbone", 1e-4), "backbone: base rate 1e-4"),
        (TRAINING, "-", p.SetRate("backbone", 2e-5), "backbone: base rate 2e-5"),
    ],
)
async def test_a_key_sends_its_command_and_is_answered_at_once(events, key, command, answer):
    sent, text, _ = await press(events, key)
    assert sent == [command]
    assert answer in text


async def test_the_rate_keys_act_on_the_chosen_group():
    sent, text, _ = await press(TRAINING, "]", "+", "[", "-")
    assert sent == [p.SetRate("head", 1e-3), p.SetRate("backbone", 2e-5)]
    assert ">backbone" in text


async def test_the_rates_of_all_groups_change_together_and_their_ratios_stay():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("*", "*", "_")
        assert [command.factor for command in screen.session.sent] == pytest.approx([2.0, 2.0, 0.5])
        rates = {name: screen.app.state.view.base_rate(name) for name in ("backbone", "head")}
        assert rates == pytest.approx({"backbone": 1e-4, "head": 1e-3})
        await screen.feed(pilot, *(p.RateChanged("pretrained", 14, name, rate) for name, rate in rates.items()))
        assert screen.app.state.view.asked == {}


async def test_a_switch_pressed_again_goes_back_though_the_engine_has_not_answered():
    sent, _, _ = await press(TRAINING, "m", "m", "m")
    assert sent == [p.SwitchArm("scratch"), p.SwitchArm("pretrained"), p.SwitchArm("scratch")]


async def test_a_score_that_was_asked_for_is_told_and_that_of_an_epoch_is_in_its_line_alone():
    score = p.EvalDone("pretrained", 14, 2, 0.4, 0.915, 400, False)
    _, text, app = await press([*TRAINING, p.Evaluating("pretrained", 14, 0, 400), score])
    told = "91.5 % of 400 test pictures are classified correctly after step 14"
    assert told in text and told in [note.text for note in app.state.log]
    _, _, app = await press([*BEGUN, *trained("pretrained", 1, 20)])
    assert not any("classified correctly" in note.text for note in app.state.log)


async def test_a_message_that_is_too_long_says_how_to_read_it():
    failed = p.CommandRefused("pretrained", 14, "switch_arm", f"{'no such file ' * 9}; name another one")
    _, text, _ = await press([*TRAINING, failed])
    assert "switch arm refused: no such" in text.splitlines()[-2] and text.splitlines()[-2].endswith(
        "…  l reads it all"
    )


async def test_choosing_goes_round():
    sent, text, _ = await press(TRAINING, "[")
    assert sent == [] and ">head" in text


async def test_two_quick_presses_are_two_steps_though_the_engine_has_not_answered():
    sent, _, _ = await press(TRAINING, "+", "+", "-")
    assert [command.base_lr for command in sent] == [1e-4, 2e-4, 1e-4]
    sent, _, _ = await press(TRAINING, ">", ">", "<")
    assert sent == [p.SetEpochs(4), p.SetEpochs(5), p.SetEpochs(4)]


async def test_epochs_that_were_refused_are_not_counted_from():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press(">")
        await screen.feed(pilot, p.CommandRefused("pretrained", 14, "set_epochs", "no"))
        await pilot.press(">")
        assert screen.session.sent == [p.SetEpochs(4), p.SetEpochs(4)]


@pytest.mark.parametrize(
    ("events", "key", "reason"),
    [
        ([], "p", "has not started"),
        ([], "m", "has not started"),
        ([], "s", "has not started"),
        ([], "+", "has not started"),
        ([], "P", "has not started"),
        ([], "b", "has not started"),
        ([], "x", "has not started"),
        (TRAINING, "r", "training is not paused"),
        (FREED, "r", "the GPU is given back"),
        (EVALUATED_IN_A_PAUSE, "r", "being scored"),
        (FINISHED, "*", "done all its epochs"),
        (ON_THE_CPU, "P", "computes on the cpu, there is no GPU to free"),
        (FREED, "P", "given back already"),
        (EVALUATING, "e", "being scored"),
        (HEAD_FROZEN, "f", "nothing would be trained"),
        ([*BEGUN, *trained("pretrained", 1, 21)], "<", "epoch 3 has begun"),
        (FINISHED, "<", "done all its epochs"),
        (FINISHED, "x", "done all its epochs"),
        (FINISHED, "f", "done all its epochs"),
        (FINISHED, "p", "done all its epochs"),
        (FINISHED, "+", "done all its epochs"),
        ([*TRAINING, p.RunFailed("Out of memory", "smaller batch")], "p", "has ended"),
        ([*TRAINING, p.RunFailed("Out of memory", "smaller batch")], "s", "has ended"),
    ],
)
async def test_a_key_that_can_do_nothing_says_why_and_sends_nothing(events, key, reason):
    sent, text, _ = await press(events, key)
    assert sent == [] and "not now" in text and reason in text


async def test_the_acknowledgement_replaces_the_answer():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("p")
        await screen.feed(pilot, p.Paused("pretrained", 14))
        assert "paused after step 14" in screen.text() and "PAUSED" in screen.text()
        await pilot.press("s")
        saved = p.CheckpointSaved("pretrained", 14, "checkpoints/demo-1/pretrained/step-000014.pt", "key", 9, 1.8e9)
        await screen.feed(pilot, saved)
        assert "saved checkpoints/demo-1/pretrained/step-000014.pt at step 14" in screen.text()


async def test_the_screen_says_what_the_engine_refused():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await screen.feed(pilot, p.CommandRefused("pretrained", 14, "save", "the disk is full"))
        assert "the disk is full" in screen.text()


async def test_quitting_while_training_asks_and_saves_by_default():
    sent, text, app = await press(TRAINING, "q")
    assert sent == [] and "save and quit" in text and app._exit is False
    sent, text, _ = await press(TRAINING, "q", "enter")
    assert sent == [p.Stop(save=True)] and "saving after this step" in text


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_the_other_ways_out_ask_too(key):
    _, text, _ = await press(TRAINING, key)
    assert "save and quit" in text


@pytest.mark.parametrize(
    ("keys", "commands"),
    [
        (("q", "s"), [p.Stop(save=True)]),
        (("q", "N"), [p.Stop(save=False)]),
        (("q", "e"), [p.StopAfterEpoch()]),
        (("q", "down", "enter"), []),
        (("q", "down", "down", "enter"), [p.StopAfterEpoch()]),
        (("q", "down", "down", "down", "enter"), [p.Stop(save=False)]),
        (("q", "escape"), []),
        (("q", "n"), []),
    ],
)
async def test_the_question_has_five_answers(keys, commands):
    sent, _, _ = await press(TRAINING, *keys)
    assert sent == commands


async def test_the_screen_leaves_when_the_engine_has_stopped():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("q", "enter")
        assert screen.app._exit is False
        await screen.feed(pilot, p.RunFinished("pretrained", 15, False, 0.94, 0.94, "last.pt", "00", 9.0))
    assert screen.app._exit is True and screen.app.return_code == 0


async def test_a_save_that_fails_keeps_the_screen_open_and_says_so():
    screen = Screen(TRAINING)
    async with screen.shown((100, 30)) as pilot:
        await pilot.press("q", "enter")
        await screen.feed(
            pilot,
            p.CheckpointFailed("pretrained", 15, "last.pt", "last.pt: No space left on device"),
            p.CommandRefused("pretrained", 15, "stop", "it could not be saved: No space left on device"),
        )
        assert "could not be saved" in screen.text()
        await pilot.press("q")
        assert "save and quit" in screen.text()


async def test_leaving_after_the_epoch_waits_for_the_end_of_the_run():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("q", "e")
        await screen.feed(pilot, p.StopPlanned("pretrained", 15, 2, planned=True))
        assert "stops after epoch 2" in screen.text() and screen.app._exit is False
        await screen.feed(pilot, p.RunFinished("pretrained", 20, False, 0.94, 0.94, "last.pt", "00", 9.0))
    assert screen.app._exit is True


async def test_leaving_after_the_epoch_ends_a_pause():
    sent, _, _ = await press(PAUSED, "q", "e")
    assert sent == [p.StopAfterEpoch(), p.Resume()]


@pytest.mark.parametrize(
    "event",
    [
        p.CommandRefused("pretrained", 15, "stop_after_epoch", "no"),
        p.StopPlanned("pretrained", 15, 2, planned=False),
    ],
)
async def test_the_screen_stays_where_the_stop_after_the_epoch_was_refused_or_taken_back(event):
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("q", "e")
        await screen.feed(pilot, event)
        await screen.feed(pilot, p.RunFinished("pretrained", 30, True, 0.94, 0.94, "last.pt", "00", 9.0))
        assert screen.app._exit is False


async def test_quitting_asks_again_while_the_epoch_that_is_waited_for_goes_on():
    _, text, app = await press(TRAINING, "q", "e", "q")
    assert "save and quit" in text and app._exit is False


@pytest.mark.parametrize(
    ("events", "goes_on"),
    [(TRAINING, "training goes on without"), (PAUSED, "the run stays paused without")],
)
async def test_the_question_says_what_becomes_of_a_run_that_is_left_alone(events, goes_on):
    _, text, _ = await press(events, "q")
    assert f"detach: {goes_on} this screen" in text


async def test_in_a_pause_the_list_of_points_says_that_going_back_ends_it():
    screen = Screen([*TRAINING, POINTS])
    async with screen.shown() as pilot:
        await pilot.press("b")
        await pilot.pause()
        assert "Enter goes back, Esc closes" in screen.text()
        await screen.feed(pilot, PAUSED[-1])
        screen.app.screen.follow()
        await pilot.pause()
        assert "Enter goes back and trains on, Esc closes" in screen.text()


async def test_the_question_follows_the_run_while_it_is_open():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert "pretrained step 10, saved 12 s ago" in text_of_question(screen)
        await screen.feed(pilot, p.CheckpointSaved("pretrained", 15, "last.pt", "time", 1, NOW), *PAUSED[-1:])
        screen.app.screen.follow()
        await pilot.pause()
        text = text_of_question(screen)
        assert "pretrained step 15, saved 0 s ago" in text and "detach: the run stays paused" in text


def text_of_question(screen: Screen) -> str:
    """What the dialog says, in one line."""
    return " ".join(word for line in screen.text().splitlines() for word in line[9:70].split() if word != "│")


async def test_a_hint_goes_after_a_while_and_what_happened_gets_dim():
    screen = Screen(TRAINING)
    async with screen.shown() as pilot:
        await pilot.press("r")
        message = screen.app.query_one(Message)
        assert "find lr: not now" in message.text(screen.app.state, NOW + EXPIRED).plain
        assert not message.text(screen.app.state, NOW + EXPIRED + 1).plain
        await pilot.press("p")
        assert "pausing after this step…" in message.text(screen.app.state, NOW + 1000).plain, "it is still to come"
        await screen.feed(pilot, p.Paused("pretrained", 14), p.Resumed("pretrained", 14))
        for later, style in ((0, "$success"), (OLD + 1, "$muted")):
            text = message.text(screen.app.state, NOW + later)
            assert "training goes on" in text.plain and text.spans[0].style == style


@pytest.mark.parametrize(("key", "at", "reason"), [("+", 100.0, "100 is the highest"), ("-", 1e-9, "1e-9 is the low")])
async def test_a_rate_at_its_end_is_not_asked_for_again(key: str, at: float, reason: str):
    sent, text, _ = await press([*TRAINING, p.RateChanged("pretrained", 14, "backbone", at)], key)
    assert not sent and f"rate: not now, {reason}" in text


async def test_ctrl_z_pauses_first_and_meanwhile_no_key_does_anything(monkeypatch):
    screen = Screen(TRAINING)
    said: list[str] = []
    monkeypatch.setattr(screen.app, "why_not_suspended", lambda: "")

    def suspend(words, continued):
        said.append(words)
        continued()

    monkeypatch.setattr(screen.app, "suspend_job", suspend)
    async with screen.shown() as pilot:
        await pilot.press("l", "ctrl+z", "escape", "f", "g")
        assert screen.session.sent == [p.Pause()] and not said
        await screen.feed(pilot, p.Paused("pretrained", 14))
        assert screen.session.sent == [p.Pause(), p.Resume()] and "D there lets training go on" in said[0]
        await screen.feed(pilot, p.Resumed("pretrained", 14))
        await pilot.press("f")
        assert screen.session.sent[2:] == [p.SetFrozen("backbone", True)]


async def test_a_rewind_goes_to_the_point_that_was_chosen():
    sent, text, _ = await press([*TRAINING, POINTS], "b", "down", "down", "enter")
    assert sent == [p.Rewind("epoch-1")] and "going back after this step" in text
    sent, _, _ = await press([*TRAINING, POINTS], "b", "enter")
    assert sent == [p.Rewind("key")]


async def test_where_it_is_narrow_the_reason_of_a_point_is_read_in_full():
    _, text, _ = await press([*TRAINING, POINTS], "b", size=(60, 40))
    assert "kept because" in text and "branch " not in text and "accuracy" in text and "left by the rewind" in text


async def test_a_rewind_can_be_thought_better_of():
    sent, text, _ = await press([*TRAINING, POINTS], "b", "down", "escape")
    assert sent == [] and "kept because" not in text


async def test_the_list_of_points_follows_the_run_and_the_highlight_stays_on_its_point():
    screen = Screen([*TRAINING, replace(POINTS, points=POINTS.points[:2])])
    async with screen.shown() as pilot:
        await pilot.press("b", "down")
        assert "left by the rewind" not in screen.text()
        await screen.feed(pilot, POINTS)
        screen.app.screen.follow()
        await pilot.pause()
        assert "left by the rewind" in screen.text()
        await pilot.press("enter")
        assert screen.session.sent == [p.Rewind("start")]


async def test_a_point_that_is_gone_takes_no_other_point_of_the_list_with_it():
    screen = Screen([*TRAINING, POINTS])
    async with screen.shown() as pilot:
        await pilot.press("b")
        await screen.feed(pilot, replace(POINTS, points=()))
        screen.app.screen.follow()
        await pilot.press("enter")
        assert screen.session.sent == [] and "No state of this arm" in screen.text()


async def test_a_long_list_of_points_scrolls():
    point = POINTS.points[0]
    points = tuple(replace(point, name=f"n{n}", step=n, time=point.time + n, reason=f"reason {n}") for n in range(60))
    sent, text, _ = await press([*TRAINING, p.RestorePoints("pretrained", points)], "b", *["down"] * 40)
    assert "reason 19" in text and "reason 59" not in text and sent == []


async def test_points_of_the_other_arm_are_not_offered():
    sent, text, _ = await press([*TRAINING, POINTS, p.ArmSuspended("pretrained", 14), started("scratch")], "b", "enter")
    assert sent == [] and "No state of this arm" in text


@pytest.mark.parametrize("events", [[], [*TRAINING, p.RunFailed("Out of memory", "smaller batch")]])
async def test_quitting_asks_nothing_where_nothing_would_be_lost(events):
    sent, _, app = await press(events, "q")
    assert sent == [] and app._exit is True


async def test_quitting_a_finished_arm_ends_the_waiting_engine():
    sent, _, _ = await press(FINISHED, "q")
    assert sent == [p.Stop(save=False)]


async def test_help_names_every_key_and_closes():
    _, text, _ = await press(TRAINING, "?", size=(120, 120))
    assert all(key.help[:40] in text for key in KEYS if not key.pane)
    _, text, _ = await press(TRAINING, "?", "escape", size=(120, 120))
    assert KEYS[0].help not in text


async def test_the_log_shows_all_the_run_has_said_and_follows_it():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("l")
        await pilot.pause()
        assert "scratch starts from random weights" in screen.text()
        await screen.feed(pilot, p.ImageSkipped("train/cat/7.jpg", "truncated", 1))
        screen.app.screen.follow()
        await pilot.pause()
        assert "train/cat/7.jpg" in screen.text()


async def test_the_palette_has_every_key():
    screen = Screen(TRAINING)
    async with screen.shown((80, 40)) as pilot:
        titles = [command.title for command in screen.app.get_system_commands(screen.app.screen)]
        assert all(any(name.endswith(f"({key.shown})") for name in titles) for key in KEYS if not key.pane)
        assert len(titles) == len(set(titles)) and {"lower rate (-)", "pane loss (1)", "theme"} <= set(titles)
        await pilot.press("ctrl+p", *"save", "enter", "enter")
        await pilot.pause()
        assert screen.session.sent == [p.Save()]


async def test_the_palette_begins_with_what_has_no_key_and_goes_on_in_the_order_of_the_keys():
    screen = Screen(TRAINING)
    async with screen.shown((80, 60)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        text = screen.text()
        listed = ["experiment: freeze the backbone", "pause (p)", "switch arm (m)", "save (s)", "rewind (b)"]
        assert (places := [text.index(title) for title in listed]) == sorted(places)
        assert all(cell_len(character) == 1 for line in text.splitlines() for character in line), "no emoji"


async def test_a_click_on_the_footer_presses_the_key():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.click("Footer", offset=(1, 0))
        assert screen.session.sent == [p.Pause()]


async def test_the_key_of_the_learning_rate_finder_is_shown_in_a_pause_alone():
    for events, shown in ((TRAINING, False), (PAUSED, True)):
        _, text, _ = await press(events, size=(80, 24))
        assert ("r find lr" in text.splitlines()[-1]) is shown


async def test_a_narrow_footer_leaves_out_the_less_important_keys_and_a_wide_one_none():
    rows = {}
    for width in (60, 80, 120, 220):
        _, text, _ = await press(TRAINING, size=(width, 30))
        rows[width] = text.splitlines()[-1]
        assert len(rows[width]) <= width and rows[width].endswith("  q quit")
        assert "p pause" in rows[width] and "? help" in rows[width]
    shown = [key for key in KEYS if not key.pane and key.rank < 9 and key.name not in ("find_rate", "label", "summary")]
    assert all(key.label in rows[220] for key in shown)
    assert "1-0 panes" in rows[120]
    assert "b rewind" in rows[80] and "e evaluate" not in rows[80]
    assert "D detach" in rows[120] and "e evaluate" in rows[120]


def test_no_key_has_two_meanings():
    for pane in {key.pane for key in KEYS}:
        keys = [name for key in KEYS if key.pane == pane for name in key.keys]
        assert len(keys) == len(set(keys))
