"""Events and commands survive being text, and text that is no message is an `EngineError`, whatever it is."""

import json
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import protocol as p
from engine.errors import EngineError

pytestmark = pytest.mark.filterwarnings("ignore:Ignoring unsupported")  # hypothesis on pydantic's Strict

MESSAGES = st.one_of([st.from_type(kind) for kind in get_args(p.Message)])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
STEP = {
    "type": "train_step",
    "arm": "scratch",
    "step": 1,
    "epoch": 1,
    "loss": 0.5,
    "accuracy": 0.5,
    "images_per_second": 1.0,
    "data_wait": 0.0,
    "learning_rates": {"head": 0.1},
}


@given(MESSAGES)
def test_every_message_comes_back_from_its_text_as_it_was(message: p.Message) -> None:
    again = p.decode(p.encode(message))
    assert type(again) is type(message)
    assert repr(again) == repr(message)  # NaN equals nothing, but reads the same


@given(MESSAGES)
def test_every_message_is_one_line_of_json_that_other_languages_read(message: p.Message) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    line = p.encode(message, at=1.5)
    assert "\n" not in line
    fields = json.loads(line, parse_constant=refuse)
    assert p.decode(line) is not None and fields["type"] == p.name_of(message) and fields["at"] == 1.5


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_survive_at_any_depth(value: float) -> None:
    step = p.TrainStep("scratch", 1, 1, value, 0.5, 1.0, 0.0, {"head": value})
    again = p.decode(p.encode(step))
    assert isinstance(again, p.TrainStep)
    assert repr((again.loss, again.learning_rates["head"])) == repr((value, value))


def test_names_are_the_class_names_in_snake_case() -> None:
    assert p.name_of(p.Pause()) == "pause"
    assert p.name_of(p.RunFailed("a", "b")) == "run_failed"
    assert p.name_of(p.SwitchArm("scratch")) == "switch_arm"


def test_a_file_name_that_is_no_unicode_survives() -> None:
    skipped = p.ImageSkipped("caf\udce9.jpg", "broken", 1)
    assert p.decode(p.encode(skipped)) == skipped


@given(st.text() | JSON.map(json.dumps))
def test_text_that_is_no_message_is_refused_and_nothing_else_happens(line: str) -> None:
    with pytest.raises(EngineError):
        p.decode(line)


@given(st.sampled_from(sorted(STEP)), JSON)
def test_a_message_with_a_foreign_value_in_a_field_is_refused_or_has_a_value_of_the_right_type(
    key: str, value: object
) -> None:
    try:
        step = p.decode(json.dumps(STEP | {key: value}))
    except EngineError:
        return
    assert isinstance(step, p.TrainStep)
    assert type(step.step) is int and type(step.epoch) is int and step.arm in p.ARMS
    assert all(type(value) is float for value in (step.loss, step.accuracy, *step.learning_rates.values()))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "7",
        '"pause"',
        '["pause"]',
        "{}",
        '{"type": null}',
        '{"type": ["pause"]}',
        '{"type": "no_such_event"}',
        '{"type": "switch_arm"}',
        '{"type": "switch_arm", "arm": "third"}',
        '{"type": "stop", "save": "yes"}',
        '{"type": "set_rate", "group": 5, "base_lr": 0.1}',
        json.dumps(STEP | {"step": "1"}),
        json.dumps(STEP | {"step": 1.5}),
        json.dumps(STEP | {"step": True}),
        json.dumps(STEP | {"loss": "0.5"}),
        json.dumps(STEP | {"learning_rates": {"head": "fast"}}),
        json.dumps(STEP)[:-9],
        '{"type": "switch_arm", "arm": ' + "[" * 100_000,
        '{"type": "set_rate", "group": "head", "base_lr": ' + "9" * 5000 + "}",
        '{"type": "loading", "what": "x", "done": 1' + "0" * 5000 + "}",
    ],
)
def test_a_malformed_message_is_refused(line: str) -> None:
    with pytest.raises(EngineError, match="is not a message"):
        p.decode(line)
