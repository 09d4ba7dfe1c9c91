"""Decodes one picture file as a viewer shows it: upright, on white, in sRGB, with 8 bits a channel."""

import math

from PIL import Image

from engine.data.reading import large
from engine.data.reading.colour import to_rgb
from engine.data.reading.flattening import flat
from engine.data.reading.notes import Note, notes_of
from engine.data.reading.opening import opened
from engine.data.reading.orientation import turn
from engine.data.reading.tones import is_deep, scaled


def read(path: str, *, shorter: int | None = None, longer: int | None = None) -> tuple[Image.Image, list[Note]]:
    """A picture in RGB, and what was done to it that a person should know of.

    With `shorter` or `longer`, its shorter or longer side is reduced to so many pixels if it has more. JPEG files are
    decoded faster then. A picture with more than `large.LARGE` pixels is reduced to about so many, or fewer.

    Raises:
        UnreadablePictureError: the file is missing, damaged, too large or no picture.
    """
    with opened(path) as picture:
        notes = notes_of(picture)
        _draft(picture, min(_scale(picture.size, shorter, longer), large.jpeg_scale(picture.size)))
        with large.room_for(picture) as factor:
            return _finished(picture, factor, shorter, longer), notes


def check(path: str) -> list[Note]:
    """Decode a picture and drop it, JPEG files at an eighth of their size: faster than `read`, and for the same files.

    Raises:
        UnreadablePictureError: as for `read`.
    """
    with opened(path) as picture:
        notes = notes_of(picture)
        _draft(picture, 1 / min(picture.size))
        with large.room_for(picture):
            picture.load()
            if is_deep(picture):
                scaled(picture)
        return notes


def look(path: str) -> list[Note]:
    """What would be done to a picture. Only the head of the file is read.

    Raises:
        UnreadablePictureError: the file is missing, too large or no picture. Damaged pixels are not found.
    """
    with opened(path) as picture:
        return notes_of(picture)


def as_rgb(picture: Image.Image) -> Image.Image:
    """A picture of Pillow as `read` would give it: upright, on white, in sRGB. The given one is not changed."""
    return _finished(picture, 1, None, None, keep=True)


def _finished(
    given: Image.Image, factor: int, shorter: int | None, longer: int | None, keep: bool = False
) -> Image.Image:
    """An opened picture in RGB, `factor` times smaller, then bounded. With `keep`, `given` itself is not returned."""
    given.load()
    turned, profile = turn(given), given.info.get("icc_profile")
    picture = given
    if is_deep(picture):  # before any band is cut out, because the range is that of the whole
        picture, profile = scaled(picture), None
    picture = large.reduced(picture, factor, flat)
    if (scale := _scale(picture.size, shorter, longer)) < 1:  # before colours: there are fewer pixels to convert
        width, height = (max(round(length * scale), shorter or 1) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    picture = to_rgb(picture, profile)
    if turned is not None:
        picture = picture.transpose(turned)
    if keep and picture is given:
        picture = given.copy()
    picture.info = {}  # nothing of it is to be applied again, nor written into another file
    return picture


def _scale(size: tuple[int, int], shorter: int | None, longer: int | None) -> float:
    """By how much a picture is to be reduced, in 0..1."""
    return min(1.0, 1.0 if shorter is None else shorter / min(size), 1.0 if longer is None else longer / max(size))


def _draft(picture: Image.Image, scale: float) -> None:
    """Have a JPEG file decoded at the smallest scale that is not below this one."""
    if scale < 1:
        width, height = (math.ceil(length * scale) for length in picture.size)
        picture.draft("RGB", (width, height))
