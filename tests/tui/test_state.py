"""The fold from events to what is shown, without a screen."""

from dataclasses import replace
from typing import get_args

import pytest

from engine import protocol as p
from tests.tui.story import BEGUN, BOTH_ARMS, TRAINING, epoch_of, started, step_of, trained
from tui.state import UiState


def state_after(*events: p.Event) -> UiState:
    state = UiState()
    for event in events:
        state.fold(event)
    return state


def test_a_run_is_loading_then_training_then_evaluating_then_training():
    assert state_after().phase == "loading"
    assert state_after(*BEGUN).phase == "training"
    assert state_after(*TRAINING, p.Evaluating("pretrained", 14, 0, 400)).phase == "evaluating"
    assert state_after(*TRAINING, *epoch_of("pretrained", 2)).phase == "training"


def test_a_pause_and_its_end_show():
    paused = state_after(*TRAINING, p.Paused("pretrained", 14))
    assert paused.phase == "paused" and paused.live
    paused.fold(p.Resumed("pretrained", 14))
    assert paused.phase == "training"


def test_a_done_arm_is_finished_and_nothing_is_at_stake():
    state = state_after(*BEGUN, *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5))
    assert state.phase == "finished" and not state.live


def test_a_run_resumed_after_its_end_is_finished_at_once():
    state = state_after(*BEGUN, *trained("pretrained", 1, 30), BEGUN[1], started(step=30))
    assert state.phase == "finished"


def test_a_failure_is_kept_and_is_the_last_word():
    failure = p.RunFailed("Loss is not finite", "lower the rates")
    state = state_after(*TRAINING, failure)
    assert state.phase == "failed" and state.failure == failure
    assert state.log[-1].level == "bad" and "lower the rates" in state.log[-1].text


def test_a_failure_between_the_start_of_the_run_and_of_its_arm_shows_too():
    state = state_after(*BEGUN[:2], p.RunFailed("Out of memory", "smaller batch"))
    assert state.phase == "failed" and state.view is None


def test_each_arm_has_its_own_curves_and_history():
    state = state_after(*BOTH_ARMS)
    assert state.arm == "scratch"
    assert len(state.arms["pretrained"].train_loss) == 14 and len(state.arms["scratch"].train_loss) == 25
    assert [row.epoch for row in state.arms["scratch"].history] == [1, 2]
    assert state.arms["pretrained"].best.accuracy == pytest.approx(0.94)


def test_the_better_evaluation_is_the_best_and_the_first_of_equals():
    first, worse, equal = (
        p.EvalDone("pretrained", 10 * n, n, 0.1, a, 400, True) for n, a in ((1, 0.9), (2, 0.8), (3, 0.9))
    )
    state = state_after(*TRAINING[:3], first, worse, equal)
    assert state.view.best is first


def test_steps_lost_in_a_crash_leave_the_curves_when_the_run_goes_on_before_them():
    state = state_after(*BEGUN, *trained("pretrained", 1, 24), BEGUN[1], started(step=8))
    view = state.view
    assert view.train_loss.points()[0] == list(range(1, 9))
    assert view.history == [] and view.evaluations == [] and view.step == 8


def test_a_rate_is_as_asked_for_until_the_engine_answers():
    state = state_after(*TRAINING)
    state.view.asked["head"] = 1e-3
    assert state.view.base_rate("head") == 1e-3
    state.fold(p.RateChanged("pretrained", 14, "head", 1e-3))
    assert state.view.asked == {} and state.view.base_rate("head") == 1e-3
    assert state.view.base_rate("backbone") == 5e-5


def test_a_refused_rate_goes_back():
    state = state_after(*TRAINING)
    state.view.asked["head"] = 200.0
    state.fold(p.CommandRefused("pretrained", 14, "set_rate", "a rate lies in 0..100"))
    assert state.view.base_rate("head") == 5e-4


def test_time_left_comes_from_the_speed_at_first_and_from_the_epochs_later():
    first = state_after(*BEGUN, step_of("pretrained", 1))
    assert first.view.seconds_left(batch_size=64) == pytest.approx(29 * 64 / 312)
    assert state_after(*TRAINING).view.seconds_left(batch_size=64) == pytest.approx(16 * 4.5 / 10)
    assert state_after(*BEGUN).view.seconds_left(batch_size=64) is None


def test_the_last_checkpoint_and_the_skipped_pictures_are_remembered():
    state = state_after(*TRAINING, p.ImageSkipped("a/b.jpg", "truncated", 3))
    assert state.checkpoint.step == 10 and state.skipped == 3
    assert "a/b.jpg" in state.note.text


def test_a_note_an_event_deserves_is_in_the_log_and_steps_are_not():
    state = state_after(*TRAINING)
    texts = [note.text for note in state.log]
    assert any("epoch 1/3" in text for text in texts) and not any("step 14" in text for text in texts)


def test_the_first_group_is_chosen_and_stays_chosen_in_the_other_arm():
    state = state_after(*TRAINING)
    assert state.selected == "backbone"
    state.selected = "head"
    state.fold(started("scratch"))
    assert state.selected == "head"


def test_an_arm_with_other_groups_has_its_first_one_chosen():
    state = state_after(*TRAINING)
    state.fold(replace(started("scratch"), groups=(p.Group("all", 10, 0.1),)))
    assert state.selected == "all"


def test_every_event_there_is_can_be_folded_by_its_name():
    folded = {type(event) for event in BOTH_ARMS} | {
        p.Loading, p.ImageSkipped, p.CheckpointFailed, p.Paused, p.Resumed, p.RateChanged, p.ArmFinished,
        p.CommandRefused, p.RunFinished, p.RunFailed,
    }  # fmt: skip
    state = state_after(*BOTH_ARMS)
    for event in (
        p.Loading("PyTorch"),
        p.CheckpointFailed("scratch", 25, "last.pt", "disk full"),
        p.ArmSuspended("scratch", 25),
        p.RunFinished("scratch", 25, False, 0.6, 0.6, "last.pt", "00", 9.0),
    ):
        state.fold(event)
    assert state.phase == "ended"
    assert folded <= set(get_args(p.Event))
