"""Prepared pictures: decoded once, and the same pixels whether they are kept or not."""

import os
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from PIL import Image

from engine import protocol as p
from engine.cli import replay
from engine.config import RunConfig, load_config
from engine.data import decoded
from engine.data.decoded import Decoded
from engine.data.folder import scan
from engine.data.pictures import Preparation, decode, decode_bounded
from engine.data.pictures import test_pixels as prepare_for_test
from engine.data.samples import Catalogue
from engine.data.store import Store
from engine.loop.run import Run
from tests.engine.conftest import write_pictures
from tests.engine.driving import after_step, folder_of, only, play, with_settings

PREPARED = Preparation(16, 18)


def noted(events: list[p.Event]) -> list[str]:
    """What was said of pictures after the line of what was found."""
    first, *others = [event.message for event in only(events, p.PicturesNoted)]
    assert first.startswith("train: ")
    return others


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "finetune-tui" / "prepared"


@pytest.fixture
def catalogue(pictures: Path) -> Catalogue:
    return scan(pictures, 0.2, 0)


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the pictures that were decoded."""
    paths: list[str] = []
    for name in ("decode", "decode_bounded"):
        real = getattr(decoded, name)
        monkeypatch.setattr(decoded, name, lambda path, *rest, real=real: paths.append(path) or real(path, *rest))
    return paths


def test_a_kept_picture_has_the_pixels_of_its_file(catalogue: Catalogue, tmp_path: Path) -> None:
    plain, stored = Decoded(PREPARED, 21), Decoded(PREPARED, 21)
    stored.use_store(Store(tmp_path / "mine", len(catalogue.train) + len(catalogue.test), 1 << 20), catalogue)
    for _ in range(2):  # put in, then taken out
        for sample in catalogue.train:
            kept = stored.get(sample.path, False)
            assert np.array_equal(kept, plain.get(sample.path, False)) and min(kept.shape[:2]) == 21
        for sample in catalogue.test:
            ready = prepare_for_test(decode(sample.path), PREPARED).permute(1, 2, 0).numpy()
            assert np.array_equal(stored.get(sample.path, True), ready)
    stored.close()


@pytest.mark.parametrize(("size", "side", "bounded"), [((500, 375), 90, (120, 90)), ((60, 80), 90, (60, 80))])
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_only_pictures_larger_than_the_bound_are_reduced(tmp_path: Path, kind: str, size, side, bounded) -> None:
    file = tmp_path / f"a.{kind}"
    Image.effect_noise(size, 60).convert("RGB").save(file)
    assert decode_bounded(str(file), side).size == bounded


def test_a_reduced_picture_looks_as_the_whole_one_does(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    ramp = np.linspace(0, 255, 500 * 375 * 3).reshape(375, 500, 3).astype(np.uint8)
    Image.fromarray(ramp).save(file, quality=95)
    reduced = decode_bounded(str(file), 90)
    reference = decode(str(file)).resize(reduced.size, Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(reduced, int) - np.asarray(reference, int)).mean() < 2


def test_a_run_decodes_every_picture_once_and_the_next_run_none(
    small: RunConfig, cache: Path, decodings: list[str]
) -> None:
    first = play(Run(small))
    assert len(decodings) == len(set(decodings)) == 20
    assert only(first, p.PicturesPrepared)[0].prepared == 20 and only(first, p.PicturesPrepared)[0].reason == ""
    decodings.clear()
    second = play(Run(small))
    assert decodings == [] and second[-1].weights_sha256 == first[-1].weights_sha256


@pytest.mark.parametrize("form", ["raw", "jpeg"])
def test_without_room_the_run_ends_with_the_same_weights_and_says_why(small: RunConfig, cache: Path, form: str) -> None:
    small = with_settings(small, data__cache_format=form)
    whole = play(Run(small))
    cache.rename(cache.with_name("away"))
    cramped = play(Run(with_settings(small, data__cache_gib=1e-5)))
    told = only(cramped, p.PicturesPrepared)[0]
    assert 0 < told.prepared < told.pictures == 20 and told.format == form and "data.cache_gib" in told.reason
    assert cramped[-1].weights_sha256 == whole[-1].weights_sha256


@pytest.mark.parametrize("form", ["raw", "jpeg"])
def test_a_cache_folder_that_cannot_be_written_is_said_and_training_goes_on(
    small: RunConfig, cache: Path, form: str
) -> None:
    small = with_settings(small, data__cache_format=form)
    whole = play(Run(small))
    cache.rename(cache.with_name("away"))
    cache.write_text("in the way")
    events = play(Run(small))
    told = only(events, p.PicturesPrepared)[0]
    assert told.prepared == 0 and str(cache) in told.reason
    assert events[-1].weights_sha256 == whole[-1].weights_sha256


def test_a_damaged_cache_is_mended(small: RunConfig, cache: Path) -> None:
    whole = play(Run(small))
    (pixels,) = cache.glob("*/pixels")
    pixels.write_bytes(bytes(pixels.stat().st_size))
    events = play(Run(small))
    assert events[-1].weights_sha256 == whole[-1].weights_sha256
    (said,) = noted(events)
    assert said.startswith(f"prepared pictures in {pixels.parent} cannot be read (the file was changed)")


def test_a_changed_picture_and_another_size_are_prepared_anew(
    small: RunConfig, cache: Path, decodings: list[str], tmp_path: Path
) -> None:
    root = write_pictures(tmp_path / "pictures", {"train": 4, "test": 2})
    config = with_settings(small, data__root=root)
    play(Run(config))
    decodings.clear()
    Image.new("RGB", (50, 40), "red").save(root / "train" / "cat" / "0.jpg")
    play(Run(config))
    assert len(decodings) == 12
    play(Run(with_settings(config, data__image_size=48)))
    assert len(decodings) == 24 and len(list(cache.iterdir())) == 3


def test_preparation_can_be_switched_off(small: RunConfig, cache: Path) -> None:
    events = play(Run(with_settings(small, data__prepare=False)))
    assert not only(events, p.PicturesPrepared) and events[-1].completed and not cache.exists()


def test_the_short_side_of_prepared_training_pictures_can_be_set(small: RunConfig, cache: Path) -> None:
    sizes = []
    for side in (None, 34, 36):
        play(Run(with_settings(small, data__short_side=side, train__epochs=1)))
        sizes.append(sum(file.stat().st_size for file in cache.glob("*/pixels")) - sum(sizes))
    assert sizes[1] < sizes[2] == sizes[0]  # the pictures are 36 pixels high, less than twice 32


@pytest.mark.parametrize("form", ["raw", "jpeg"])
def test_a_file_cut_short_under_a_run_costs_pictures_decoded_anew(
    small: RunConfig, cache: Path, decodings: list[str], form: str
) -> None:
    small = with_settings(small, data__cache_format=form)
    whole = play(Run(small))
    before = len(decodings)

    def cut(event: p.Event) -> tuple[()]:
        if isinstance(event, p.TrainStep) and event.step in (1, 5):
            (file,) = cache.glob("*/pixels")
            os.truncate(file, 0)
        return ()

    events = play(Run(small), cut)
    assert events[-1].completed and events[-1].weights_sha256 == whole[-1].weights_sha256
    (said,) = noted(events)
    assert "cannot be read" in said and "decoded anew" in said and len(decodings) > before


def test_a_picture_kept_as_jpeg_has_the_same_pixels_stored_or_not(catalogue: Catalogue, tmp_path: Path) -> None:
    plain, as_jpeg, stored = (Decoded(PREPARED, 21) for _ in range(3))
    as_jpeg.format = stored.format = "jpeg"
    stored.use_store(Store(tmp_path / "mine", len(catalogue.pictures), 1 << 20), catalogue)
    for _ in range(2):  # put in, then taken out
        for sample in catalogue.train:
            exact, kept = plain.get(sample.path, False), stored.get(sample.path, False)
            assert np.array_equal(kept, as_jpeg.get(sample.path, False)) and not np.array_equal(kept, exact)
            assert np.abs(kept.astype(int) - exact).mean() < 8
        for sample in catalogue.test:
            assert np.array_equal(stored.get(sample.path, True), plain.get(sample.path, True))
    stored.close()


def test_each_format_has_its_own_store() -> None:
    raw, as_jpeg = Decoded(PREPARED, 21), Decoded(PREPARED, 21)
    as_jpeg.format = "jpeg"
    assert raw.settings != as_jpeg.settings


def test_a_run_whose_pictures_do_not_fit_as_pixels_says_so_and_goes_on_with_jpeg(
    small: RunConfig, cache: Path, tmp_path: Path
) -> None:
    root = write_pictures(tmp_path / "smooth", {"train": 7, "test": 3})
    for number, file in enumerate(sorted(root.glob("*/*/*"))):
        Image.linear_gradient("L").rotate(40 * number).resize((120, 100)).convert("RGB").save(file)
    small = with_settings(small, data__root=root, data__cache_gib=1e-4)  # 107 kB; as pixels they take 225
    whole = play(Run(small))
    (said,) = [line for line in noted(whole) if "as JPEG" in line]
    assert "data.cache_gib" in said and only(whole, p.PicturesPrepared)[0].format == "jpeg"
    assert load_config(Path(folder_of(whole)) / "config.yaml").data.cache_format == "jpeg"
    stopped = play(Run(small), after_step(3, p.Stop()))
    cache.rename(cache.with_name("away"))  # and with more room it stays what the run began with
    resumed = play(Run(with_settings(small, data__cache_gib=20.0), resume=folder_of(stopped)))
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
    cache.rename(cache.with_name("away again"))
    verdict = replay.play(replay.plan(Path(folder_of(resumed))), SimpleQueue(), lambda event: None)
    assert verdict is not None and verdict.equal


def test_a_run_of_an_older_version_goes_on_with_pixels(small: RunConfig, cache: Path) -> None:
    raw = with_settings(small, data__cache_format="raw")
    whole, stopped = play(Run(raw)), play(Run(raw), after_step(3, p.Stop()))
    file = Path(folder_of(stopped)) / "config.yaml"
    text = file.read_text()
    assert "  cache_format: raw\n" in text
    file.write_text(text.replace("  cache_format: raw\n", "").replace("cache_gib: 20.0", "cache_gib: 5.0e-05"))
    resumed = play(Run(load_config(file), resume=folder_of(stopped)))
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
