"""Augmentations: what they do to a picture or a batch, all from the random numbers that they are given."""

import math
import random

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, autoaugment

from engine.data.augment import BATCH, PICTURE
from engine.data.augment.erasing import random_erasing
from engine.data.augment.mixing import cutmix, mixup, one_of
from engine.data.augment.trivial import OPERATIONS, STRENGTHS, trivial_augment
from engine.data.pictures import Pixels, Preparation

PREPARED = Preparation(64, 72)


@pytest.fixture
def pixels() -> Pixels:
    """Broad shapes with some noise."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(40, 200, (5, 4, 3), dtype=np.uint8)).resize(
        (64, 64), Image.Resampling.BICUBIC
    )
    return np.asarray(coarse) + rng.integers(0, 20, (64, 64, 3), dtype=np.uint8)


# --- a picture ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURE)
def test_a_picture_depends_on_the_given_random_numbers_alone_and_is_not_written_to(name: str, pixels: Pixels) -> None:
    before, state = pixels.copy(), torch.random.get_rng_state()
    for view in (pixels, pixels[:, ::-1]):  # as a flip leaves it
        first, again = (
            [PICTURE[name](view, PREPARED, random.Random(number)) for number in range(40)] for _ in range(2)
        )
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert all(a.shape == (64, 64, 3) and a.dtype == np.uint8 for a in first)
        assert len({a.tobytes() for a in first}) > 1
    assert np.array_equal(pixels, before) and torch.equal(torch.random.get_rng_state(), state)


THEIRS = {
    "identity": "Identity",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
    "translate_x": "TranslateX",
    "translate_y": "TranslateY",
    "rotate": "Rotate",
    "brightness": "Brightness",
    "color": "Color",
    "contrast": "Contrast",
    "sharpness": "Sharpness",
    "posterize": "Posterize",
    "solarize": "Solarize",
    "auto_contrast": "AutoContrast",
    "equalize": "Equalize",
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_of_trivial_augment_is_torchvisions(name: str, pixels: Pixels) -> None:
    picture, operation = Image.fromarray(pixels), OPERATIONS[name]
    space = autoaugment.TrivialAugmentWide(STRENGTHS)._augmentation_space(STRENGTHS)
    magnitudes, signed = space[THEIRS[name]]
    assert operation.signed == signed and len(OPERATIONS) == len(space)
    for strength in (0, 4, 17, STRENGTHS - 1):
        theirs = float(magnitudes[strength]) if magnitudes.ndim else 0.0
        for sign in (1, -1) if signed else (1,):
            ours = np.asarray(operation.apply(picture, sign * operation.magnitude(strength)), dtype=int)
            expected = autoaugment._apply_op(picture, THEIRS[name], sign * theirs, InterpolationMode.NEAREST, None)
            # Shears are rounded to other neighbours at some edges.
            assert (np.abs(ours - np.asarray(expected, dtype=int)) > 2).mean() < 0.01


def test_trivial_augment_uses_every_operation(pixels: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[tuple[str, float]] = []
    for name, operation in OPERATIONS.items():
        noted = operation._replace(apply=lambda picture, size, name=name: used.append((name, size)) or picture)
        monkeypatch.setitem(OPERATIONS, name, noted)
    for number in range(500):
        trivial_augment(pixels, PREPARED, random.Random(number))
    assert {name for name, _ in used} == set(OPERATIONS)
    rotations = {size for name, size in used if name == "rotate"}
    assert min(rotations) < 0 < max(rotations) and max(map(abs, rotations)) <= 135


def test_random_erasing_fills_a_rectangle_with_the_mean_colour_as_often_as_it_should(pixels: Pixels) -> None:
    mean, erased = [round(255 * value) for value in PREPARED.mean], 0
    for number in range(300):
        found = random_erasing(pixels, PREPARED, random.Random(number), probability=0.25)
        rows, columns = ((found != pixels).any(axis=2).any(axis=axis).nonzero()[0] for axis in (1, 0))
        if len(rows):
            erased += 1
            part = found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            assert (part == mean).all()
            assert 0.01 < part.shape[0] * part.shape[1] / 64**2 < 0.35
            assert 0.2 < part.shape[1] / part.shape[0] < 4.5
    assert 50 <= erased <= 100


# --- a batch ------------------------------------------------------------------------------------------------


def batch(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures with adjacent channels, each of one value, and their targets."""
    images = torch.arange(1.0, count + 1).view(-1, 1, 1, 1).expand(-1, 3, 8, 12)
    return images.contiguous(memory_format=torch.channels_last), torch.eye(count)


@pytest.mark.parametrize("name", BATCH)
@pytest.mark.parametrize("count", [1, 5, 6])
def test_a_batch_is_mixed_with_the_reversed_one_and_targets_with_the_same_share(name: str, count: int) -> None:
    images, targets = batch(count)
    before, state = images.clone(), torch.random.get_rng_state()
    for number in range(30):
        mixed, shares = BATCH[name](images, targets, random.Random(number))
        again = BATCH[name](images, targets, random.Random(number))
        assert torch.equal(mixed, again[0]) and torch.equal(shares, again[1])
        torch.testing.assert_close(shares.sum(1), torch.ones(count))
        torch.testing.assert_close(mixed.mean((1, 2, 3)), shares @ torch.arange(1.0, count + 1))
        assert mixed.stride() == images.stride() and mixed.dtype == shares.dtype == torch.float32
    assert torch.equal(images, before) and torch.equal(torch.random.get_rng_state(), state)


def test_mixup_blends_and_cutmix_pastes_a_rectangle() -> None:
    images, targets = batch(2)
    blended, _ = mixup(images, targets, random.Random(1), alpha=1.0)
    assert (blended[0] == blended[0, 0, 0, 0]).all() and 1 < blended[0, 0, 0, 0] < 2
    pasted, _ = cutmix(images, targets, random.Random(1), alpha=1.0)
    rows, columns = ((pasted[0, 0] == 2).any(dim).nonzero().flatten() for dim in (1, 0))
    assert set(pasted.unique().tolist()) == {1.0, 2.0}
    assert (pasted[0, :, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] == 2).all()


@pytest.mark.parametrize("alpha", [1e-300, 0.2, 100.0])
def test_any_allowed_alpha_gives_shares_from_0_to_1(alpha: float) -> None:
    for number in range(50):
        for name in BATCH:
            _, shares = BATCH[name](*batch(4), random.Random(number), alpha=alpha)
            assert shares.min() >= 0 and shares.max() <= 1


def test_each_batch_gets_one_of_both() -> None:
    images, targets = batch(4)
    chosen = one_of(lambda *given: (images + 1, targets), lambda *given: (images + 2, targets))
    values = [float(chosen(images, targets, random.Random(number))[0][0, 0, 0, 0]) for number in range(400)]
    assert set(values) == {2.0, 3.0} and math.isclose(sum(values) / 400, 2.5, abs_tol=0.1)
