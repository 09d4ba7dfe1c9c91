"""Every torchvision classification model gets a new last layer, and trains at the size its weights want."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from engine.arms.optimizer import build_optimizer, describe_groups
from engine.config import RunConfig
from engine.config.sections import ModelConfig, OptimConfig
from engine.errors import WeightsError
from engine.models import build, preparation
from engine.models.head import find_head, replace_head
from engine.recipes.lesson import Lesson

NAMES = torchvision.models.list_models(module=torchvision.models)
# Of each kind one here; `make soak` has them all.
KINDS = {torchvision.models.get_model_builder(name).__module__: name for name in reversed(NAMES)}
BUILT = NAMES if os.environ.get("ALL_MODELS") else sorted(KINDS.values())
CLASSES = ("cat", "dog", "fish")


@pytest.fixture
def weightless() -> Iterator[None]:
    """Every parameter lives on the meta device from the moment it is registered: shapes, but no numbers."""

    def drop(module: nn.Module, name: str, parameter: nn.Parameter | None) -> nn.Parameter | None:
        if parameter is None or parameter.is_meta:
            return parameter
        return nn.Parameter(torch.empty_like(parameter, device="meta"))

    hook = nn.modules.module.register_module_parameter_registration_hook(drop)
    yield
    hook.remove()


@pytest.mark.parametrize("name", BUILT)
def test_the_head_of_every_model_is_found_and_replaced_and_pictures_of_its_size_go_through(
    name: str, weightless: None
) -> None:
    classifier = build(ModelConfig(name=name), CLASSES, "scratch", 0)
    model, head = classifier.model.to("meta"), classifier.head
    bare = {key: value.shape for key, value in torchvision_model(name).state_dict().items()}
    ours = {key: value.shape for key, value in model.state_dict().items()}
    different = {key for key in bare if ours.get(key) != bare[key]}
    assert different == {f"{head}.weight", f"{head}.bias"} & set(bare)
    assert set(ours) == set(bare)
    size = preparation(ModelConfig(name=name), None).image_size
    with torch.device("meta"):
        assert model.train()(torch.empty(2, 3, size, size)).shape == (2, len(CLASSES))


def torchvision_model(name: str) -> nn.Module:
    """As torchvision builds it for its own default weights, second classifiers aside."""
    weights = getattr(torchvision.models.get_model_weights(name), "DEFAULT", None)
    options = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    if name.startswith("vit_"):
        options["image_size"] = weights.meta["min_size"][0]
    return torchvision.models.get_model(name, weights=None, **options).to("meta")


def test_the_list_of_models_is_torchvisions_own() -> None:
    assert len(NAMES) >= 80 and {"resnet18", "vit_b_16", "squeezenet1_0", "maxvit_t"} <= set(NAMES)


# --- the new layer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "squeezenet1_1", "mobilenet_v3_small"])
def test_a_new_head_has_xavier_uniform_weights_and_zero_bias(name: str) -> None:
    classifier = build(ModelConfig(name=name), [str(number) for number in range(10)], "scratch", 0)
    layer = classifier.model.get_submodule(classifier.head)
    fan_in = layer.weight.flatten(1).shape[1]
    bound = (6 / (fan_in + 10)) ** 0.5
    assert layer.weight.abs().max() <= bound
    # A uniform distribution on [-b, b] has the standard deviation b / sqrt(3).
    assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.03)
    assert torch.count_nonzero(layer.bias) == 0


def test_a_head_without_bias_stays_without_so_that_the_weights_fit_torchvisions_model() -> None:
    with torch.device("meta"):
        model = torchvision.models.maxvit_t()
        replace_head(model, find_head(model), 2)
        assert {key: value.shape for key, value in model.state_dict().items()} == {
            key: value.shape for key, value in torchvision.models.maxvit_t(num_classes=2).state_dict().items()
        }


def test_the_last_linear_layer_of_a_classifier_is_the_head() -> None:
    model = nn.Module()
    model.classifier = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 9), nn.Dropout())
    assert find_head(model) == "classifier.2"


def test_a_model_without_a_linear_layer_in_the_known_places_is_refused() -> None:
    with pytest.raises(WeightsError, match="Sequential has no linear layer in fc, classifier"):
        find_head(nn.Sequential(nn.Linear(2, 2)))


def test_both_arms_start_with_the_same_head_and_another_seed_with_another(tmp_path: Path) -> None:
    torch.save(torchvision.models.shufflenet_v2_x0_5().state_dict(), tmp_path / "weights.pth")
    config = ModelConfig(name="shufflenet_v2_x0_5", weights=str(tmp_path / "weights.pth"))
    heads = [
        build(config, CLASSES, arm, seed).model.fc.weight
        for arm, seed in [("pretrained", 0), ("scratch", 0), ("scratch", 1)]
    ]
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[1], heads[2])


def test_building_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    build(ModelConfig(name="shufflenet_v2_x0_5"), CLASSES, "scratch", 0)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(("arm", "rates"), [("pretrained", [5e-5, 5e-4]), ("scratch", [5e-4, 5e-4])])
def test_every_parameter_is_in_the_group_backbone_or_head(arm: str, rates: list[float]) -> None:
    classifier = build(ModelConfig(name="shufflenet_v2_x0_5"), CLASSES, "scratch", 0)
    groups = Lesson(RunConfig(data={"root": "pictures"})).groups(classifier, arm)
    backbone, head = describe_groups(build_optimizer(groups, OptimConfig()))
    assert (backbone.name, head.name) == ("backbone", "head")
    assert head.parameters == 1024 * 3 + 3
    assert backbone.parameters + head.parameters == sum(p.numel() for p in classifier.model.parameters())
    assert [backbone.base_lr, head.base_lr] == rates


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("resnet81", "did you mean resnet18"),
        ("ResNet50", "did you mean resnet50"),
        ("fcn_resnet50", "did you mean"),  # a torchvision model, but no classifier
        ("qqqq", "use resnet18, mobilenet_v3_small or the like"),
    ],
)
def test_an_unknown_model_is_refused_with_the_nearest_names(name: str, hint: str) -> None:
    for refuse in (
        lambda: preparation(ModelConfig(name=name), None),
        lambda: build(ModelConfig(name=name), CLASSES, "scratch", 0),
    ):
        with pytest.raises(WeightsError, match=hint) as caught:
            refuse()
        assert f"model.name `{name}`" in caught.value.message


@pytest.mark.parametrize(
    ("name", "size", "usual"), [("vit_b_16", 96, 224), ("alexnet", 32, 224), ("inception_v3", 64, 299)]
)
def test_a_size_that_a_model_cannot_take_is_refused_before_anything_is_loaded(name: str, size: int, usual: int) -> None:
    with pytest.raises(WeightsError) as caught:
        preparation(ModelConfig(name=name), size)
    assert f"{name} cannot take data.image_size {size}" in caught.value.message
    assert f"or use {usual}" in caught.value.message


@pytest.mark.parametrize("name", ["resnet18", "regnet_y_400mf", "shufflenet_v2_x0_5"])
def test_a_smaller_size_is_taken_where_the_model_can(name: str) -> None:
    assert preparation(ModelConfig(name=name), 32).image_size == 32
