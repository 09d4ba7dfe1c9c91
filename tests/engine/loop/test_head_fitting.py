"""Before the first step the head can be fitted to features; the result is a score and a restore point."""

from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.errors import ConfigError
from engine.loop.run import Run
from engine.recipes.choices import complete
from engine.storage import checkpoint
from tests.engine.backbones import NORM, PLAIN
from tests.engine.conftest import write_weights
from tests.engine.driving import STEPS, STEPS_PER_EPOCH, after_step, folder_of, only, play, with_settings


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights"), NORM)


@pytest.fixture
def fitted(small: RunConfig, backbone: Path) -> RunConfig:
    return with_settings(small, init="pretrained", model__name=NORM, model__weights=str(backbone), model__head="fitted")


def place(events: list[p.Event], kind: type) -> int:
    return next(number for number, event in enumerate(events) if isinstance(event, kind))


def head_of(events: list[p.Event], name: str) -> torch.Tensor:
    return checkpoint.load(Path(folder_of(events)) / "pretrained" / name)["model"]["fc.weight"]


def test_it_is_scored_before_the_first_step_and_is_a_restore_point(fitted: RunConfig) -> None:
    events = play(Run(fitted))
    assert place(events, p.HeadFitted) < place(events, p.TrainStep)
    (found,) = only(events, p.HeadFitted)
    first = only(events, p.EvalDone)[0]
    assert (found.step, found.accuracy, found.part) == (0, first.accuracy, "test") and first.step == 0
    assert found.failure == "" and found.strength > 0
    assert only(events, p.ArmStarted)[0].init.endswith("the head is fitted to the training pictures")
    points = only(events, p.RestorePoints)[-1].points
    assert [point.reason for point in points if point.step == 0] == ["the beginning", "best so far, fitted head"]
    assert events[-1].completed and len(only(events, p.TrainStep)) == STEPS


def test_the_best_weights_are_never_worse_than_the_head_alone(fitted: RunConfig) -> None:
    events = play(Run(with_settings(fitted, optim__groups__backbone__lr=50.0)))  # far too high
    (found,) = only(events, p.HeadFitted)
    assert events[-1].best_accuracy >= found.accuracy
    assert not torch.equal(head_of(events, "best.pt"), head_of(events, "last.pt"))


def test_without_an_epoch_the_run_is_a_linear_probe(fitted: RunConfig) -> None:
    events = play(Run(with_settings(fitted, train__epochs=0)))
    assert not only(events, p.TrainStep) and events[-1].completed
    assert events[-1].accuracy == only(events, p.HeadFitted)[0].accuracy
    assert torch.equal(head_of(events, "best.pt"), head_of(events, "last.pt"))


@pytest.mark.parametrize("settings", [{"model__head": "random"}, {"init": "scratch"}])
def test_without_an_epoch_and_a_fitted_head_nothing_would_be_trained(fitted: RunConfig, settings: dict) -> None:
    with pytest.raises(ConfigError, match=r"needs model\.head fitted"):
        complete(with_settings(fitted, train__epochs=0, **settings))


def test_the_scratch_arm_starts_at_random(fitted: RunConfig) -> None:
    events = play(Run(with_settings(fitted, init="scratch")))
    assert not only(events, p.HeadFitted) and events[-1].completed


def test_a_last_layer_of_another_kind_starts_at_random_and_that_is_said(small: RunConfig, weights: Path) -> None:
    events = play(Run(with_settings(small, init="pretrained", model__weights=str(weights), model__head="fitted")))
    (found,) = only(events, p.HeadFitted)
    assert "not linear" in found.failure and events[-1].completed
    assert with_settings(small).model.name == PLAIN


def test_a_run_that_goes_on_has_the_same_weights(fitted: RunConfig) -> None:
    whole = play(Run(fitted))[-1].weights_sha256
    first = play(Run(fitted), after_step(3, p.Stop(), arm="pretrained"))
    resumed = play(Run(fitted, resume=folder_of(first)))
    assert not only(resumed, p.HeadFitted) and resumed[-1].weights_sha256 == whole


def test_a_stop_before_the_head_is_fitted_is_made_up_for(fitted: RunConfig) -> None:
    whole = play(Run(fitted))[-1].weights_sha256
    first = play(Run(fitted), lambda event: [p.Stop()] if isinstance(event, p.Preparing) else [])
    assert not only(first, p.HeadFitted)
    assert play(Run(fitted, resume=folder_of(first)))[-1].weights_sha256 == whole


def test_a_rewind_goes_to_the_fitted_head_or_to_the_start_and_another_head(fitted: RunConfig) -> None:
    point = "points/1-000000-2.pt"
    sent: list[p.Command] = [p.Rewind("start", head="random"), p.Rewind(point), p.Rewind("start")]

    def react(event: p.Event) -> list[p.Command]:
        done = isinstance(event, p.TrainStep) and event.step == 2
        return [sent.pop(0)] if done and sent else []

    events = play(Run(with_settings(fitted, train__epochs=1)), react)
    rewound = only(events, p.Rewound)
    assert [(event.point, event.head) for event in rewound] == [
        ("start", "random"),
        (point, "kept"),
        ("start", "kept"),
    ]
    heads = only(events, p.HeadFitted)
    assert len(heads) == 2 and heads[0].accuracy == heads[1].accuracy  # the random head and the point need no fit
    assert len(only(events, p.TrainStep)) == 3 * 2 + STEPS_PER_EPOCH


def test_a_rewind_to_another_head_while_the_first_one_is_scored_is_what_counts(fitted: RunConfig) -> None:
    asked = iter([p.Rewind("start", head="random")])
    events = play(
        Run(with_settings(fitted, train__epochs=1)),
        lambda event: list(asked) if isinstance(event, p.Evaluating) and event.step == 0 else [],
    )
    assert len(only(events, p.Rewound)) == 1 and not only(events, p.HeadFitted) and events[-1].completed


def test_a_run_of_the_lesson_can_begin_again_with_a_fitted_head(fitted: RunConfig) -> None:
    config = with_settings(fitted, model__head="random", train__epochs=1)
    asked = iter([p.Rewind("start", head="fitted")])
    events = play(Run(config), lambda event: list(asked) if isinstance(event, p.TrainStep) else [])
    assert len(only(events, p.HeadFitted)) == 1 and events[-1].completed
    assert only(events, p.Rewound)[0].head == "fitted"
