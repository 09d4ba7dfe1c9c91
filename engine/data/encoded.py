"""Pictures as bytes for the store: as pixels, or as JPEG."""

import io
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from engine.data.pictures import Pixels

Format = Literal["raw", "jpeg"]

RAW, JPEG = 1, 2
QUALITY = 95
MAX_SIDE = 65_500  # pixels, the limit of libjpeg


class Encoded(NamedTuple):
    """The bytes of a picture and how to read them."""

    kind: int
    "`RAW` or `JPEG`"
    height: int
    width: int
    data: npt.NDArray[np.uint8]
    "one dimension"


def encode(pixels: Pixels, form: Format) -> Encoded:
    """The bytes of a picture. They depend on its pixels and on `form` only.

    JPEG has the quality 95 and colours at full resolution. A picture that would not be smaller as JPEG, or that is
    too long for it, stays as pixels.
    """
    height, width, _ = pixels.shape
    raw = np.ascontiguousarray(pixels).reshape(-1)
    if form == "jpeg" and max(height, width) <= MAX_SIDE:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY, subsampling=0)
        if file.tell() < raw.nbytes:
            return Encoded(JPEG, height, width, np.frombuffer(file.getvalue(), np.uint8))
    return Encoded(RAW, height, width, raw)


def decode(picture: Encoded) -> Pixels:
    """The pixels of a picture. Those of JPEG differ a little from what was encoded, and are the same each time.

    Raises:
        ValueError: the bytes are no such picture.
    """
    if picture.kind == RAW:
        return picture.data.reshape(picture.height, picture.width, 3)
    try:
        # torchvision.io.decode_jpeg gives the same pixels in less time, but is deprecated since torchvision 0.29.
        with Image.open(io.BytesIO(picture.data.tobytes()), formats=("JPEG",)) as file:
            pixels = np.array(file)
    except Exception as error:  # decoders raise many kinds of errors for damaged bytes
        raise ValueError(str(error)) from None
    if pixels.shape != (picture.height, picture.width, 3):
        raise ValueError(f"its shape is {pixels.shape}")
    return pixels
