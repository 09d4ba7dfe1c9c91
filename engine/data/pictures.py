"""Decodes picture files, and prepares test pictures for a model."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from pydantic import Field
from torchvision.transforms.v2 import functional as transforms

from engine.data.reading import decoder
from engine.data.reading.decoder import read
from engine.data.reading.notes import Note, Notes
from engine.data.reading.opening import UnreadablePictureError

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "Pixels",
    "Preparation",
    "UnreadablePictureError",
    "check",
    "decode",
    "decode_bounded",
    "test_pixels",
]

T = TypeVar("T")
Pixels = npt.NDArray[np.uint8]
"(height, width, 3)"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Channel = Annotated[float, Field(ge=0, le=1)]
Deviation = Annotated[float, Field(gt=0, le=10)]


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


def decode(path: str, notes: Notes | None = None) -> Image.Image:
    """The picture as a viewer shows it, in RGB. Of an animation, the first picture. `notes` gets what was done to it.

    Raises:
        UnreadablePictureError: the file is missing, damaged, too large or no picture.
    """
    return _noted(path, read(path), notes)


def decode_bounded(path: str, side: int, notes: Notes | None = None) -> Image.Image:
    """The same, but a short side longer than `side` pixels is reduced to `side`. This decodes JPEG files faster.

    Raises:
        UnreadablePictureError: as for `decode`.
    """
    return _noted(path, read(path, shorter=side), notes)


def check(path: str, notes: Notes | None = None) -> str:
    """Why the picture cannot be decoded; empty if it can. JPEG files are decoded at a reduced scale."""
    try:
        _noted(path, (None, decoder.check(path)), notes)
    except UnreadablePictureError as error:
        return str(error)
    return ""


def test_pixels(picture: Image.Image, preparation: Preparation) -> torch.Tensor:
    """The picture with its short side resized and its centre cropped, uint8 (3, size, size)."""
    resized = transforms.resize(picture, [preparation.resize_size], interpolation=_mode(preparation), antialias=True)
    pixels: torch.Tensor = transforms.pil_to_tensor(transforms.center_crop(resized, [preparation.image_size] * 2))
    return pixels


def _mode(preparation: Preparation) -> transforms.InterpolationMode:
    return transforms.InterpolationMode(preparation.interpolation)


def _noted(path: str, found: tuple[T, list[Note]], notes: Notes | None) -> T:
    if notes is not None:
        notes.add(path, found[1])
    return found[0]
