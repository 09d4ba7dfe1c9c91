"""The format of prepared pictures: as pixels where they fit, chosen by settings and pictures only."""

from pathlib import Path

import pytest
from PIL import Image

from engine.config.sections import DataConfig
from engine.data.cache_format import GIB, CacheEstimate, estimate_cache
from engine.data.decoded import Decoded
from engine.data.pictures import Preparation
from engine.data.samples import Catalogue, Sample

PREPARED = Preparation(16, 18)
SIDE = 32
RAW = 3 * (64 * 32 * 3) + 16 * 16 * 3  # three training pictures of 80x40, reduced, and one to test on


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    files = [tmp_path / f"{number}.png" for number in range(4)]
    for file in files:
        Image.linear_gradient("L").resize((80, 40)).convert("RGB").save(file)
    samples = tuple(Sample(str(file), 0) for file in files)
    return Catalogue(("a",), samples[:3], samples[3:])


def estimated(catalogue: Catalogue, side: int | None = SIDE, augment: bool = True, **data: object) -> CacheEstimate:
    config = DataConfig.model_validate({"root": "."} | data)
    steps = estimate_cache(config, catalogue, Decoded(PREPARED, side, augment))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(("room", "form"), [(1.0, "raw"), (0.8, "raw"), (0.6, "jpeg"), (0.3, "jpeg"), (0.01, "raw")])
def test_jpeg_is_chosen_where_the_pixels_do_not_fit_and_jpeg_saves_time(
    catalogue: Catalogue, room: float, form: str
) -> None:
    """Not where nearly all fit, and not where hardly any fits even as JPEG."""
    found = estimated(catalogue, cache_gib=room * RAW / GIB)
    assert (found.format, found.raw_bytes) == (form, RAW)
    assert found.bytes == RAW if form == "raw" else found.bytes < RAW / 2


@pytest.mark.parametrize(("side", "form"), [(40, "raw"), (39, "jpeg")])
def test_jpeg_files_that_are_not_reduced_are_not_encoded_again(catalogue: Catalogue, side: int, form: str) -> None:
    for sample in catalogue.train:
        Image.linear_gradient("L").resize((80, 40)).convert("RGB").save(sample.path, "JPEG")
    assert estimated(catalogue, side=side, cache_gib=RAW / 2 / GIB).format == form


@pytest.mark.parametrize("form", ["raw", "jpeg"])
def test_a_format_that_is_given_is_kept(catalogue: Catalogue, form: str) -> None:
    for room in (1e-9, 1.0):
        assert estimated(catalogue, cache_gib=room, cache_format=form).format == form


def test_small_pictures_stay_as_they_are_and_unreadable_ones_do_not_count(catalogue: Catalogue) -> None:
    assert estimated(catalogue, side=64).raw_bytes == 3 * (80 * 40 * 3) + 16 * 16 * 3
    Path(catalogue.train[0].path).write_bytes(b"no picture")
    assert estimated(catalogue).raw_bytes == RAW
    for sample in catalogue.train:
        Path(sample.path).write_bytes(b"")
    assert estimated(catalogue, cache_format="jpeg").format == "jpeg"


def test_pictures_of_the_models_size_and_those_that_are_not_kept_have_no_format(catalogue: Catalogue) -> None:
    for found in (
        estimated(catalogue, augment=False, cache_format="jpeg"),
        estimated(catalogue, side=None, prepare=False, cache_format="jpeg"),
    ):
        assert found.format == "raw" and found.bytes == 4 * 16 * 16 * 3


def test_the_sentence_says_both_sizes_and_the_settings() -> None:
    said = CacheEstimate("jpeg", 5 * GIB, 33 * GIB).sentence(20.0)
    assert "about 5 GiB" in said and "about 33 GiB" in said and "data.cache_gib, 20 (data.cache_format)" in said
