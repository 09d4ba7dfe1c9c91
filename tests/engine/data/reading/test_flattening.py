"""What is transparent is white; palettes, grey and 1 bit become their colours."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.reading.decoder import as_rgb, read

RED, WHITE = (200, 30, 30), (255, 255, 255)


def rgba() -> Image.Image:
    """Left: opaque red. Right: transparent, above black."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (*RED, 255)
    return Image.fromarray(pixels)


def grey() -> Image.Image:
    pixels = np.zeros((8, 8, 2), np.uint8)
    pixels[:, :4] = (90, 255)
    return Image.fromarray(pixels)


def palette() -> Image.Image:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([*RED, 0, 0, 0])
    picture.paste(0, (0, 0, 4, 8))
    return picture


def opaque() -> Image.Image:
    picture = Image.new("RGB", (8, 8))
    picture.paste(RED, (0, 0, 4, 8))
    return picture


def luminance() -> Image.Image:
    picture = Image.new("L", (8, 8), 7)
    picture.paste(90, (0, 0, 4, 8))
    return picture


def bits() -> Image.Image:
    picture = Image.new("1", (8, 8), 1)
    picture.paste(0, (0, 0, 4, 8))
    return picture


SAVED: dict[str, tuple[Callable[[Path], None], tuple[int, int, int], tuple[int, int, int]]] = {
    "png-rgba": (lambda file: rgba().save(file, "PNG"), RED, WHITE),
    "png-grey": (lambda file: grey().save(file, "PNG"), (90, 90, 90), WHITE),
    "png-palette-list": (lambda file: palette().save(file, "PNG", transparency=bytes([255, 0])), RED, WHITE),
    "png-palette-index": (lambda file: palette().save(file, "PNG", transparency=1), RED, WHITE),
    "png-rgb-one-colour": (lambda file: opaque().save(file, "PNG", transparency=(0, 0, 0)), RED, WHITE),
    "png-grey-one-value": (lambda file: luminance().save(file, "PNG", transparency=7), (90, 90, 90), WHITE),
    "gif": (lambda file: palette().save(file, "GIF", transparency=1), RED, WHITE),
    "webp": (lambda file: rgba().save(file, "WEBP", lossless=True), RED, WHITE),
    "tiff": (lambda file: rgba().save(file, "TIFF"), RED, WHITE),
    "png-1-bit": (lambda file: bits().save(file, "PNG"), (0, 0, 0), WHITE),
    "tiff-1-bit": (lambda file: bits().save(file, "TIFF", compression="group4"), (0, 0, 0), WHITE),
    "png-palette-opaque": (lambda file: palette().save(file, "PNG"), RED, (0, 0, 0)),
}


@pytest.mark.parametrize("name", SAVED)
def test_transparent_parts_are_white_and_others_keep_their_colour(name: str, tmp_path: Path) -> None:
    save, left, right = SAVED[name]
    save(tmp_path / "picture")
    picture = read(str(tmp_path / "picture"))[0]
    assert picture.mode == "RGB"
    assert (picture.getpixel((1, 4)), picture.getpixel((6, 4))) == (left, right)


def test_half_transparent_is_half_white() -> None:
    assert as_rgb(Image.new("RGBA", (4, 4), (0, 100, 200, 51))).getpixel((0, 0)) == (204, 224, 244)


@pytest.mark.parametrize("mode", ["RGBa", "La", "PA"])
def test_rare_modes_with_transparency_are_on_white(mode: str) -> None:
    source = {"RGBa": rgba().convert("RGBa"), "La": grey().convert("La"), "PA": rgba().convert("PA")}[mode]
    assert as_rgb(source).getpixel((6, 4)) == WHITE and as_rgb(source).getpixel((1, 4)) != WHITE


@pytest.mark.parametrize(("alphas", "right"), [((0, 0), (0, 0, 0)), ((255, 0), WHITE)])
def test_a_bitmap_whose_fourth_byte_is_always_empty_is_opaque(
    alphas: tuple[int, int], right: tuple[int, int, int], tmp_path: Path
) -> None:
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 108, 2, 1, 1, 32, 3, 8, 0, 0, 0, 0) + masks + bytes(52)
    pixels = bytes([*RED[::-1], alphas[0], 0, 0, 0, alphas[1]])
    (tmp_path / "a.bmp").write_bytes(b"BM" + struct.pack("<IHHI", 130, 0, 0, 122) + head + pixels)
    with Image.open(tmp_path / "a.bmp") as opened:
        assert opened.mode == "RGBA"  # otherwise this tests nothing
    picture = read(str(tmp_path / "a.bmp"))[0]
    assert (picture.getpixel((0, 0)), picture.getpixel((1, 0))) == (RED, right)
