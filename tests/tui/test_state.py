"""The fold from events to what is shown, without a screen."""

from dataclasses import replace
from typing import get_args

import pytest

from engine import protocol as p
from engine.figures.branch import MOST_TICKS
from tests.tui.story import BEGUN, BOTH_ARMS, POINTS, TRAINING, epoch_of, rewound, started, step_of, trained
from tui.refusals import not_training
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


def test_a_run_trains_when_it_has_an_arm_in_hand_and_a_key_can_do_something():
    state = state_after(*BEGUN[:2])
    assert state.phase == "loading" and state.view is None and not_training(state)
    state.fold(BEGUN[2])
    assert state.phase == "training" and not not_training(state)


def test_a_history_shows_when_it_is_complete_in_place_of_what_was_there():
    state = state_after(*TRAINING)
    shown, drawn = vars(state).copy(), state.drawn
    for event in (p.HistoryBegins(), *BOTH_ARMS):
        state.fold(event)
    assert {name: value for name, value in vars(state).items() if name != "_history"} | {"_history": None} == shown
    state.fold(p.HistoryEnds(current=True))
    assert state.arm == "scratch" and state.phase == state_after(*BOTH_ARMS).phase and state.drawn > drawn
    state.fold(p.Paused("scratch", 25))
    assert state.phase == "paused"


def test_a_history_that_ended_badly_says_nothing_of_a_run_that_goes_on():
    state = state_after(
        p.HistoryBegins(), *TRAINING, p.RunFailed("Disk full", "make room"), p.HistoryEnds(current=False)
    )
    assert state.phase == "loading" and state.failure is None and len(state.arms["pretrained"].curves.train_loss) == 14


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
    assert len(state.arms["pretrained"].curves.train_loss) == 14 and len(state.arms["scratch"].curves.train_loss) == 25
    assert [row.epoch for row in state.arms["scratch"].curves.history] == [1, 2]
    assert state.arms["pretrained"].best.accuracy == pytest.approx(0.94)


def test_the_best_evaluation_is_the_one_that_the_engine_says_is_the_best():
    first, better, worse = (
        p.EvalDone("pretrained", 10 * n, n, 0.1, 0.9, 400, best) for n, best in ((1, True), (2, True), (3, False))
    )
    state = state_after(*TRAINING[:3], first, better, worse)
    assert state.view.best is better
    average = p.AverageScored("pretrained", 30, 3, 0.5, 0.1, 0.95, 400, True, "test")
    assert state_after(*TRAINING[:3], first, better, average).view.best is average
    of_another_branch = [replace(item, best=False) for item in (first, better)]
    assert state_after(*TRAINING[:3], *of_another_branch).view.best is of_another_branch[0]


def test_steps_lost_in_a_crash_leave_the_curves_when_the_run_goes_on_before_them():
    state = state_after(*BEGUN, *trained("pretrained", 1, 24), BEGUN[1], started(step=8))
    view = state.view
    assert view.curves.train_loss.points()[0] == list(range(1, 9))
    assert view.curves.history == [] and view.curves.evaluations == [] and view.step == 8


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


def test_a_download_between_two_steps_shows_until_the_arm_goes_on():
    state = state_after(*TRAINING, p.Loading("downloading resnet18.pth", 10, 40))
    assert state.busy == p.Loading("downloading resnet18.pth", 10, 40) and state.phase == "training"
    state.fold(started("scratch"))
    assert state.busy is None


