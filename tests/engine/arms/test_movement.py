"""The update to weight ratio of each group."""

import pytest
import torch

from engine.arms.movement import Movement, is_measured


def test_it_is_the_length_of_the_change_by_that_of_the_weights() -> None:
    first, second, other, frozen = (torch.nn.Parameter(torch.tensor(values)) for values in ([3.0], [4.0], [2.0], [1.0]))
    groups = [
        {"name": "backbone", "params": [first], "frozen": False},
        {"name": "backbone", "params": [second], "frozen": False},  # without weight decay
        {"name": "stem", "params": [frozen], "frozen": True},
        {"name": "head", "params": [other], "frozen": False},
    ]
    before = Movement(groups)
    with torch.no_grad():
        first += 0.3
        second -= 0.4
        other *= 3
    assert before.ratios().tolist() == pytest.approx([0.1, 0.0, 2.0])


def test_weights_that_were_zero_moved_without_end_but_not_to_nan() -> None:
    weight = torch.nn.Parameter(torch.zeros(2))
    before = Movement([{"name": "head", "params": [weight], "frozen": False}])
    assert before.ratios().tolist() == [0.0]


def test_the_first_updates_and_every_16th_are_measured() -> None:
    assert [number for number in range(1, 50) if is_measured(number)] == [1, 2, 4, 8, 16, 32, 48]
