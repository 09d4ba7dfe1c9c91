"""Very large pictures are decoded at a reduced scale; what would eat the memory is refused with a sentence."""

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.pictures import check, decode_bounded
from engine.data.reading import large
from engine.data.reading.decoder import read
from engine.data.reading.notes import Note
from engine.data.reading.opening import UnreadablePictureError


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", 10_000)
    monkeypatch.setattr(large, "MAX_PIXELS", 1_000_000)
    monkeypatch.setattr(large, "BAND", 3_000)


room_for = large.room_for


def room_for_at_most(pixels: int, picture: Image.Image) -> AbstractContextManager[int]:
    assert picture.width * picture.height <= pixels
    return room_for(picture)


def panorama(mode: str = "RGB") -> Image.Image:
    """900 wide, 100 high, from red to blue."""
    ramp = np.linspace(0, 255, 900)
    pixels = np.stack([ramp, 0 * ramp + 40, ramp[::-1]], axis=1).astype(np.uint8)
    return Image.fromarray(np.repeat(pixels[None], 100, axis=0)).convert(mode)


@pytest.mark.parametrize(("form", "mode", "size"), [
    ("JPEG", "RGB", (225, 25)), ("JPEG", "L", (225, 25)), ("PNG", "RGB", (300, 34)), ("PNG", "P", (300, 34)),
    ("PNG", "RGBA", (300, 34)), ("TIFF", "RGB", (300, 34)), ("WEBP", "RGB", (300, 34)), ("TIFF", "CMYK", (300, 34)),
])  # fmt: skip
def test_a_panorama_is_decoded_at_a_reduced_scale(
    form: str, mode: str, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if form == "JPEG":  # it has scales of its own, and is never decoded whole
        monkeypatch.setattr(large, "room_for", lambda picture: room_for_at_most(10_000, picture))
    panorama(mode).save(tmp_path / "a", form)
    picture, notes = read(str(tmp_path / "a"))
    assert picture.size == size and notes == [Note.REDUCED] and check(str(tmp_path / "a")) == ""
    expected = panorama(mode).convert("RGB").resize(size, Image.Resampling.BOX)
    assert np.abs(np.asarray(picture, int) - np.asarray(expected, int)).mean() < 6


def test_bands_are_the_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (211, 307, 3), np.uint8))
    assert np.array_equal(np.asarray(large.reduced(noise, 3, lambda band: band)), np.asarray(noise.reduce(3)))


def test_a_panorama_is_bounded_further(tmp_path: Path) -> None:
    panorama().save(tmp_path / "a.png")
    assert decode_bounded(str(tmp_path / "a.png"), 20).size == (176, 20)


def test_transparent_parts_of_a_panorama_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (900, 100), (200, 0, 0, 0)).save(tmp_path / "a.png")
    picture = read(str(tmp_path / "a.png"))[0]
    assert picture.size == (300, 34) and picture.getextrema() == ((255, 255),) * 3


def test_a_panorama_of_16_bits_has_one_range(tmp_path: Path) -> None:
    values = np.linspace(0, 4095, 90_000).reshape(100, 900).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.tif")
    picture, notes = read(str(tmp_path / "a.tif"))
    pixels = np.asarray(picture)[..., 0].astype(int)
    assert notes == [Note.TONES, Note.REDUCED]
    assert pixels[0].max() < 6 and pixels[-1].min() > 249 and abs(pixels[17, 150] - 133) < 4


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP"])
def test_more_pixels_than_the_bound_are_refused_before_they_are_decoded(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (2000, 1000)).save(tmp_path / "a", form)
    monkeypatch.setattr(Image.core, "new", lambda *_: pytest.fail("memory was taken for it"))
    reason = "2000 x 1000 pixels are 2 megapixels; at most 1 can be read"
    assert check(str(tmp_path / "a")) == reason
    with pytest.raises(UnreadablePictureError, match=reason):
        read(str(tmp_path / "a"))


def test_a_picture_that_takes_more_than_half_of_the_free_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (900, 100)).save(tmp_path / "a.png")
    monkeypatch.setattr(large, "free_memory", lambda: 2 * 900 * 100 * 4)
    assert check(str(tmp_path / "a.png")) == ""
    monkeypatch.setattr(large, "free_memory", lambda: 2 * 900 * 100 * 4 - 2)
    assert "are free, of which a picture may take half; make it smaller" in check(str(tmp_path / "a.png"))


def test_there_is_free_memory_and_it_is_not_more_than_the_machine_has() -> None:
    import psutil

    assert 0 < large.free_memory() <= psutil.virtual_memory().total
