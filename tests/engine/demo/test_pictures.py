"""The demo's drawn pictures: what they show, and that they are the same each time."""

import random

import numpy as np
import pytest

from engine.demo.canvas import compose
from engine.demo.dataset import MESS
from engine.demo.food import LOOKALIKES, not_hot_dog
from engine.demo.hot_dog import hot_dog
from engine.demo.shapes import SHAPES


def picture(drawing, seed, size=48):
    return compose(drawing, random.Random(seed), size, MESS)


def test_a_seed_gives_the_same_picture_and_another_seed_another():
    assert picture(hot_dog, "a").tobytes() == picture(hot_dog, "a").tobytes()
    assert picture(hot_dog, "a").tobytes() != picture(hot_dog, "b").tobytes()


@pytest.mark.parametrize("drawing", [hot_dog, *LOOKALIKES, *SHAPES.values()], ids=lambda drawing: drawing.__name__)
def test_every_drawing_shows_in_its_picture(drawing):
    def nothing(pen):
        pass

    shown = np.asarray(picture(drawing, 3), dtype=int)
    empty = np.asarray(picture(nothing, 3), dtype=int)
    assert shown.shape == (48, 48, 3)
    assert (np.abs(shown - empty).sum(axis=2) > 30).mean() > 0.03


def test_pretraining_shows_nothing_of_the_demo():
    demo = {drawing.__name__ for drawing in (hot_dog, not_hot_dog, *LOOKALIKES)}
    assert demo.isdisjoint(SHAPES)
    assert set(SHAPES.values()).isdisjoint(LOOKALIKES)


def test_mean_colour_does_not_tell_the_classes_apart():
    def mean_colours(drawing, seeds):
        return np.array([np.asarray(picture(drawing, seed, 32)).mean(axis=(0, 1)) for seed in seeds])

    drawings = (hot_dog, not_hot_dog)
    centres = np.stack([mean_colours(drawing, range(100)).mean(axis=0) for drawing in drawings])
    right = []
    for label, drawing in enumerate(drawings):
        distances = np.linalg.norm(mean_colours(drawing, range(100, 200))[:, None] - centres, axis=2)
        right.extend(distances.argmin(axis=1) == label)
    assert np.mean(right) < 0.65
