"""Every key: the command it sends, the answer it gives at once, and when it says no."""

import pytest

from engine import protocol as p
from tests.tui.story import BEGUN, BOTH_ARMS, TRAINING, Screen, trained
from tui.keys import KEYS

PAUSED = [*TRAINING, p.Paused("pretrained", 14)]
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
        (TRAINING, "m", p.SwitchArm("scratch"), "switching to scratch after this step"),
        (BOTH_ARMS, "m", p.SwitchArm("pretrained"), "switching to pretrained after this step"),
        (FINISHED, "m", p.SwitchArm("scratch"), "switching to scratch"),
        (TRAINING, "s", p.Save(), "saving after this step"),
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


async def test_choosing_goes_round():
    sent, text, _ = await press(TRAINING, "[")
    assert sent == [] and ">head" in text


async def test_two_quick_presses_are_two_steps_though_the_engine_has_not_answered():
    sent, _, _ = await press(TRAINING, "+", "+", "-")
    assert [command.base_lr for command in sent] == [1e-4, 2e-4, 1e-4]


@pytest.mark.parametrize(
    ("events", "key", "reason"),
    [
        ([], "p", "has not started"),
        ([], "m", "has not started"),
        ([], "s", "has not started"),
        ([], "+", "has not started"),
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
        (("q", "down", "enter"), [p.Stop(save=False)]),
        (("q", "escape"), []),
        (("q", "n"), []),
    ],
)
async def test_the_question_has_three_answers(keys, commands):
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


@pytest.mark.parametrize("events", [[], [*TRAINING, p.RunFailed("Out of memory", "smaller batch")]])
async def test_quitting_asks_nothing_where_nothing_would_be_lost(events):
    sent, _, app = await press(events, "q")
    assert sent == [] and app._exit is True


async def test_quitting_a_finished_arm_ends_the_waiting_engine():
    sent, _, _ = await press(FINISHED, "q")
    assert sent == [p.Stop(save=False)]


async def test_help_names_every_key_and_closes():
    _, text, _ = await press(TRAINING, "?", size=(120, 50))
    assert all(key.help[:40] in text for key in KEYS)
    _, text, _ = await press(TRAINING, "?", "escape", size=(120, 50))
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
        assert [title for title in titles if title.startswith(tuple(key.label for key in KEYS))][: len(KEYS)] == [
            f"{key.label} ({key.shown})" for key in KEYS
        ]
        await pilot.press("ctrl+p", *"save", "enter", "enter")
        await pilot.pause()
        assert screen.session.sent == [p.Save()]


async def test_a_click_on_the_footer_presses_the_key():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.click("Footer", offset=(1, 0))
        assert screen.session.sent == [p.Pause()]


def test_no_key_has_two_meanings():
    keys = [name for key in KEYS for name in key.keys]
    assert len(keys) == len(set(keys))
