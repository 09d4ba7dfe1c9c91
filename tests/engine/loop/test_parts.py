"""Validation pictures choose; test pictures are scored once, with the best weights."""

import shutil
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from engine.protocol.sentences import message
from tests.engine.backbones import NORM
from tests.engine.conftest import write_pictures
from tests.engine.driving import after_step, folder_of, only, play, with_settings


@pytest.fixture
def three(small: RunConfig, tmp_path: Path) -> RunConfig:
    root = write_pictures(tmp_path / "three", {"train": 7, "val": 3, "test": 5})
    return with_settings(small, data__root=root)


def test_each_epoch_is_scored_on_validation_pictures_and_the_best_weights_once_on_test_pictures(
    three: RunConfig,
) -> None:
    events = play(Run(three))
    started = only(events, p.RunStarted)[0]
    assert (started.train_images, started.val_images, started.test_images) == (14, 6, 10)
    assert {(e.part, e.images) for e in only(events, p.EvalDone)} == {("val", 6)}
    assert {e.part for e in only(events, p.EpochDone)} == {"val"} == {only(events, p.ArmFinished)[0].part}
    (tested,) = only(events, p.BestTested)
    best = max(only(events, p.EvalDone), key=lambda event: (event.accuracy, -event.loss))
    assert (tested.images, tested.step) == (10, best.step)
    assert tested.weights == f"{folder_of(events)}/scratch/best.pt"
    end = events[-1]
    assert (end.part, end.best_accuracy, end.test_accuracy) == ("val", best.accuracy, tested.accuracy)


def test_the_score_is_that_of_the_best_weights_not_of_the_last(three: RunConfig, tmp_path: Path) -> None:
    changes = [{"arm": "scratch", "step": 4, "group": "head", "lr": 50.0}]
    ruined = with_settings(three, model__name=NORM, schedule__changes=changes)
    events = play(Run(ruined))
    (tested,) = only(events, p.BestTested)
    # The same pictures as the only part to be scored, from the same steps.
    alone = tmp_path / "alone"
    for part in ("train", "test"):
        shutil.copytree(three.data.root / part, alone / part)
    scored = {e.step: e.loss for e in only(play(Run(with_settings(ruined, data__root=alone))), p.EvalDone)}
    assert tested.step == 4 and tested.loss == pytest.approx(scored[4]) != scored[8]


def test_a_finished_run_that_is_resumed_does_not_score_them_again(three: RunConfig) -> None:
    folder = folder_of(play(Run(three)))
    again = play(Run(three, resume=folder))
    assert not only(again, p.BestTested) and again[-1].test_accuracy is not None
    longer = play(Run(with_settings(three, train__epochs=3), resume=folder))
    better = len(only(longer, p.EvalDone)) == 1 and only(longer, p.EvalDone)[0].best
    assert len(only(longer, p.BestTested)) == better


def test_the_best_weights_so_far_are_tested_when_asked_for_in_a_pause_too(three: RunConfig) -> None:
    sent = iter([[p.Pause(), p.Evaluate(test=True)], [p.Evaluate(test=True), p.Resume()]])

    def react(event: p.Event) -> list[p.Command]:
        asks = isinstance(event, p.BestTested) or (isinstance(event, p.TrainStep) and event.step == 6)
        return next(sent, []) if asks else []

    still = [{"arm": "scratch", "step": 4, "group": group, "lr": 0.0} for group in ("backbone", "head")]
    events = play(Run(with_settings(three, schedule__changes=still)), react)  # the first epoch stays the best
    (tested,) = only(events, p.BestTested)
    assert (tested.step, events.index(tested)) < (5, next(i for i, e in enumerate(events) if isinstance(e, p.Resumed)))
    assert "tested already" in only(events, p.CommandRefused)[0].reason
    assert events[-1].test_accuracy == tested.accuracy
    early = play(Run(three), after_step(2, p.Evaluate(test=True)))
    assert "no best weights yet" in only(early, p.CommandRefused)[0].reason


def test_a_resumed_run_tests_when_that_was_asked_for(three: RunConfig) -> None:
    first = play(Run(three), after_step(6, p.Evaluate(test=True), p.Stop()))
    again = play(Run(three, resume=folder_of(first)))
    kinds = [type(event) for event in again]
    assert not only(first, p.BestTested) and kinds.index(p.BestTested) < kinds.index(p.TrainStep)


def test_without_validation_pictures_there_is_no_other_test(small: RunConfig) -> None:
    events = play(Run(small), after_step(6, p.Evaluate(test=True)))
    assert "no validation pictures" in only(events, p.CommandRefused)[0].reason


def test_without_validation_pictures_the_test_pictures_are_scored_each_epoch(small: RunConfig) -> None:
    events = play(Run(small))
    assert {e.part for e in only(events, p.EvalDone)} == {"test"} and not only(events, p.BestTested)
    assert only(events, p.RunStarted)[0].val_images == 0 and events[-1].test_accuracy is None


def test_with_split_val_they_are_taken_from_the_training_pictures(small: RunConfig) -> None:
    events = play(Run(with_settings(small, data__split_val=True, data__val_fraction=0.3)))
    started = only(events, p.RunStarted)[0]
    assert (started.train_images, started.val_images, started.test_images) == (10, 4, 6)
    assert len(only(events, p.BestTested)) == 1


def test_where_classes_are_uneven_the_accuracy_of_no_model_stands_beside_it(
    small: RunConfig, pictures: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(pictures, tmp_path / "uneven")
    for file in [*(root / "train" / "cat").iterdir()][2:]:
        file.unlink()
    for number in range(6):
        shutil.copy(root / "test" / "dog" / "0.jpg", root / "test" / "dog" / f"more{number}.jpg")
    config = with_settings(small, data__root=str(root), train__epochs=1)
    events = play(Run(config))
    noted = [event.message for event in only(events, p.PicturesNoted)]
    assert noted[0] == "train: `train` (9), val: none, test is scored after each epoch, test: `test` (12)"
    assert noted[1].startswith("the largest class, `dog`, has 78% of the training pictures: a model that always says")
    finished, epoch = events[-1], only(events, p.EpochDone)[-1]
    assert isinstance(finished, p.RunFinished) and finished.majority == 0.75
    assert finished.balanced_accuracy == epoch.metrics["balanced_accuracy"]
    assert f"(balanced {finished.balanced_accuracy:.1%}, always the largest class 75.0%)" in message(finished)
    even = play(Run(with_settings(small, train__epochs=1)))[-1]
    assert isinstance(even, p.RunFinished) and even.majority is None and "largest" not in message(even)
