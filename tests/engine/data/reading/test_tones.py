"""Pictures of more than 8 bits are scaled by their own range, and are never silently black."""

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, TiffImagePlugin

from engine.data.pictures import check
from engine.data.reading.decoder import read
from engine.data.reading.notes import Note
from engine.data.reading.opening import UnreadablePictureError

RAMP = np.linspace(0, 1, 96).reshape(8, 12)
EXPECTED = np.round(RAMP * 255)


def grey(file: Path) -> npt.NDArray[np.uint8]:
    picture, notes = read(str(file))
    pixels = np.asarray(picture)
    assert notes == [Note.TONES] and check(str(file)) == ""
    assert (pixels[..., :1] == pixels).all()
    return pixels[..., 0]


def tags(**values: object) -> TiffImagePlugin.ImageFileDirectory_v2:
    found = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in values.items():
        found[int(name[1:])] = value
    return found


@pytest.mark.parametrize("values", [
    (RAMP * 4095).astype(np.uint16), (RAMP * 65535).astype(np.uint16), (1000 + RAMP * 900).astype(np.uint16),
    (RAMP * 2e9).astype(np.int32), (-5000 + RAMP * 9000).astype(np.int32), RAMP.astype(np.float32),
    (RAMP * 1e-3 - 7).astype(np.float32),
], ids=["12-bits", "16-bits", "offset", "32-bits", "negative", "float", "small-float"])  # fmt: skip
def test_the_darkest_value_is_black_and_the_brightest_white(values: npt.NDArray[np.generic], tmp_path: Path) -> None:
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = grey(tmp_path / "a.tif")
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert np.abs(pixels - EXPECTED).max() <= 1


def test_png_of_16_bits_and_big_endian_tiff(tmp_path: Path) -> None:
    values = (RAMP * 4095).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    Image.fromarray(values.astype(">u2")).save(tmp_path / "b.tif")
    with Image.open(tmp_path / "b.tif") as opened:
        assert opened.mode == "I;16B"
    assert np.array_equal(grey(tmp_path / "a.png"), grey(tmp_path / "b.tif"))
    assert grey(tmp_path / "a.png").max() == 255


def test_unsigned_32_bits_are_not_negative(tmp_path: Path) -> None:
    values = (RAMP * 4e9).astype(np.uint32)
    Image.fromarray(values.view(np.int32)).save(tmp_path / "a.tif")
    signed, unsigned = (struct.pack("<HHIHH", 339, 3, 1, form, 0) for form in (2, 1))
    content = (tmp_path / "a.tif").read_bytes()
    assert content.count(signed) == 1
    (tmp_path / "a.tif").write_bytes(content.replace(signed, unsigned))
    assert np.abs(grey(tmp_path / "a.tif") - EXPECTED).max() <= 1


def test_what_is_no_number_is_black_and_does_not_count(tmp_path: Path) -> None:
    values = RAMP.astype(np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = grey(tmp_path / "a.tif")
    assert pixels[0, :3].tolist() == [0, 0, 0] and pixels[0, 3] == 0 and pixels[-1, -1] == 255
    assert np.abs(pixels[1:] - np.round((RAMP[1:] - RAMP[0, 3]) / (1 - RAMP[0, 3]) * 255)).max() <= 1


def test_no_data_of_a_map_is_black_and_does_not_count(tmp_path: Path) -> None:
    values = (100 + RAMP * 50).astype(np.float32)
    values[0, 0] = -9999
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo=tags(_42113="-9999"))
    pixels = grey(tmp_path / "a.tif")
    assert pixels[0, 0] == 0 and pixels[0, 1] == 0 and pixels[4, 6] in range(130, 145)


def test_nothing_but_nan_is_unreadable_with_a_reason(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UnreadablePictureError, match="no pixel of it has a number"):
        read(str(tmp_path / "a.tif"))
    assert "no pixel" in check(str(tmp_path / "a.tif"))


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (3000, 128), (65535, 128)])
def test_a_picture_of_one_value_is_grey_or_black(value: int, expected: int, tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), value, np.uint16)).save(tmp_path / "a.png")
    assert (grey(tmp_path / "a.png") == expected).all()


def test_white_is_zero(tmp_path: Path) -> None:
    Image.fromarray((RAMP * 4095).astype(np.uint16)).save(tmp_path / "a.tif", tiffinfo=tags(_262=0))
    with Image.open(tmp_path / "a.tif") as opened:
        assert opened.tag_v2[262] == 0
    assert np.abs(grey(tmp_path / "a.tif") - (255 - EXPECTED)).max() <= 1


def test_the_transparent_value_of_16_bits_is_white_and_does_not_count(tmp_path: Path) -> None:
    values = (1000 + RAMP * 900).astype(np.uint16)
    values[0, 0] = 0
    Image.fromarray(values).save(tmp_path / "a.png", transparency=0)
    pixels = grey(tmp_path / "a.png")
    assert pixels[0, 0] == 255 and pixels[0, 1] <= 3 and pixels[-1, -1] == 255


def test_colours_of_16_bits_keep_their_high_byte(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 0x1234, 0x8000, 0xFFFF) * 4 for _ in range(4))
    parts = [b"IHDR" + struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0), b"IDAT" + zlib.compress(rows), b"IEND"]
    chunks = [struct.pack(">I", len(p) - 4) + p + struct.pack(">I", zlib.crc32(p)) for p in parts]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    picture, notes = read(str(tmp_path / "a.png"))
    assert picture.getpixel((0, 0)) == (0x12, 0x80, 0xFF) and notes == []


def test_a_reduced_picture_is_scaled_by_the_range_of_the_whole(tmp_path: Path) -> None:
    values = np.zeros((64, 64), np.uint16)
    values[32:] = 4000
    Image.fromarray(values).save(tmp_path / "a.png")
    small = np.asarray(read(str(tmp_path / "a.png"), shorter=8)[0])
    assert small.shape == (8, 8, 3) and small[0].max() <= 4 and small[-1].min() >= 251
