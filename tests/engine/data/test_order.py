"""The order of an epoch: which pictures come how often, from the seed and the epoch alone."""

import random
from collections import Counter

import pytest
import torch

from engine.data.order import epoch_order
from engine.data.samples import LEFT_OUT

LABELS = [0] * 64 + [1] * 16 + [2] * 4 + [5] * 6


def classes(order: list[int]) -> Counter[int]:
    return Counter(LABELS[draw % len(LABELS)] for draw in order)


def test_without_balance_it_is_one_permutation_of_a_generator_of_seed_and_epoch() -> None:
    generator = torch.Generator().manual_seed(random.Random("3/7").getrandbits(62))
    assert epoch_order(LABELS, "none", 3, 7) == torch.randperm(len(LABELS), generator=generator).tolist()


@pytest.mark.parametrize("balance", ["none", "sqrt", "full"])
def test_it_depends_on_the_seed_and_the_epoch_alone_and_keeps_the_number_of_pictures(balance) -> None:
    order = epoch_order(LABELS, balance, 0, 1)
    assert order == epoch_order(LABELS, balance, 0, 1) and len(order) == len(set(order)) == len(LABELS)
    assert order != epoch_order(LABELS, balance, 0, 2) and order != epoch_order(LABELS, balance, 1, 1)


def test_full_draws_each_class_equally_often() -> None:
    for epoch in range(20):
        counts = classes(epoch_order(LABELS, "full", 0, epoch))
        assert set(counts.values()) <= {22, 23}  # 90 draws of 4 classes


def test_sqrt_draws_in_proportion_to_the_square_root() -> None:
    shares = {0: 8, 1: 4, 2: 2, 5: 6**0.5}
    for epoch in range(20):
        for label, count in classes(epoch_order(LABELS, "sqrt", 0, epoch)).items():
            assert abs(count - 90 * shares[label] / sum(shares.values())) < 1


def test_the_rounding_favours_no_class() -> None:
    epochs = [classes(epoch_order(LABELS, "full", 0, epoch)) for epoch in range(200)]
    for label in (0, 1, 2, 5):
        assert sum(counts[label] for counts in epochs) / 200 == pytest.approx(22.5, abs=0.2)


def test_a_large_class_has_another_part_of_its_pictures_each_epoch_and_a_small_one_all_evenly() -> None:
    seen = set()
    for epoch in range(12):
        times = Counter(draw % len(LABELS) for draw in epoch_order(LABELS, "full", 0, epoch))
        assert {times[index] for index in range(64)} == {0, 1}
        assert {times[index] for index in range(64, 80)} == {1, 2}
        assert {times[index] for index in range(80, 84)} == {5, 6}
        seen |= {index for index in range(64) if times[index]}
    assert len(seen) > 60


def test_the_draws_of_a_picture_are_numbered() -> None:
    order = epoch_order(LABELS, "full", 0, 0)
    drawn = sorted(draw for draw in order if draw % len(LABELS) == 80)
    assert drawn == [80 + time * len(LABELS) for time in range(len(drawn))]


@pytest.mark.parametrize("balance", ["none", "sqrt", "full"])
def test_what_is_left_out_is_not_drawn_and_others_take_its_place(balance) -> None:
    labels = [LEFT_OUT if number in (3, 70, 88) else label for number, label in enumerate(LABELS)]
    order = epoch_order(labels, balance, 0, 1)
    assert len(order) == len(set(order)) == len(LABELS), "each draw has a number of its own, and is augmented by it"
    assert not {draw % len(LABELS) for draw in order} & {3, 70, 88}
    if balance == "none":
        before = epoch_order(LABELS, "none", 0, 1)
        assert sum(old != new for old, new in zip(before, order, strict=True)) == 3
