"""Types of the fields of messages."""

import math
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, PlainSerializer, Strict

Arm = Literal["pretrained", "scratch"]
ARMS: tuple[Arm, ...] = get_args(Arm)
Part = Literal["val", "test"]
"the pictures that are scored: those to choose by (validation), or those to test on"
PART_NAMES: dict[Part, str] = {"val": "validation", "test": "test"}
"in sentences"
Head = Literal["kept", "random", "pretrained", "fitted"]
"""what the last layer starts from after a rewind: what it had, random rows, rows of the pretrained classifier, or a
logistic regression on features"""
HEADS: tuple[Head, ...] = get_args(Head)

Verdict = Literal["right", "wrong", "leave_out", "undecided"]
"""what a person says of the label of a training picture: it is right, the picture has another class, it is of no use,
or nothing any more"""

ALL_GROUPS = "all"
"as the name of a group: all groups of an arm"

_NOT_FINITE = ("nan", "inf", "-inf")


def _real_from_json(value: object) -> object:
    return float(value) if isinstance(value, str) and value in _NOT_FINITE else value


def _real_to_json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


# Strict: the text "3" is no number. JSON has neither NaN nor infinity, so they are written as strings.
Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Real = Annotated[float, Strict(), BeforeValidator(_real_from_json), PlainSerializer(_real_to_json, when_used="json")]
# Left out of a message if they say nothing. Then it looks as in older versions, which do not know them.
Metrics = Annotated[dict[str, Real], Field(exclude_if=lambda values: not values)]
Texts = Annotated[dict[str, str], Field(exclude_if=lambda values: not values)]
Counts = Annotated[tuple[Int, ...], Field(exclude_if=lambda values: not values)]
Temperature = Annotated[Real, Field(exclude_if=lambda value: value == 1.0)]
NamesIfKnown = Annotated[tuple[str, ...] | None, Field(exclude_if=lambda value: value is None)]
RealIfKnown = Annotated[Real | None, Field(exclude_if=lambda value: value is None)]


def other_arm(arm: Arm) -> Arm:
    """The arm that `arm` is compared with."""
    return "scratch" if arm == "pretrained" else "pretrained"


def number_text(value: float) -> str:
    """A number in words for people: `0.25`, `NaN`, `inf`."""
    return "NaN" if math.isnan(value) else f"{value:g}"
