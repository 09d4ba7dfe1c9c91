"""From a picture file to the pixels the model sees: the recipe's training and test transforms."""

import math
import random
import warnings
from dataclasses import dataclass
from typing import Literal

import torch
from PIL import Image
from torchvision.transforms.v2 import functional as transforms

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# What Pillow raises for a damaged, foreign or monstrous file.
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True)
class Preparation:
    """How pictures are made fit for a model: part of its input, at training and at test time alike."""

    image_size: int = 224
    "side of the square the model sees, in pixels"
    resize_size: int = 256
    "short side a test picture is resized to before its centre is cropped"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    interpolation: Literal["nearest", "bilinear", "bicubic"] = "bilinear"

    def at_size(self, image_size: int) -> "Preparation":
        """The same for another size, the margin around the centre crop in proportion."""
        resize_size = round(image_size * self.resize_size / self.image_size)
        return Preparation(image_size, resize_size, self.mean, self.std, self.interpolation)

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 (N, 3, H, W) in 0..255 to float32, each channel to about zero mean and unit variance."""
        mean = torch.tensor(self.mean, device=pixels.device).view(1, 3, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, 3, 1, 1)
        return (pixels.float() / 255 - mean) / std


def decode(path: str) -> Image.Image:
    """The picture in RGB; raises one of `UNREADABLE` for a file that is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of harmless oddities, and a warning tears the screen
        with Image.open(path) as picture:
            return picture.convert("RGB")


def check(path: str) -> str:
    """Why the picture cannot be decoded; empty if it can. JPEG files are decoded at reduced scale."""
    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (1, 1))
            picture.load()
    except UNREADABLE as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return ""


def training_pixels(picture: Image.Image, preparation: Preparation, rng: random.Random) -> torch.Tensor:
    """Random resized crop and random horizontal flip; uint8 (3, size, size)."""
    top, left, height, width = random_crop(picture.height, picture.width, rng)
    size = [preparation.image_size, preparation.image_size]
    crop = transforms.resized_crop(
        picture, top, left, height, width, size, interpolation=_mode(preparation), antialias=True
    )
    if rng.random() < 0.5:
        crop = transforms.horizontal_flip(crop)
    pixels: torch.Tensor = transforms.pil_to_tensor(crop)
    return pixels


def test_pixels(picture: Image.Image, preparation: Preparation) -> torch.Tensor:
    """Short side resized, centre cropped; uint8 (3, size, size)."""
    resized = transforms.resize(picture, [preparation.resize_size], interpolation=_mode(preparation), antialias=True)
    pixels: torch.Tensor = transforms.pil_to_tensor(transforms.center_crop(resized, [preparation.image_size] * 2))
    return pixels


def random_crop(height: int, width: int, rng: random.Random) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a crop of 8 to 100 % of the area and an aspect ratio of 3/4 to 4/3.

    In distribution that of torchvision's `RandomResizedCrop`, after Szegedy et al., "Going Deeper with
    Convolutions" (2015); the numbers come from `rng` alone, so that a crop depends on nothing else.
    """
    low, high = math.log(3 / 4), math.log(4 / 3)
    for _ in range(10):
        area = height * width * rng.uniform(0.08, 1.0)
        ratio = math.exp(rng.uniform(low, high))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return rng.randint(0, height - h), rng.randint(0, width - w), h, w
    # No such crop fits: the largest centre crop of an allowed ratio.
    ratio = min(max(width / height, 3 / 4), 4 / 3)
    w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
    return (height - h) // 2, (width - w) // 2, h, w


def _mode(preparation: Preparation) -> transforms.InterpolationMode:
    return transforms.InterpolationMode(preparation.interpolation)
