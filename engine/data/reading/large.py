"""How large a picture may be, and the smaller scale at which very large ones are kept.

JPEG is decoded at a half, a quarter or an eighth of its size. Other formats cannot do that: the file is decoded whole,
by one thread at a time, and made smaller in bands. So a panorama is read, and a file of a few bytes that claims to be
gigantic (a bomb) is refused by its size, before any memory is taken for it.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from PIL import Image

LARGE = 64_000_000  # pixels; a picture with more is kept at a reduced scale
MAX_PIXELS = 1_000_000_000  # a picture with more is refused
MEMORY_PART = 0.5  # of the free memory that one picture may take
BAND = 4_000_000  # pixels that are made smaller at a time

_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 6, "I;16B": 6, "I": 8, "F": 8}  # of a pixel while it is decoded; others: 4
_one_at_a_time = threading.Lock()


class TooLargeError(Exception):
    """A picture takes too much memory. The text says how large it is and what the limit is."""


def check_pixels(width: int, height: int) -> None:
    """Raise `TooLargeError` if a picture has more than `MAX_PIXELS` pixels."""
    if width * height > MAX_PIXELS:
        raise TooLargeError(
            f"{width} x {height} pixels are {megapixels(width * height)} megapixels; "
            f"at most {megapixels(MAX_PIXELS)} can be read"
        )


def jpeg_scale(size: tuple[int, int]) -> float:
    """The largest scale of those of JPEG (1, 1/2, 1/4, 1/8) at which a picture has at most `LARGE` pixels; else 1/8."""
    pixels = size[0] * size[1]
    return next((1 / part for part in (1, 2, 4) if pixels <= LARGE * part * part), 1 / 8)


@contextmanager
def room_for(picture: Image.Image) -> Iterator[int]:
    """Wait until there is room to decode an opened picture. Yields the factor by which to make it smaller.

    Raises:
        TooLargeError: it takes more than half of the free memory.
    """
    pixels = picture.width * picture.height
    if pixels <= LARGE:
        yield 1
        return
    with _one_at_a_time:
        needed, free = pixels * _BYTES.get(picture.mode, 4), free_memory()
        if needed > free * MEMORY_PART:
            raise TooLargeError(
                f"{megapixels(pixels)} megapixels take {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB "
                f"are free, of which a picture may take half; make it smaller"
            )
        yield math.ceil(math.sqrt(pixels / LARGE))


def reduced(picture: Image.Image, factor: int, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The changed picture, `factor` times smaller on each side. It is changed in bands, which takes less memory."""
    if factor == 1:
        return change(picture)
    width, height = picture.size
    rows = max(BAND // width // factor, 1) * factor
    small: Image.Image | None = None
    for top in range(0, height, rows):
        band = change(picture.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        if small is None:
            small = Image.new(band.mode, (band.width, math.ceil(height / factor)))
        small.paste(band, (0, top // factor))
    assert small is not None
    return small


def megapixels(pixels: int) -> str:
    """A number of pixels in millions, for people."""
    return f"{pixels / 1e6:,.0f}"


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, and of its container."""
    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # no container, or no limit
        group = Path("/sys/fs/cgroup")
        limit, used = ((group / f"memory.{name}").read_text(encoding="ascii") for name in ("max", "current"))
        free = min(free, int(limit) - int(used))
    return max(free, 0)
