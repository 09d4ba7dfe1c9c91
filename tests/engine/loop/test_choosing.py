"""Which weights are the best ones, and when an arm ends because they do not get better."""

from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig, load_config
from engine.errors import ConfigError
from engine.loop.run import Run
from engine.metrics.ranking import rank_of
from engine.storage import checkpoint
from tests.engine.driving import after_step, folder_of, only, play, with_settings


def test_the_metric_comes_first_and_the_loss_decides_a_tie() -> None:
    worse, better = {"loss": 0.5, "accuracy": 0.8}, {"loss": 0.4, "accuracy": 0.8}
    assert rank_of(better, "accuracy") > rank_of(worse, "accuracy")
    assert rank_of({"loss": 0.4, "accuracy": 0.7}, "accuracy") < rank_of(worse, "accuracy")
    assert rank_of({"loss": 0.4, "accuracy": 0.7}, "loss") > rank_of(worse, "loss")


@pytest.mark.parametrize("metric", ["loss", "macro_f1"])
def test_a_setting_names_the_metric_that_chooses(small: RunConfig, metric: str) -> None:
    events = play(Run(with_settings(small, train__metric=metric, train__epochs=4)))
    evaluations = only(events, p.EvalDone)
    values = [(-e.loss if metric == "loss" else e.metrics[metric], -e.loss) for e in evaluations]
    assert [e.best for e in evaluations] == [
        value > max(values[:number], default=(-9.0,)) for number, value in enumerate(values)
    ]
    best = evaluations[values.index(max(values))]
    assert events[-1].best_accuracy == best.accuracy
    assert checkpoint.load(Path(folder_of(events)) / "scratch/best.pt")["step"] == best.step


def test_a_metric_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("data: {root: .}\ntrain: {metric: f2}\n")
    with pytest.raises(ConfigError, match=r"train\.metric"):
        load_config(file)


# --- patience -----------------------------------------------------------------------------------------------


@pytest.fixture
def stuck(small: RunConfig) -> RunConfig:
    """A run whose weights do not change after its first epoch."""
    still = [{"arm": "scratch", "step": 4, "group": group, "lr": 0.0} for group in ("backbone", "head")]
    return with_settings(small, train__epochs=9, train__patience=2, schedule__changes=still)


def test_an_arm_ends_when_no_epoch_is_better_for_so_long(stuck: RunConfig) -> None:
    events = play(Run(stuck))
    assert len(only(events, p.EpochDone)) == 3 and events[-1].completed
    (changed,) = only(events, p.EpochsChanged)
    assert (changed.epochs, changed.step) == (3, 12) and "2 epochs in a row" in changed.reason


def test_a_resumed_run_has_the_patience_that_was_left(stuck: RunConfig) -> None:
    first = play(Run(stuck), after_step(10, p.Stop()))
    resumed = play(Run(stuck, resume=folder_of(first)))
    assert only(resumed, p.EpochsChanged)[0].epochs == 3 and resumed[-1].completed
    assert not only(play(Run(stuck, resume=folder_of(first))), p.TrainStep)


def test_more_epochs_by_hand_are_new_patience(stuck: RunConfig) -> None:
    asked = iter([p.SetEpochs(8)])
    events = play(
        Run(stuck, hold_open=lambda: True),
        lambda event: [*asked] or [p.Stop()] if isinstance(event, p.ArmFinished) else [],
    )
    assert [event.epochs for event in only(events, p.EpochsChanged)] == [3, 8, 5]
