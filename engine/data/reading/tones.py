"""Pictures of 16 bits, 32 bits or floats become 8 bits: each is scaled by its own range.

A viewer of photos shows 16 bits by their full range, in which the 12 bits of a microscope are nearly black; for floats
there is no full range. So the darkest value of a picture becomes black and its brightest one white, as ImageJ and
matplotlib show such pictures. Pictures with 16 bits in each of several channels are photos; Pillow takes their high
bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
ROWS = 256  # that are scaled at a time, so that a large picture takes little more memory
WITHOUT_RANGE = 128  # grey of a picture that has one value only, other than 0

_PHOTOMETRIC, _BITS, _SAMPLE_FORMAT, _GDAL_NODATA = 262, 258, 339, 42113  # tags of TIFF


def is_deep(picture: Image.Image) -> bool:
    """Whether a picture has one channel of more than 8 bits."""
    return picture.mode in MODES


def scaled(picture: Image.Image) -> Image.Image:
    """A deep picture in mode L. Where it has no number (NaN, infinity, `no data` of a map) it is black.

    Raises:
        ValueError: no pixel has a number.
    """
    tags = getattr(picture, "tag_v2", {})
    values = np.asarray(picture)
    if picture.mode == "I" and tags.get(_BITS) == (32,) and tags.get(_SAMPLE_FORMAT, (1,)) == (1,):
        values = values.view(np.uint32)  # Pillow takes them for signed ones
    blank, clear = _blank(values, tags), _clear(values, picture)
    counted = ~blank if clear is None or (blank | clear).all() else ~(blank | clear)
    if not counted.any():
        raise ValueError("no pixel of it has a number")
    pixels = _by_range(values, counted)
    if tags.get(_PHOTOMETRIC) == 0:  # white is zero; Pillow inverts such pictures of 8 bits only
        pixels = 255 - pixels
    pixels[blank] = 0
    if clear is not None:
        pixels[clear] = 255
    return Image.fromarray(pixels)


def _by_range(values: npt.NDArray[Any], counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """The values as 0..255; the range is that of the `counted` ones."""
    chosen = values if counted.all() else values[counted]
    lowest, highest = float(chosen.min()), float(chosen.max())
    if lowest == highest:
        return np.full(values.shape, WITHOUT_RANGE if highest else 0, np.uint8)

    def scale(some: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        with np.errstate(invalid="ignore", over="ignore"):  # values that are not counted
            parts = (some.astype(np.float64) - lowest) / (highest - lowest)
            return np.round(np.clip(np.nan_to_num(parts), 0, 1) * 255).astype(np.uint8)

    if values.dtype.itemsize == 2:
        table = scale(np.arange(1 << 16))
        return np.take(table, values)
    pixels = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), ROWS):
        pixels[top : top + ROWS] = scale(values[top : top + ROWS])
    return pixels


def _blank(values: npt.NDArray[Any], tags: Any) -> npt.NDArray[np.bool_]:  # noqa: ANN401 - Pillow's tags have no type
    """Where there is no number, or the number that means `no data`."""
    blank = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, np.bool_)
    missing = _missing(tags)
    return blank if missing is None else blank | (values == missing)


def _clear(values: npt.NDArray[Any], picture: Image.Image) -> npt.NDArray[np.bool_] | None:
    """Where the picture is transparent: a PNG file of 16 bits may name one transparent value."""
    value = picture.info.get("transparency")
    return values == value if isinstance(value, int) else None


def _missing(tags: Any) -> float | None:  # noqa: ANN401 - Pillow's tags have no type
    """The value that means `no data` in a map, if the file names one."""
    try:
        return float(str(tags.get(_GDAL_NODATA)).strip("\0 "))
    except ValueError:
        return None
