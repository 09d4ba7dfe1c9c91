"""Colours are those that the file means, in sRGB."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.data.pictures import check
from engine.data.reading import colour
from engine.data.reading.decoder import as_rgb, read
from engine.data.reading.notes import Note
from tests.engine.data.reading import profiles

COLOURS = np.array([[[100, 150, 100], [200, 60, 40], [30, 90, 160], [128, 128, 128], [255, 255, 255]]], np.uint8)


def of(file: Path, x: int = 0) -> tuple[int, ...]:
    pixel = read(str(file))[0].getpixel((x, 0))
    assert isinstance(pixel, tuple)
    return pixel


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 3) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= by


def test_a_wide_profile_is_converted(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png", icc_profile=profiles.wide_rgb())
    picture, notes = read(str(tmp_path / "a.png"))
    expected = profiles.wide_as_srgb(COLOURS)
    assert notes == [] and np.abs(np.asarray(picture) - expected).max() <= 1.5
    assert np.abs(COLOURS - expected).max() > 20  # otherwise this tests nothing


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "TIFF", "AVIF"])
def test_profiles_of_other_formats_count(form: str, tmp_path: Path) -> None:
    options = {"quality": 100} if form != "TIFF" else {}
    Image.new("RGB", (16, 16), (100, 150, 100)).save(tmp_path / "a", form, icc_profile=profiles.wide_rgb(), **options)
    expected = tuple(profiles.wide_as_srgb(COLOURS[0, :1])[0].round().astype(int).tolist())
    assert near(of(tmp_path / "a"), expected, 4)


def test_a_palette_and_transparency_with_a_profile(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([100, 150, 100, 0, 0, 0])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "a.png", transparency=bytes([255, 0]), icc_profile=profiles.wide_rgb())
    expected = tuple(profiles.wide_as_srgb(COLOURS[0, :1])[0].round().astype(int).tolist())
    assert near(of(tmp_path / "a.png"), expected, 2) and near(of(tmp_path / "a.png", 1), (255, 255, 255), 1)


def test_srgb_costs_nothing_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.fromarray(COLOURS)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    colour.is_usable(srgb, "RGB")
    monkeypatch.setattr(ImageCms.ImageCmsTransform, "apply", lambda *_: pytest.fail("a transform was applied"))
    assert colour.to_rgb(picture, srgb) is picture


def test_a_profile_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    real = ImageCms.buildTransform
    monkeypatch.setattr(ImageCms, "buildTransform", lambda *args: built.append(1) or real(*args))
    profile = profiles.grey(1.37)
    for _ in range(5):
        colour.to_rgb(Image.new("L", (2, 2), 99), bytes(bytearray(profile)))
    assert len(built) == 1


def test_threads_share_a_transform() -> None:
    picture, profile = Image.fromarray(np.repeat(COLOURS, 50, axis=0)), profiles.wide_rgb()
    expected = np.asarray(colour.to_rgb(picture, profile))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: np.asarray(colour.to_rgb(picture, profile)), range(64)))
    assert all(np.array_equal(one, expected) for one in found)


def test_grey_profiles(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 128).save(tmp_path / "a.png", icc_profile=profiles.grey(1.0))
    assert near(of(tmp_path / "a.png"), (188, 188, 188), 1)  # half of the light


def test_grey_with_a_profile_of_colours(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 128).save(tmp_path / "a.png", icc_profile=profiles.wide_rgb())
    picture, notes = read(str(tmp_path / "a.png"))
    assert notes == [] and near(picture.getpixel((0, 0)), (128, 128, 128), 2)


@pytest.mark.parametrize("profile", [
    b"nonsense", profiles.wide_rgb()[:200], profiles.inks(), profiles.grey(2.2), b"\0" * 4000,
], ids=["nonsense", "cut", "inks", "grey", "zeros"])  # fmt: skip
def test_a_profile_that_cannot_be_used_is_ignored_and_noted(profile: bytes, tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png", icc_profile=profile)
    picture, notes = read(str(tmp_path / "a.png"))
    assert np.array_equal(np.asarray(picture), COLOURS)
    assert notes == [Note.PROFILE] and check(str(tmp_path / "a.png")) == ""


def test_cmyk_without_a_profile_is_as_in_browsers(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    Image.new("CMYK", (16, 16), (0, 255, 255, 51)).save(tmp_path / "a.tif")
    assert near(of(tmp_path / "a.jpg"), (255, 0, 0)) and near(of(tmp_path / "a.tif"), (204, 0, 0), 1)


def test_ycck(tmp_path: Path) -> None:
    """Y, Cb and Cr of the inks; a file that Pillow writes has all four numbers inverted, and so has Adobe's."""
    red = Image.new("RGB", (1, 1), (255 - 200, 255 - 30, 255 - 40)).convert("YCbCr").getpixel((0, 0))
    assert isinstance(red, tuple)
    written = io.BytesIO()
    Image.new("CMYK", (16, 16), (*(255 - value for value in red), 0)).save(written, "JPEG", quality=100)
    content = bytearray(written.getvalue())
    marker = content.index(b"Adobe")
    assert content[marker + 11] == 0
    content[marker + 11] = 2  # YCCK
    (tmp_path / "a.jpg").write_bytes(content)
    assert near(of(tmp_path / "a.jpg"), (200, 30, 40), 4)


def test_cmyk_with_a_profile(tmp_path: Path) -> None:
    for ink, lab in (((0, 0, 0, 0), profiles.PAPER), ((0, 255, 255, 0), profiles.RED)):
        Image.new("CMYK", (16, 16), ink).save(tmp_path / "a.jpg", quality=100, icc_profile=profiles.inks())
        expected = as_rgb(Image.new("LAB", (1, 1), lab)).getpixel((0, 0))
        assert near(of(tmp_path / "a.jpg"), expected, 4)  # type: ignore[arg-type]
    assert not near(of(tmp_path / "a.jpg"), (255, 0, 0), 20)  # what it would be without the profile


def test_lab_tiff(tmp_path: Path) -> None:
    for lab, expected in (
        ((255, 128, 128), (255, 255, 255)),
        ((0, 128, 128), (0, 0, 0)),
        ((136, 208, 195), (255, 0, 0)),
    ):
        Image.new("LAB", (4, 4), lab).save(tmp_path / "a.tif")
        assert near(of(tmp_path / "a.tif"), expected, 12)


@pytest.mark.parametrize("mode", ["YCbCr", "L", "HSV"])
def test_other_modes_become_their_colour(mode: str) -> None:
    grey = Image.new("RGB", (2, 2), (90, 90, 90))
    assert as_rgb(grey.convert(mode)).getpixel((0, 0)) == (90, 90, 90)