def evaluated(step: int, accuracy: float = 0.9) -> list[p.Event]:
    """An evaluation that a key asked for."""
    done = p.EvalDone("pretrained", step, (step - 1) // 10 + 1, 0.2, accuracy, 400, best=False)
    return [p.Evaluating("pretrained", step, 0, 400), done]


def ticks(state: UiState) -> list[tuple[int, str]]:
    return state.view.curves.ticks


def test_an_evaluation_in_a_pause_ends_in_the_pause():
    state = state_after(*TRAINING, p.Paused("pretrained", 14, freed=True), *evaluated(14)[:1])
    assert state.phase == "evaluating" and state.paused
    state.fold(evaluated(14)[1])
    assert state.phase == "paused" and state.freed
    state.fold(p.Resumed("pretrained", 14))
    assert state.phase == "training" and not state.paused and not state.freed


def test_a_switch_ends_a_pause_and_a_rewind_does_not():
    paused = (*TRAINING, p.Paused("pretrained", 14, freed=True))
    switched = state_after(*paused, p.ArmSuspended("pretrained", 14), started("scratch"))
    assert switched.phase == "training" and not switched.freed
    back = state_after(*paused, *rewound(5, branch=2, base=1, left_step=14))
    assert back.phase == "paused"
    back.fold(step_of("pretrained", 6))
    assert back.phase == "training" and not back.paused


def test_an_evaluation_by_hand_is_a_point_and_no_epoch_and_a_second_one_replaces_it():
    state = state_after(*TRAINING, *evaluated(14, 0.5), *evaluated(14, 0.6))
    assert [(row.step, round(row.accuracy, 2)) for row in state.view.curves.evaluations] == [(10, 0.94), (14, 0.6)]
    assert [row.step for row in state.view.curves.history] == [10]


def test_a_group_is_frozen_when_the_engine_says_so():
    state = state_after(*TRAINING, p.GroupFrozen("pretrained", 14, "head", frozen=True))
    assert [group.frozen for group in state.view.groups.values()] == [False, True]
    state.fold(p.RateChanged("pretrained", 14, "head", 1e-3))
    assert state.view.groups["head"].frozen, "another rate does not thaw a group"


def test_more_epochs_revive_a_finished_arm_and_fewer_end_nothing_by_themselves():
    finished = p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)
    state = state_after(*BEGUN, *trained("pretrained", 1, 30), finished, p.EpochsChanged("pretrained", 30, 4))
    assert state.phase == "training" and not state.view.finished and state.view.total_steps == 40
    state = state_after(*TRAINING, p.EpochsChanged("pretrained", 14, 2))
    assert state.phase == "training" and state.view.epochs == 2


def test_a_planned_stop_is_remembered_until_it_is_taken_back_or_the_run_starts_again():
    planned = (*TRAINING, p.StopPlanned("pretrained", 14, 2, planned=True))
    assert state_after(*planned).stop_planned and state_after(*planned).stop_epoch == 2
    assert not state_after(*planned, p.StopPlanned("pretrained", 14, 2, planned=False)).stop_planned
    assert not state_after(*planned, BEGUN[1], started(step=10)).stop_planned


def test_restore_points_belong_to_their_arm():
    state = state_after(*TRAINING, p.RestorePoints("scratch", POINTS.points))
    assert state.points == ()
    state.fold(POINTS)
    assert state.points == POINTS.points
    assert state_after(POINTS).points == (), "there is no arm in hand yet"


def test_a_rewind_keeps_the_branch_it_leaves_and_goes_on_from_a_copy():
    state = state_after(*TRAINING, *rewound(5, branch=2, base=1, left_step=14), step_of("pretrained", 6))
    view = state.view
    assert view.branch == 2 and view.step == 6
    assert view.curves.train_loss.points()[0] == [1, 2, 3, 4, 5, 6] and view.curves.history == []
    assert list(view.past) == [1] and view.past[1].train_loss.points()[0] == list(range(1, 15))
    assert [row.step for row in view.past[1].history] == [10]


def test_a_rewind_can_go_back_to_a_branch_that_was_left_before():
    state = state_after(
        *TRAINING,
        *rewound(5, branch=2, base=1, left_step=14),
        step_of("pretrained", 6, loss=9.0),
        *rewound(12, branch=3, base=1, left_step=6),
    )
    curves = state.view.curves
    assert curves.train_loss.points()[0] == list(range(1, 13)) and max(curves.train_loss.points()[1]) < 9
    assert [row.step for row in curves.evaluations] == [10] and list(state.view.past) == [1, 2]


def test_a_rewind_that_a_crash_lost_is_undone():
    lost = (*TRAINING, *rewound(5, branch=2, base=1, left_step=14), step_of("pretrained", 6, loss=9.0))
    state = state_after(*lost, BEGUN[1], started(step=10))
    assert state.view.branch == 1 and state.view.past == {}
    assert state.view.curves.train_loss.points()[0] == list(range(1, 11))
    assert [row.step for row in state.view.curves.history] == [10]


def test_a_rewind_of_an_arm_that_was_never_seen_changes_nothing():
    state = state_after(*TRAINING, rewound(5, branch=2, base=1, left_step=14, arm="scratch")[0])
    assert state.view.branch == 1 and "scratch" not in state.arms


