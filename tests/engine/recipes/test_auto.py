"""What `recipe: auto` decides: settings that nobody has given, stages as groups, and how the optimizer treats them."""

from pathlib import Path

import pytest
import torch
import yaml

from engine import protocol as p
from engine.arms.optimizer import build_optimizer, describe_groups
from engine.config import RunConfig, load_config
from engine.config.values import flat, given_keys
from engine.loop.run import Run
from engine.models import build
from engine.models.build import BuiltModel
from engine.models.families import find_family
from engine.recipes.auto import MAX_STAGES
from engine.recipes.choices import BY_SIZE, CHOICES, MAX_EPOCHS, MIN_EPOCHS, chosen, complete
from engine.recipes.table import RECIPES, recipe_of
from engine.storage import checkpoint
from tests.engine.backbones import NORM
from tests.engine.conftest import write_pictures, write_weights
from tests.engine.driving import after_step, folder_of, only, play, with_settings

AUTO = """
name: auto
device: cpu
recipe: auto
data: {{root: {root}, image_size: 32, batch_size: 4, threads: 2}}
model: {{name: test/norm, weights: {weights}}}
train: {{epochs: 2}}
checkpoint: {{dir: {runs}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("auto"), {"train": 10, "test": 3})


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights"), NORM)


@pytest.fixture
def auto(folder: Path, backbone: Path, tmp_path: Path) -> Path:
    file = tmp_path / "auto.yaml"
    file.write_text(AUTO.format(root=folder, weights=backbone, runs=tmp_path / "runs"))
    return file


def built(name: str) -> BuiltModel:
    family, inner = find_family(name)
    with torch.device("meta"):
        model = family.build(inner)
    return BuiltModel(model, family.head(model), "", family.stages(model))


# --- settings -----------------------------------------------------------------------------------------------


def test_what_is_given_stays_and_the_rest_is_chosen(auto: Path) -> None:
    config = load_config(auto, ["optim.lr=0.02", "model.head=random", "data.batch_size=4"])
    whole = complete(config)
    assert (whole.optim.lr, whole.model.head) == (0.02, "random")
    assert (whole.optim.name, whole.schedule.name, whole.model.batch_norm) == ("adamw", "cosine", "frozen")
    assert not {"optim.lr", "model.head"} & chosen(config).keys()


def test_every_recipe_has_its_choices_and_each_is_a_setting(small: RunConfig) -> None:
    assert BY_SIZE.keys() <= CHOICES.keys() == RECIPES.keys()
    assert all(values.keys() <= flat(small).keys() for values in CHOICES.values())


def test_the_more_pictures_the_fewer_epochs_unless_they_are_given(auto: Path) -> None:
    config = load_config(auto, ["train.epochs=5"])
    assert complete(config, 100).train.epochs == 5
    file = auto.with_name("free.yaml")
    file.write_text(auto.read_text().replace("train: {epochs: 2}", ""))
    free = load_config(file)
    epochs = [complete(free, images).train.epochs for images in (100, 20_000, 40_000, 10**6)]
    assert epochs == sorted(epochs, reverse=True) and epochs[0] == epochs[1] == MAX_EPOCHS and epochs[-1] == MIN_EPOCHS
    assert "train.epochs" not in chosen(free) and chosen(free, 100)["train.epochs"] == MAX_EPOCHS
    events = play(Run(free), after_step(1, p.Stop(), arm="pretrained"))
    assert only(events, p.ArmStarted)[0].epochs == MAX_EPOCHS
    assert yaml.safe_load((Path(folder_of(events)) / "config.yaml").read_text())["train"]["epochs"] == MAX_EPOCHS


def test_the_lesson_chooses_nothing(small: RunConfig) -> None:
    assert chosen(small) == {} and complete(small) == small


def test_a_complete_configuration_is_not_completed_again(auto: Path) -> None:
    whole = complete(load_config(auto))
    assert chosen(whole) == {} and set(given_keys(whole)) == set(flat(whole))


def test_the_runs_configuration_has_every_value_and_a_resume_keeps_them(auto: Path) -> None:
    events = play(Run(load_config(auto)), after_step(2, p.Stop(), arm="pretrained"))
    file = Path(folder_of(events)) / "config.yaml"
    written = yaml.safe_load(file.read_text())
    assert written["optim"]["lr"] == complete(load_config(auto)).optim.lr and written["data"]["split_val"] is True
    again = play(Run(load_config(file), resume=folder_of(events)))
    assert not only(again, p.SettingsChanged) and again[-1].completed


# --- training -----------------------------------------------------------------------------------------------


def test_it_fits_the_head_chooses_on_validation_pictures_and_tests_at_the_end(auto: Path) -> None:
    events = play(Run(load_config(auto)))
    started = only(events, p.RunStarted)[0]
    assert (started.train_images, started.val_images, started.test_images) == (16, 4, 6)
    kinds = [type(event) for event in events]
    assert kinds.index(p.HeadFitted) < kinds.index(p.TrainStep) < kinds.index(p.BestTested)
    assert [group.name for group in only(events, p.ArmStarted)[0].groups] == ["stem", "stage1", "head"]
    assert events[-1].completed and events[-1].test_accuracy is not None


@pytest.mark.parametrize("init", ["pretrained", "scratch"])
def test_a_resumed_run_ends_with_the_same_weights(auto: Path, init: str) -> None:
    config = load_config(auto, [f"init={init}"])
    whole = play(Run(config))[-1].weights_sha256
    first = play(Run(config), after_step(5, p.Stop(), arm=init))
    assert play(Run(config, resume=folder_of(first)))[-1].weights_sha256 == whole


def test_frozen_batch_norm_keeps_its_statistics_and_trains_its_weights(auto: Path, backbone: Path) -> None:
    events = play(Run(load_config(auto)))
    before, after = torch.load(backbone), checkpoint.load(Path(folder_of(events)) / "pretrained/last.pt")["model"]
    assert torch.equal(before["bn1.running_mean"], after["bn1.running_mean"])
    assert not torch.equal(before["bn1.weight"], after["bn1.weight"])


def test_the_scratch_arm_learns_statistics_and_has_one_rate(auto: Path) -> None:
    events = play(Run(load_config(auto, ["init=scratch"])))
    state = checkpoint.load(Path(folder_of(events)) / "scratch/last.pt")["model"]
    assert state["bn1.num_batches_tracked"] > 0
    assert {group.base_lr for group in only(events, p.ArmStarted)[0].groups} == {1e-3}


def test_a_clipped_gradient_moves_the_weights_by_at_most_the_rate(small: RunConfig) -> None:
    settings = {"scratch_lr": 1.0, "momentum": 0.0, "weight_decay": 0.0}
    plain = with_settings(small, model__name=NORM, **{f"optim__{key}": value for key, value in settings.items()})
    events = play(Run(with_settings(plain, train__clip=0.001)), after_step(1, p.Save(), p.Stop()))
    saved = checkpoint.load(Path(folder_of(events)) / "scratch" / "step-000001.pt")["model"]
    start = build(plain.model, ("cat", "dog"), "scratch", plain.seed).model
    moved = sum((saved[name] - value).square().sum() for name, value in start.named_parameters()).sqrt()
    assert 0.00099 < moved < 0.00101
    assert only(events, p.TrainStep)[0].gradient_norm > 0.01  # as it was before


# --- groups -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "vit_b_16", "convnext_tiny", "squeezenet1_1", NORM])
def test_every_parameter_is_in_one_group_and_no_model_has_many(auto: Path, name: str) -> None:
    config = complete(load_config(auto, ["optim.layer_decay=0.5", "optim.lr=0.8"]))
    model = built(name)
    groups = recipe_of(config).groups(model, "pretrained")
    mine = [parameter for group in groups for parameter in group.parameters]
    assert len(mine) == len({id(parameter) for parameter in mine}) == len(list(model.model.parameters()))
    assert [group.name for group in groups][0 :: len(groups) - 1] == ["stem", "head"]
    assert 3 <= len(groups) <= MAX_STAGES + 2
    depths = range(len(groups) - 2, -1, -1)
    assert [group.base_lr for group in groups] == pytest.approx([*(0.8 * 0.5**depth for depth in depths), 0.8])


def test_norms_and_biases_have_no_weight_decay_and_a_group_is_still_one(auto: Path) -> None:
    config = complete(load_config(auto))
    groups = recipe_of(config).groups(built("resnet18"), "pretrained")
    optimizer = build_optimizer(groups, config.optim)
    for group in optimizer.param_groups:
        assert all((parameter.dim() > 1) is group["decays"] for parameter in group["params"])
        assert group["weight_decay"] == (0.01 if group["decays"] else 0.0)
    assert [group.name for group in describe_groups(optimizer)] == [group.name for group in groups]
    total = sum(group.parameters for group in describe_groups(optimizer))
    assert total == sum(parameter.numel() for parameter in built("resnet18").model.parameters())


def test_a_changed_rate_and_a_frozen_stage_concern_the_whole_group(auto: Path) -> None:
    change = (p.SetRate("stage1", 0.5), p.SetFrozen("stem"))
    events = play(Run(load_config(auto)), after_step(2, *change, arm="pretrained"))
    rates = only(events, p.TrainStep)[2].learning_rates
    assert rates["stem"] == 0 and rates["stage1"] > 100 * rates["head"]
    state = checkpoint.load(Path(folder_of(events)) / "pretrained/last.pt")["optimizer"]
    assert {group["base_lr"] for group in state["param_groups"] if group["name"] == "stage1"} == {0.5}
