"""A picture is upright, whatever its EXIF data say of how it lies in the file."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from engine.data.pictures import check
from engine.data.reading.decoder import as_rgb, read

GREEN, RED = (30, 200, 30), (200, 30, 30)


def upright() -> Image.Image:
    """48 wide, 32 high; green in the top left corner."""
    picture = Image.new("RGB", (48, 32), RED)
    picture.paste(GREEN, (0, 0, 24, 16))
    return picture


def stored(orientation: int) -> Image.Image:
    """The pixels that a camera stores for it, by the definition of the tag.

    Row 0 and column 0 of the file are, for 1 to 8, these sides of the scene: top left, top right, bottom right,
    bottom left, left top, right top, right bottom, left bottom.
    """
    pixels = np.asarray(upright())
    as_it_lies = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: pixels[:, ::-1].transpose(1, 0, 2),
        7: pixels[::-1, ::-1].transpose(1, 0, 2),
        8: pixels[::-1].transpose(1, 0, 2),
    }
    return Image.fromarray(np.ascontiguousarray(as_it_lies[orientation]))


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def is_upright(picture: Image.Image) -> bool:
    """Green in the top left corner alone, 48 to 32."""
    corners = [
        picture.getpixel((x, y)) for y in (3, -4) for x in (3, -4) for x, y in [(x % picture.width, y % picture.height)]
    ]
    green = [corner[1] > 150 and corner[0] < 90 for corner in corners]
    return green == [True, False, False, False] and picture.width * 2 == picture.height * 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("form", "options"), [
    ("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {"lossless": True}), ("AVIF", {"quality": 95}), ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
])  # fmt: skip
def test_all_eight_orientations(orientation: int, form: str, options: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "picture"
    stored(orientation).save(file, form, exif=exif_of(orientation), **options)
    whole, small = read(str(file))[0], read(str(file), shorter=16)[0]
    assert whole.size == (48, 32) and is_upright(whole)
    assert small.size == (24, 16) and is_upright(small)
    with Image.open(file) as opened:
        assert is_upright(as_rgb(opened))


def test_exif_data_behind_the_pixels_of_a_png_file_count(tmp_path: Path) -> None:
    file = tmp_path / "late.png"
    stored(6).save(file)
    body = b"eXIf" + exif_of(6).tobytes()[6:]
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    content = file.read_bytes()
    file.write_bytes(content[:-12] + chunk + content[-12:])
    assert is_upright(read(str(file))[0])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "damage", [b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*\0\0", b"Exif\0\0nonsense", b"Exif\0\0"]
)
def test_damaged_exif_data_leave_the_picture_readable(form: str, damage: bytes, tmp_path: Path) -> None:
    file = tmp_path / "picture"
    upright().save(file, form, exif=damage)
    assert check(str(file)) == "" and is_upright(read(str(file))[0])


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(value: int, tmp_path: Path) -> None:
    upright().save(tmp_path / "a.jpg", exif=exif_of(value), quality=95)
    assert is_upright(read(str(tmp_path / "a.jpg"))[0])


def test_nothing_is_left_that_could_turn_the_picture_again(tmp_path: Path) -> None:
    stored(6).save(tmp_path / "a.jpg", exif=exif_of(6), quality=95)
    picture, written = read(str(tmp_path / "a.jpg"))[0], io.BytesIO()
    picture.save(written, "PNG")
    with Image.open(written) as again:
        assert not again.getexif() and is_upright(as_rgb(again))


def test_a_given_picture_is_not_changed() -> None:
    given = upright()
    given.info["exif"] = exif_of(1).tobytes()
    result = as_rgb(given)
    result.paste((0, 0, 0), (0, 0, 48, 32))
    assert is_upright(given) and "exif" in given.info


def test_tiffs_own_tag_counts(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[274] = 8
    stored(8).save(tmp_path / "a.tif", tiffinfo=tags)
    assert is_upright(read(str(tmp_path / "a.tif"))[0])