def test_a_rewind_revives_a_finished_arm():
    finished = (*BEGUN, *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5))
    state = state_after(*finished, *rewound(20, branch=2, base=1, left_step=30))
    assert state.phase == "training" and not state.view.finished


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (p.RateChanged("pretrained", 14, "head", 1e-3), "rate"),
        (p.GroupFrozen("pretrained", 14, "head", frozen=True), "freeze"),
        (p.EpochsChanged("pretrained", 14, 5), "epochs"),
        (p.Paused("pretrained", 14), "pause"),
        (p.ArmSuspended("pretrained", 14), "switch"),
        (p.CheckpointSaved("pretrained", 14, "a.pt", "key", 9, 1.8e9), "save"),
        (evaluated(14)[1], "evaluate"),
        (p.StopPlanned("pretrained", 14, 2, planned=True), "stop"),
        (p.MicroBatchChanged("pretrained", 14, 16, "the GPU's memory is full"), "micro_batch"),
        (rewound(14, branch=2, base=1, left_step=14)[0], "rewind"),
        (p.Diverged("pretrained", 14, "loss", float("nan"), 1), "diverged"),
    ],
)
def test_what_changes_the_course_is_a_tick_at_its_step(event, kind):
    state = state_after(*TRAINING)
    drawn = state.drawn
    state.fold(event)
    assert ticks(state) == [(14, kind)] and state.drawn > drawn


@pytest.mark.parametrize(
    "event",
    [
        p.Resumed("pretrained", 14),
        p.CheckpointSaved("pretrained", 14, "a.pt", "autosave", 9, 1.8e9),
        p.EvalDone("pretrained", 20, 2, 0.2, 0.9, 400, best=False),
    ],
)
def test_what_happens_by_itself_is_no_tick(event):
    assert ticks(state_after(*TRAINING, event)) == []


def test_ticks_go_with_their_branch_and_are_cut_with_it():
    rates = [p.RateChanged("pretrained", step, "head", 1e-3) for step in (3, 8, 14)]
    state = state_after(*TRAINING, *rates, *rewound(5, branch=2, base=1, left_step=14))
    assert ticks(state) == [(3, "rate"), (5, "rewind")]
    assert state.view.past[1].ticks == [(3, "rate"), (8, "rate"), (14, "rate")]


def test_a_command_that_is_done_again_after_a_crash_is_one_tick():
    change = p.RateChanged("pretrained", 10, "head", 1e-3)
    assert ticks(state_after(*TRAINING, change, BEGUN[1], started(step=10), change)) == [(10, "rate")]


def test_no_more_ticks_than_a_limit_are_kept_and_those_are_the_newest():
    many = [p.RateChanged("pretrained", step, "head", 1e-3) for step in range(1000)]
    kept = ticks(state_after(*TRAINING, *many))
    assert len(kept) == MOST_TICKS and kept[-1] == (999, "rate")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (p.Paused("pretrained", 14, freed=True), "the GPU's memory is free"),
        (
            p.RateChanged("pretrained", 14, "head", 1e-3, "the plateau schedule"),
            "from step 15 on: the plateau schedule",
        ),
        (
            p.Diverged("pretrained", 14, "loss", float("nan"), 2),
            "step 15 left the weights alone: the loss is NaN, 2",
        ),
        (
            p.LoaderStuck(31.0, ("a/b.jpg", "c.jpg", "d.jpg")),
            "no batch has come for 31 s: waiting for a/b.jpg and 2 more",
        ),
        (p.LoaderStuck(31.0, ("a/b.jpg",)), "waiting for a/b.jpg"),
        (p.LoaderStuck(31.0, ()), "no batch has come for 31 s"),
        (p.MicroBatchChanged("pretrained", 14, 16, "memory was full"), "at most 16 pictures"),
        (rewound(5, 2, 1, 14)[0], "branch 2 from step 5: asked for by a key; branch 1 is kept up to step 14"),
        (
            p.SettingsChanged((p.Setting("seed", "1", "2", "a run keeps its seed", applied=False),)),
            "seed stays 1: a run keeps its seed",
        ),
    ],
)
def test_the_note_says_what_happened_and_why(event, text):
    state = state_after(*TRAINING, event)
    assert text in state.note.text and state.log[-1] == state.note


def test_what_went_wrong_is_a_warning():
    for event in (p.Diverged("pretrained", 14, "loss", float("nan"), 2), p.LoaderStuck(31.0, ("a.jpg",))):
        assert state_after(*TRAINING, event).note.level == "warning"


def test_after_a_rewind_its_reason_is_what_stays_on_the_screen():
    state = state_after(*TRAINING, *rewound(5, 2, 1, 14))
    assert "asked for by a key" in state.note.text
    state.fold(started("scratch"))
    assert "scratch starts" in state.note.text
