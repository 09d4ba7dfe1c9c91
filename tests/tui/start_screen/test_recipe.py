"""The values of a run's fields, and the command line that they come to."""

from pathlib import Path

import pytest

from engine.config import RunConfig
from tui.start_screen.fields import FIELDS
from tui.start_screen.recipe import FIELDS_BY_NAME, Usual, check, wrong_field

DEMO = ["--demo"]


@pytest.fixture
def demo() -> RunConfig:
    return check(DEMO).config


@pytest.fixture
def from_scratch(tmp_path: Path) -> list[str]:
    (tmp_path / "own.yaml").write_text("{init: scratch, recipe: auto, data: {source: demo}, optim: {name: sgd}}")
    return [str(tmp_path / "own.yaml")]


def test_the_demos_weights_are_of_its_model_another_one_has_the_published_ones(demo: RunConfig) -> None:
    weights = FIELDS_BY_NAME["weights"]
    assert Usual(DEMO, demo, {}).value(weights) == "demo"
    other = Usual(DEMO, demo, {"model": "resnet18", "weights": "default"})
    assert other.value(weights) == "default" and other.arguments() == [*DEMO, "--model", "resnet18"]
    assert check(other.arguments()).config.model.weights == "default"


def test_no_weights_are_the_scratch_arm_and_weights_for_one_are_the_pretrained_arm(
    demo: RunConfig, from_scratch: list[str]
) -> None:
    assert Usual(DEMO, demo, {"weights": "none"}).arguments() == [*DEMO, "--init", "scratch"]
    base = check(from_scratch).config
    for typed, words in (("none", []), ("default", ["--init", "pretrained"])):
        assert Usual(from_scratch, base, {"weights": typed}).arguments() == [*from_scratch, *words]
    own = Usual(from_scratch, base, {"weights": "own.pth"}).arguments()
    assert own[1:] == ["--init", "pretrained", "--set", "model.weights=own.pth"]


def test_a_value_is_of_the_recipe_of_the_user_or_of_the_configuration(from_scratch: list[str]) -> None:
    usual = Usual(from_scratch, check(from_scratch).config, {"schedule": "constant"})
    origin = {field.name: usual.origin(field, usual.value(field)) for field in FIELDS if usual.has(field)}
    assert {name for name, word in origin.items() if word == "auto"} == {"schedule", "rate"}
    assert origin["optimizer"] == "" and usual.value(FIELDS_BY_NAME["optimizer"]) == "sgd"
    assert usual.origin(FIELDS_BY_NAME["schedule"], "constant") == "changed"
    assert usual.arguments()[1:] == ["--set", "schedule.name=constant"]


def test_the_choices_lead_back_to_a_value_that_is_none_of_them() -> None:
    epochs = FIELDS_BY_NAME["epochs"]
    seen = ["7"]
    while (following := epochs.next(seen[-1], "7")) != "7":
        seen.append(following)
    assert seen == ["7", *epochs.choices]


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("base rate", "1e9", "base rate: 1e9; it should be less than or equal to 100"),
        ("optimizer", "adm", "optimizer: adm; it should be 'sgd' or 'adamw'"),
        ("weights", "no.pth", "weights: model.weights no.pth does not exist; correct the path"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_field(name: str, typed: str, said: str) -> None:
    found = wrong_field(DEMO, {"epochs": "3", name: typed}, FIELDS)
    assert found is not None and (found[0].name, found[1]) == (name, said)


def test_fields_that_can_be_are_not_wrong() -> None:
    assert wrong_field(DEMO, {field.name: field.choices[0] for field in FIELDS}, FIELDS) is None
