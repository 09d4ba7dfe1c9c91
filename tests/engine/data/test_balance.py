"""Batches of uneven classes: which pictures are in them, and how."""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.arms.features import FeatureBatches, Features
from engine.config.sections import DataConfig
from engine.data.augment.crop import random_resized_crop
from engine.data.augment.flip import horizontal_flip
from engine.data.batches import Batch
from engine.data.loader import Loader
from engine.data.pictures import Preparation
from engine.data.samples import Sample
from tests.engine.driving import come, loader_of

PREPARED = Preparation(16, 18)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """18 pictures of a class, and 2 of another one."""
    root = tmp_path_factory.mktemp("uneven")
    for number in range(20):
        Image.effect_noise((24 + number, 20), 80).convert("RGB").save(root / f"{number}.png")
    return [Sample(str(root / f"{number}.png"), int(number >= 18)) for number in range(20)]


def training(samples: list[Sample], start: int = 0, threads: int = 2, balance: str = "full") -> list[Batch]:
    loader = loader_of(PREPARED, batch_size=6, seed=0, threads=threads, balance=balance)
    try:
        return list(come(loader.training(samples, 0, start)))
    finally:
        loader.close()


def shown(batches: list[Batch]) -> list[tuple[int, torch.Tensor]]:
    return [pair for batch in batches for pair in zip(batch.numbers, batch.images, strict=True)]


def test_without_balance_a_picture_is_the_crop_and_flip_of_seed_epoch_and_index(samples: list[Sample]) -> None:
    for number, image in shown(training(samples, balance="none")):
        rng, pixels = random.Random(f"0/0/{number}"), np.asarray(Image.open(samples[number].path))
        expected = horizontal_flip(random_resized_crop(pixels, PREPARED, rng), PREPARED, rng)
        assert np.array_equal(image.permute(1, 2, 0).numpy(), expected)


def test_an_epoch_keeps_its_steps_and_has_each_class_equally_often(samples: list[Sample]) -> None:
    batches = training(samples)
    assert [len(batch.labels) for batch in batches] == [6, 6, 6, 2]
    assert Counter(torch.cat([batch.labels for batch in batches]).tolist()) == {0: 10, 1: 10}
    assert all(samples[n].label == label for b in batches for n, label in zip(b.numbers, b.labels, strict=True))


def test_a_picture_that_comes_again_is_cropped_in_another_way(samples: list[Sample]) -> None:
    crops = [image.numpy().tobytes() for number, image in shown(training(samples)) if number == 18]
    assert len(crops) == len(set(crops)) == 5


def test_an_epoch_taken_up_in_the_middle_goes_on_with_the_same_bits(samples: list[Sample]) -> None:
    for one, other in zip(training(samples)[2:], training(samples, start=2, threads=3), strict=True):
        assert one.numbers == other.numbers and torch.equal(one.images, other.images)


def test_with_even_classes_the_pictures_are_those_without_balance_but_in_another_order(samples: list[Sample]) -> None:
    plain, balanced = (dict(shown(training(samples[16:], balance=balance))) for balance in ("none", "sqrt"))
    assert sorted(plain) == sorted(balanced) == [0, 1, 2, 3]
    assert all(torch.equal(plain[number], balanced[number]) for number in plain)


def test_the_processes_divide_the_batches_of_one(samples: list[Sample]) -> None:
    config = DataConfig(root=Path(), prepare=False, batch_size=6, threads=1, balance="full")
    loaders = [
        Loader(PREPARED, config, (random_resized_crop,), 0, rank=rank, world_size=size)
        for rank, size in ((0, 1), (0, 2), (1, 2))
    ]
    for whole, first, second in zip(*(come(loader.training(samples, 0, 0)) for loader in loaders), strict=True):
        assert whole.numbers[::2] == first.numbers and whole.numbers[1::2] == second.numbers
        assert torch.equal(whole.images[1::2], second.images)
    for loader in loaders:
        loader.close()


def test_cached_features_come_in_the_order_of_the_pictures(samples: list[Sample]) -> None:
    features = Features(len(samples), torch.device("cpu"))
    labels = torch.tensor([sample.label for sample in samples])
    images = torch.zeros(len(samples), 3, 16, 16, dtype=torch.uint8)
    features.add(Batch(images, labels, list(range(20)), 20, 1.0, []), torch.arange(20.0)[:, None])
    loader = loader_of(PREPARED, batch_size=6, seed=0, threads=1, balance="full")
    cached = FeatureBatches(loader, 0, features.close(), features)
    for one, other in zip(cached.training(samples, 0, 1), training(samples, start=1), strict=True):
        assert one.numbers == other.numbers == one.features.flatten().int().tolist()
        assert torch.equal(one.labels, other.labels)
    loader.close()
