"""Runs with augmentation and uneven classes: exact on a resume, and as before where nothing of it is asked for."""

from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.arms.network import Network
from engine.cli import replay
from engine.config import RunConfig
from engine.data.augment.crop import random_resized_crop
from engine.data.augment.flip import horizontal_flip
from engine.loop.run import Run
from engine.recipes.table import RECIPES, recipe_of
from tests.engine.backbones import NORM
from tests.engine.conftest import write_pictures, write_weights
from tests.engine.driving import after_step, folder_of, only, play, with_settings

EVERYTHING: dict[str, Any] = {
    "data__trivial_augment": True,
    "data__erasing": 0.5,
    "data__balance": "full",
    "train__mixup": 0.2,
    "train__cutmix": 1.0,
    "train__label_smoothing": 0.1,
    "train__micro_batch": 2,
}


@pytest.fixture
def uneven(small: RunConfig, tmp_path: Path) -> RunConfig:
    """11 pictures of one class, and 3 of the other one."""
    root = write_pictures(tmp_path / "uneven", {"train": 11, "test": 2})
    for number in range(3, 11):
        (root / "train" / "dog" / f"{number}.jpg").unlink()
    return with_settings(small, model__name=NORM, data__root=root)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_with_everything_on_a_resume_in_the_middle_of_an_epoch_has_the_same_bits(
    uneven: RunConfig, precision: str
) -> None:
    config = with_settings(uneven, **EVERYTHING, train__precision=precision)
    whole = play(Run(config))[-1]
    assert whole.completed
    for step in (2, 5):
        stopped = play(Run(config), after_step(step, p.Stop()))
        assert play(Run(config, resume=folder_of(stopped)))[-1].weights_sha256 == whole.weights_sha256


def test_with_everything_on_a_replay_has_the_same_bits(uneven: RunConfig) -> None:
    config = with_settings(uneven, **EVERYTHING)
    events = play(Run(config), after_step(3, p.SetMicroBatch(4)))
    verdict = replay.play(replay.plan(Path(folder_of(events))), SimpleQueue(), lambda event: None)
    assert verdict is not None and verdict.left == 0
    assert events[-1].completed and verdict.again.weights_sha256 == events[-1].weights_sha256


@pytest.mark.parametrize("setting", sorted(EVERYTHING.keys() - {"train__label_smoothing", "train__micro_batch"}))
def test_each_setting_changes_what_is_learned(uneven: RunConfig, setting: str) -> None:
    uneven = with_settings(uneven, train__epochs=1)
    plain, changed = (
        play(Run(config))[-1] for config in (uneven, with_settings(uneven, **{setting: EVERYTHING[setting]}))
    )
    assert changed.completed and changed.weights_sha256 != plain.weights_sha256


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_has_them_and_without_them_only_crop_and_flip(small: RunConfig, recipe: str) -> None:
    config = with_settings(small, recipe=recipe)
    plain = recipe_of(config).train_transform
    crop, flip = plain.pictures
    assert isinstance(crop, partial) and (crop.func, flip) == (random_resized_crop, horizontal_flip)
    assert plain.batches == ()
    full = recipe_of(with_settings(config, **EVERYTHING)).train_transform
    assert len(full.pictures) == 4 and len(full.batches) == 1
    assert len(recipe_of(with_settings(config, train__cutmix=1.0)).train_transform.batches) == 1


@pytest.mark.parametrize("setting", ["train__mixup", "train__cutmix"])
def test_features_of_a_frozen_backbone_are_not_cached_where_batches_are_mixed(
    small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    weights = write_weights(tmp_path, NORM)
    frozen = {"model__name": NORM, "model__weights": str(weights), "optim__groups__backbone__frozen": True}
    config = with_settings(small, init="pretrained", data__augment=False, train__epochs=1, **frozen)
    targets: list[torch.Tensor] = []
    monkeypatch.setattr("engine.recipes.recipe.cross_entropy", noting(targets))
    cached = play(Run(config))
    assert only(cached, p.Preparing) and not any(target.is_floating_point() for target in targets)
    targets.clear()
    mixed = play(Run(with_settings(config, **{setting: 1.0})))
    assert not only(mixed, p.Preparing) and mixed[-1].completed
    assert targets and all(target.is_floating_point() for target in targets)


def noting(targets: list[torch.Tensor]) -> Any:
    from torch.nn.functional import cross_entropy

    def loss(logits: torch.Tensor, given: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        targets.append(given)
        return cross_entropy(logits, given, label_smoothing=label_smoothing)

    return loss


def test_a_mixed_batch_has_the_layout_that_the_step_was_compiled_for(small: RunConfig, monkeypatch) -> None:
    strides: list[tuple[int, ...]] = []
    real = Network.training_logits

    def note(self: Network, inputs: torch.Tensor, features: bool) -> torch.Tensor:
        strides.append(inputs.stride())
        return real(self, inputs, features)

    monkeypatch.setattr(Network, "training_logits", note)
    play(Run(with_settings(small, train__epochs=1, train__mixup=0.2, train__cutmix=1.0)))
    play(Run(with_settings(small, train__epochs=1)))
    assert len(set(strides)) == 1 and len(strides) == 8
