"""Decodes picture files, and prepares test pictures for a model."""

import math
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from pydantic import Field
from torchvision.transforms.v2 import functional as transforms

from engine.data.formats import FORMATS

Pixels = npt.NDArray[np.uint8]
"(height, width, 3)"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Pillow warns of harmless defects, and a warning would damage the screen. The filter is for the whole process, because
# `warnings.catch_warnings` is not safe in threads.
warnings.filterwarnings("ignore", module=r"PIL\.")

Channel = Annotated[float, Field(ge=0, le=1)]
Deviation = Annotated[float, Field(gt=0, le=10)]


class UnreadablePictureError(Exception):
    """A file cannot be decoded as a picture. The text gives the reason in one line."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How pictures are prepared for a model, in training and in evaluation."""

    image_size: Annotated[int, Field(ge=1, le=4096)] = 224
    "side of the model's square input, in pixels"
    resize_size: Annotated[int, Field(ge=1, le=8192)] = 256
    "short side of a resized test picture before the centre crop, in pixels"
    mean: tuple[Channel, Channel, Channel] = IMAGENET_MEAN
    "of red, green and blue in 0..1"
    std: tuple[Deviation, Deviation, Deviation] = IMAGENET_STD
    "of red, green and blue in 0..1"
    interpolation: Literal["nearest", "bilinear", "bicubic"] = "bilinear"

    def at_size(self, image_size: int) -> "Preparation":
        """The same preparation for another size; the margin around the centre crop stays in proportion."""
        resize_size = round(image_size * self.resize_size / self.image_size)
        return replace(self, image_size=image_size, resize_size=resize_size)


def decode(path: str) -> Image.Image:
    """The picture in RGB without transparency. Of an animation, the first picture.

    Raises:
        UnreadablePictureError: the file is missing, damaged, too large or no picture.
    """
    return _open(path)


def decode_bounded(path: str, side: int) -> Image.Image:
    """The same, but a short side longer than `side` pixels is reduced to `side`. This decodes JPEG files faster.

    Raises:
        UnreadablePictureError: as for `decode`.
    """
    picture = _open(path, side)
    scale = side / min(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(round(length * scale), side) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def check(path: str) -> str:
    """Why the picture cannot be decoded; empty if it can. JPEG files are decoded at a reduced scale."""
    try:
        _open(path, side=1)
    except UnreadablePictureError as error:
        return str(error)
    return ""


class Header(NamedTuple):
    """What the beginning of a picture file says."""

    jpeg: bool
    "whether it is a JPEG file"
    width: int
    height: int


def header(path: str) -> Header:
    """Read the beginning of a picture file.

    Raises:
        UnreadablePictureError: the file is missing, or no picture.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            return Header(picture.format in ("JPEG", "MPO"), *picture.size)
    except Exception as error:
        raise UnreadablePictureError(_reason(path, error)) from None


def test_pixels(picture: Image.Image, preparation: Preparation) -> torch.Tensor:
    """The picture with its short side resized and its centre cropped, uint8 (3, size, size)."""
    resized = transforms.resize(picture, [preparation.resize_size], interpolation=_mode(preparation), antialias=True)
    pixels: torch.Tensor = transforms.pil_to_tensor(transforms.center_crop(resized, [preparation.image_size] * 2))
    return pixels


def _mode(preparation: Preparation) -> transforms.InterpolationMode:
    return transforms.InterpolationMode(preparation.interpolation)


def _open(path: str, side: int | None = None) -> Image.Image:
    """Decode a file. With `side`, decode a JPEG file at the smallest scale whose short side has `side` pixels."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if side is not None:
                scale = side / min(picture.size)
                width, height = (math.ceil(length * scale) for length in picture.size)
                picture.draft("RGB", (width, height))
            if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG"):
                # Pillow would limit 16-bit values to 255 and make the picture white; use the high byte.
                return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
            return picture.convert("RGB")
    except Exception as error:  # decoders raise many kinds of errors for damaged bytes
        raise UnreadablePictureError(_reason(path, error)) from None


def _reason(path: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a known format" if Path(path).stat().st_size else "the file is empty"
    if isinstance(error, MemoryError):
        return "too large for the memory"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
