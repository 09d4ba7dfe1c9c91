"""Intervals and the test of paired answers, against values computed in another way."""

import math
from itertools import product

import pytest
import torch

from engine.metrics.bootstrap import values_and_intervals
from engine.metrics.interval import mcnemar, paired_difference, wilson
from engine.metrics.predictions import Predictions, predictions_of


@pytest.mark.parametrize(("first", "second"), list(product((0, 1, 3, 8), repeat=2)))
def test_mcnemars_test_counts_the_tosses_that_are_at_least_as_uneven(first: int, second: int) -> None:
    tosses = first + second
    uneven = sum(math.comb(tosses, k) for k in range(tosses + 1) if abs(2 * k - tosses) >= abs(first - second))
    assert mcnemar(first, second) == pytest.approx(uneven / 2**tosses)


def test_mcnemars_test_takes_many_pictures() -> None:
    assert mcnemar(40_000, 40_000) == pytest.approx(1)
    assert 0 < mcnemar(40_000, 40_800) < 0.01


def test_the_interval_of_a_paired_difference_holds_the_true_one_in_about_95_of_100_samples() -> None:
    rng = torch.Generator().manual_seed(0)
    shares, of, held = torch.tensor([0.6, 0.15, 0.08, 0.17]), 300, 0
    for _ in range(400):
        cells = torch.multinomial(shares, of, replacement=True, generator=rng).bincount(minlength=4)
        low, high = paired_difference(int(cells[1]), int(cells[2]), of)
        held += low <= 0.15 - 0.08 <= high
    assert 0.92 <= held / 400 <= 0.98


def test_it_is_the_narrower_the_less_the_models_disagree_and_stays_within_its_bounds() -> None:
    wide, narrow = paired_difference(60, 40, 1000), paired_difference(21, 1, 1000)
    assert narrow[0] > wide[0] and narrow[1] < wide[1]
    assert paired_difference(3, 0, 3)[1] <= 1 and paired_difference(0, 3, 3)[0] >= -1


def scored(pictures: int, classes: int = 3) -> Predictions:
    rng = torch.Generator().manual_seed(1)
    labels = torch.randint(classes, (pictures,), generator=rng)
    logits = torch.randn(pictures, classes, generator=rng) + 1.5 * torch.nn.functional.one_hot(labels, classes)
    return predictions_of(["a"] * pictures, labels, logits, 1.3)


def test_every_metric_lies_in_its_interval_which_is_the_same_each_time_and_narrower_with_more_pictures() -> None:
    few, many = values_and_intervals(scored(100)), values_and_intervals(scored(1600))
    assert few == values_and_intervals(scored(100)) and set(few) == set(many) >= {"loss", "accuracy", "macro_f1"}
    for name in ("loss", "accuracy", "macro_f1", "balanced_accuracy"):
        for value, (low, high) in (few[name], many[name]):
            assert low < value < high
        assert many[name][1][1] - many[name][1][0] < (few[name][1][1] - few[name][1][0]) / 2
    hits = round(100 * few["accuracy"][0])
    assert few["accuracy"][1] == wilson(hits, 100)


def test_the_interval_of_the_loss_is_that_of_a_mean() -> None:
    predictions = scored(1600)
    losses = torch.nn.functional.cross_entropy(predictions.logits, predictions.labels, reduction="none")
    value, (low, high) = values_and_intervals(predictions)["loss"]
    assert value == pytest.approx(losses.mean().item(), rel=1e-5)
    assert (high - low) / 2 == pytest.approx(1.96 * losses.std().item() / 40, rel=0.1)
