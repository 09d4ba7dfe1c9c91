"""A new recipe, augmentation, family of backbones, metric, sink or tracker is one object and one row in a table."""

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig
from engine.data.augment import BATCH, PICTURE
from engine.data.pictures import Pixels, Preparation
from engine.errors import ConfigError
from engine.loop.run import Run
from engine.metrics import METRICS, Metric
from engine.models.families import FAMILIES
from engine.protocol.sentences import epoch_line
from engine.recipes.lesson import Lesson
from engine.recipes.recipe import ParameterGroup, TrainTransform
from engine.recipes.table import RECIPES, recipe_of
from engine.sinks import RUN_SINKS, STREAM_SINKS
from engine.sinks.trackers import TRACKERS, Row
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.sinks.journals import CONNECTED
from tests.engine.staged import family


@pytest.fixture
def tiny(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """A run of a model of another family."""
    monkeypatch.setitem(FAMILIES, "tiny", family("net"))
    return with_settings(small, model__name="tiny/net", train__epochs=1)


class ThreeGroups(Lesson):
    """A group a stage, each with a rate of its own, and one for the head."""

    def groups(self, built, arm):
        parameters = dict(built.model.named_parameters())
        stages = [[parameters[name] for name in names] for names in built.stages.values()]
        head = [value for name, value in parameters.items() if name.startswith(f"{built.head}.")]
        rates = {name: 10.0**-power for name, power in zip((*built.stages, "head"), (4, 3, 2), strict=True)}
        return [ParameterGroup(name, of, rates[name]) for name, of in zip(rates, (*stages, head), strict=True)]


def test_a_family_of_backbones(tiny: RunConfig) -> None:
    events = play(Run(tiny))
    assert only(events, p.RunFinished)[0].completed and only(events, p.RunStarted)[0].model == "tiny/net"


def test_a_name_that_no_family_has_is_refused(tiny: RunConfig) -> None:
    (failed,) = only(play(Run(with_settings(tiny, model__name="tiny/nit"))), p.RunFailed)
    assert failed.exit_status == 2 and "no tiny classification model; did you mean net?" in failed.message


def test_a_recipe_with_any_number_of_groups(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "three", ThreeGroups)
    config = with_settings(tiny, recipe="three")
    commands = p.SetRate("stem", 0.5), p.SetFrozen("layer1"), p.SetRate("nowhere", 0.1), p.Stop()
    events = play(Run(config), after_step(2, *commands))
    groups = only(events, p.ArmStarted)[0].groups
    assert [(group.name, group.base_lr) for group in groups] == [("stem", 1e-4), ("layer1", 1e-3), ("head", 1e-2)]
    assert only(events, p.RateChanged)[0].group == "stem" and only(events, p.GroupFrozen)[0].group == "layer1"
    assert "no group `nowhere`" in only(events, p.CommandRefused)[0].reason
    resumed = play(Run(config, resume=folder_of(events)))
    assert [group.frozen for group in only(resumed, p.ArmStarted)[0].groups] == [False, True, False]
    step = only(resumed, p.TrainStep)[0]
    assert step.learning_rates == {"stem": 0.5, "layer1": 0.0, "head": 1e-2}
    assert only(resumed, p.RunFinished)[0].completed


def test_a_layer_that_is_frozen_keeps_its_batch_norm_statistics(tiny: RunConfig, monkeypatch) -> None:
    monkeypatch.setitem(RECIPES, "three", ThreeGroups)
    run = Run(with_settings(tiny, recipe="three"))
    kept: dict[str, torch.Tensor] = {}

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step == 1:
            return [p.SetFrozen("stem")]
        if isinstance(event, p.GroupFrozen):
            kept.update({name: value.clone() for name, value in run.work.arms.current.model.named_buffers()})
        return []

    play(run, react)
    after = dict(run.work.arms.current.model.named_buffers())
    assert torch.equal(after["stem.1.running_mean"], kept["stem.1.running_mean"])
    assert not torch.equal(after["layer1.1.running_mean"], kept["layer1.1.running_mean"])


def test_a_recipe_that_does_not_exist_is_refused(small: RunConfig) -> None:
    with pytest.raises(ConfigError, match="recipe `mine` is not known; use one of lesson"):
        recipe_of(with_settings(small, recipe="mine"))


def test_a_recipe_may_do_something_after_each_step_and_keep_a_state(tiny: RunConfig, monkeypatch) -> None:
    class Counting(Lesson):
        steps = 0

        def after_step(self, arm):
            self.steps += 1

        def state(self):
            return {"steps": self.steps}

        def load(self, state):
            self.steps = state["steps"]

    monkeypatch.setitem(RECIPES, "counting", Counting)
    config = with_settings(tiny, recipe="counting")
    events = play(Run(config), after_step(2, p.Stop()))
    resumed = Run(config, resume=folder_of(events))
    play(resumed)
    assert resumed.work.arms.current.state()["recipe"] == {"steps": 4}


def test_a_picture_augmentation(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def note(pixels: Pixels, preparation: Preparation, rng: random.Random) -> Pixels:
        seen.append(pixels.shape[0])
        return pixels

    monkeypatch.setitem(PICTURE, "note", note)
    augmented = TrainTransform(tuple(PICTURE.values()))
    monkeypatch.setitem(RECIPES, "noting", type("Noting", (Lesson,), {"train_transform": augmented}))
    play(Run(with_settings(tiny, recipe="noting")))
    assert set(seen) == {32} and len(seen) == 14  # after the crop, each training picture once


def test_a_batch_augmentation_makes_targets_probabilities(tiny: RunConfig, monkeypatch) -> None:
    def mixed(images: torch.Tensor, targets: torch.Tensor, rng: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
        weight = rng.random()
        return images.lerp(images.flip(0), weight), targets.lerp(targets.flip(0), weight)

    monkeypatch.setitem(BATCH, "mixed", mixed)
    augmented = TrainTransform((PICTURE["random_resized_crop"],), tuple(BATCH.values()))
    monkeypatch.setitem(RECIPES, "mixing", type("Mixing", (Lesson,), {"train_transform": augmented}))
    config = with_settings(tiny, recipe="mixing")
    whole = only(play(Run(config)), p.RunFinished)[0]
    stopped = play(Run(config), after_step(2, p.Stop()))
    resumed = only(play(Run(config, resume=folder_of(stopped))), p.RunFinished)[0]
    assert whole.completed and resumed.weights_sha256 == whole.weights_sha256


def test_a_metric(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def top_2(predictions) -> float:
        return float((predictions.ahead < 2).float().mean())

    monkeypatch.setitem(METRICS, "top_2", Metric(top_2, "share", higher_is_better=True, headline=True))
    events = play(Run(tiny))
    assert [event.metrics["top_2"] for event in only(events, p.EvalDone)] == [1.0]  # there are two classes
    (epoch,) = only(events, p.EpochDone)
    assert epoch.metrics["top_2"] == 1.0 and p.decode(p.encode(epoch)) == epoch
    with (Path(folder_of(events)) / "metrics.csv").open(newline="") as file:
        assert [row["test_top_2"] for row in csv.DictReader(file)] == ["1.0"]
    out = io.StringIO()
    STREAM_SINKS["text"](out, io.StringIO())(epoch)
    assert "test top 2 100.0%" in out.getvalue()


def test_a_metric_that_says_nothing_is_left_out_of_the_events(tiny: RunConfig, monkeypatch) -> None:
    for name in METRICS.keys() - {"loss", "accuracy"}:
        monkeypatch.setitem(METRICS, name, Metric(lambda predictions: None, "share", higher_is_better=True))
    events = play(Run(tiny))
    assert all('"metrics"' not in p.encode(event) for event in only(events, p.EvalDone) + only(events, p.EpochDone))


def test_the_text_line_of_an_epoch_has_only_headline_metrics(tiny: RunConfig) -> None:
    (epoch,) = only(play(Run(tiny)), p.EpochDone)
    out = io.StringIO()
    STREAM_SINKS["text"](out, io.StringIO())(epoch)
    assert epoch.metrics and out.getvalue() == epoch_line(epoch) + "\n"


def test_a_sink(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[p.Event] = []

    def open_list(folder: Path) -> Callable[[p.Event], None]:
        return taken.append

    monkeypatch.setitem(RUN_SINKS, "list", open_list)
    assert play(Run(tiny)) == taken


def test_a_tracker(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRACKERS, "kept", Row("tests.engine.sinks.journals", "json"))
    folder = folder_of(play(Run(tiny)))
    assert main(["follow", folder, "--to", "kept", "--project", "mine"]) == 0
    wanted, kept = CONNECTED.pop()
    assert wanted.project == "mine" and Path(wanted.root) == Path(folder).parent.resolve() / "trackers"
    assert [step for step, _ in kept.series(f"{Path(folder).name}/scratch", "train/loss")] == [1, 2, 3, 4]


def test_a_sink_that_cannot_write_is_reported_once_and_training_goes_on(tiny: RunConfig, monkeypatch) -> None:
    def open_full(folder: Path) -> Callable[[p.Event], None]:
        def sink(event: p.Event) -> None:
            raise OSError(28, "No space left on device", str(folder / "full"))

        return sink

    monkeypatch.setitem(RUN_SINKS, "full", open_full)
    events = play(Run(tiny))
    (failed,) = only(events, p.JournalFailed)
    assert failed.path.endswith("full") and only(events, p.RunFinished)[0].completed
