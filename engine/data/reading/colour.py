"""CMYK, LAB and colour profiles become sRGB, which is what models are trained on and what screens show.

A profile says which colours the numbers of a file mean; it is applied with LittleCMS (`PIL.ImageCms`), with perceptual
intent. A profile that hardly changes anything, such as sRGB itself, is left out: that is found once per profile.
"""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

KEPT = 64  # transforms; photos of one camera or program share theirs
SAME = 2  # of 255: a profile that changes no colour by more is left out
STEPS = 9  # colours of a channel that are tried for that

Transform = ImageCms.ImageCmsTransform

_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}  # of the profile, by the mode of the picture


def to_rgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture of mode L, RGB, CMYK or LAB in sRGB. A profile that cannot be used is ignored: see `is_usable`.

    Without a profile, CMYK is converted as browsers do: red = (1 - cyan)(1 - black). LAB is that of TIFF: D50.
    """
    if picture.mode == "LAB":
        return _lab().apply(picture)
    found = _transform(profile, picture.mode) if profile else None
    if found is None or isinstance(found, str):
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    # LittleCMS changes nothing in a transform when it applies it, so threads share it.
    return found.apply(picture.convert(found.input_mode) if picture.mode != found.input_mode else picture)


def is_usable(profile: bytes, mode: str) -> bool:
    """Whether a profile is whole, and is for pictures of this mode."""
    return mode == "LAB" or _transform(profile, mode) is not None


@lru_cache(KEPT)
def _transform(profile: bytes, mode: str) -> Transform | str | None:
    """What converts the colours to sRGB; "same" if they are the same; `None` if the profile cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if mode == "L" and space == "RGB":
            mode = "RGB"  # grey is one of its colours
        if space != _SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(source, _srgb(), mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    except Exception:  # a damaged profile raises many kinds of errors
        return None
    return "same" if mode != "CMYK" and _changes_nothing(transform, mode) else transform


@lru_cache(1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(1)
def _lab() -> Transform:
    source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(source, _srgb(), "LAB", "RGB", ImageCms.Intent.PERCEPTUAL)


def _changes_nothing(transform: Transform, mode: str) -> bool:
    """Whether colours on a grid stay the same."""
    if mode == "L":
        grid = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    else:
        steps = np.linspace(0, 255, STEPS).round().astype(np.uint8)
        grid = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3))
    before, after = np.asarray(grid.convert("RGB"), int), np.asarray(transform.apply(grid), int)
    return bool(np.abs(before - after).max() <= SAME)
