"""Faults of a model or a place that end in a sentence, or in nothing wrong."""

import math
import os
from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig, load_config
from engine.loop.run import Run
from engine.metrics.ranking import rank_of
from engine.protocol.sentences import message
from engine.storage.run_folder import load_run_config
from tests.engine.backbones import Norm
from tests.engine.conftest import SMALL
from tests.engine.driving import folder_of, only, play, with_settings
from tests.engine.onestep import first_step


def test_batch_norm_that_gets_one_value_names_the_layer_and_what_to_do(small: RunConfig) -> None:
    config = with_settings(small, model__name="shufflenet_v2_x0_5", data__batch_size=1)
    *_, failed = play(Run(config))
    assert isinstance(failed, p.RunFailed) and failed.exit_status == 2
    assert "the batch norm `stage4.0.branch1.1` of shufflenet_v2_x0_5" in failed.message
    for word in ("one value per channel", "data.batch_size is 1", "data.image_size", "model.batch_norm=frozen"):
        assert word in failed.message


def test_an_evaluation_that_is_not_a_number_is_said_and_is_not_better_than_any(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, first = Norm.forward, []

    def forward(self: Norm, images: torch.Tensor) -> torch.Tensor:
        """As densenet121 at 32 pixels in batches of 2: its first evaluation only."""
        logits = real(self, images)
        first.append(None) if not self.training else None
        return logits if self.training or len(first) > 2 else logits * math.nan

    monkeypatch.setattr(Norm, "forward", forward)
    events = play(Run(with_settings(small, model__name="test/norm", train__metric="loss")))
    evaluations, (said,) = only(events, p.EvalDone), only(events, p.Diverged)
    assert [math.isnan(event.loss) for event in evaluations] == [True, False]
    assert said.step == evaluations[0].step
    assert f"the evaluation after step {said.step} has the loss NaN" in message(said)
    assert evaluations[1].best and events[-1].best_accuracy == evaluations[1].accuracy


def test_what_is_not_a_number_ranks_below_everything() -> None:
    nan, bad = {"loss": math.nan, "accuracy": 0.5}, {"loss": 90.0, "accuracy": 0.5}
    assert rank_of(bad, "accuracy") > rank_of(nan, "accuracy") and rank_of(bad, "loss") > rank_of(nan, "loss")
    assert not rank_of(nan, "loss") > rank_of(nan, "loss")


def test_a_run_of_a_relative_folder_goes_on_from_any_other(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "pictures").symlink_to(pictures)
    monkeypatch.chdir(tmp_path / "here")
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.format(root="pictures", runs=tmp_path / "runs"))
    folder = Path(folder_of(first_step(load_config(file))))
    assert load_run_config(folder).data.root == tmp_path / "here" / "pictures"
    monkeypatch.chdir(tmp_path / "there")
    events = play(Run(load_run_config(folder), resume=folder))
    assert events[-1].completed and not only(events, p.SettingsChanged)


def test_the_same_folder_given_again_is_no_change(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures.parent)
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.format(root=pictures.name, runs=tmp_path / "runs"))
    folder = Path(folder_of(first_step(load_config(file))))
    events = play(Run(load_run_config(folder, [f"data.root={pictures.name}/../{pictures.name}"]), resume=folder))
    assert events[-1].completed and not only(events, p.SettingsChanged)
    assert os.fspath(load_run_config(folder).data.root) == os.fspath(pictures)
