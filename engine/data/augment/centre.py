"""The centre of a training picture, as a test picture is prepared. It is no augmentation: nothing is random."""

import numpy as np
from PIL import Image

from engine.data.pictures import Pixels, Preparation, test_pixels


def centre(pixels: Pixels, preparation: Preparation) -> Pixels:
    """The picture, uint8 (height, width, 3), with its short side resized and its centre cropped."""
    return np.ascontiguousarray(test_pixels(Image.fromarray(pixels), preparation).permute(1, 2, 0).numpy())
