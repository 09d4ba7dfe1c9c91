"""Chooses how prepared pictures are stored: as pixels, or as JPEG.

Pixels take about six times the space of JPEG, and no time to decode. If the pixels of all pictures fit in
`data.cache_gib`, they are kept. If not, the estimated time of an epoch decides: with pixels, a part of the pictures is
decoded from their files in each epoch; with JPEG, all are decoded, most of them faster.

The choice depends on the settings and the pictures only, not on what the cache has or on the space that is free.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from engine.config.sections import DataConfig
from engine.data.decoded import Decoded
from engine.data.encoded import QUALITY, Format, encode
from engine.data.pictures import UnreadablePictureError, decode_bounded
from engine.data.reading.opening import opened
from engine.data.samples import Catalogue, Sample

MEASURED = 256  # training pictures whose size is read
ENCODED = 16  # training pictures that are encoded as JPEG
GIB = 2**30

# Times in units of decoding a stored JPEG. Measured for JPEG files that are reduced: 2.6 to 17; for PNG: from 2.9.
PLAIN_FILE = 1.0  # a JPEG file that is not reduced
OTHER_FILE = 4.0
NOT_STORED = 2.0  # encoding and decoding a picture that the cache has no space for


@dataclass(frozen=True, slots=True)
class CacheEstimate:
    """How much space the prepared pictures of a run take, estimated from a sample of them."""

    format: Format
    bytes: int
    "in this format"
    raw_bytes: int
    "as pixels"

    def sentence(self, budget_gib: float) -> str:
        """What is said of JPEG that was chosen."""
        return (
            f"prepared pictures are kept as JPEG of quality {QUALITY}, about {self.bytes / GIB:.2g} GiB: as pixels "
            f"they would take about {self.raw_bytes / GIB:.2g} GiB, more than data.cache_gib, {budget_gib:g} "
            "(data.cache_format)"
        )


def estimate_cache(config: DataConfig, catalogue: Catalogue, decoded: Decoded) -> Generator[None, None, CacheEstimate]:
    """Estimate the space, and choose the format if it is `auto`. Yields after each picture that it opens."""
    whole, count = decoded.image_size**2 * 3, len(catalogue.train)
    rest = (len(catalogue.pictures) - count) * whole
    side = decoded.side
    if not config.prepare or side is None:
        return CacheEstimate("raw", rest + count * whole, rest + count * whole)
    sample = random.Random(0).sample(catalogue.train, min(MEASURED, count))
    sizes, times = [], []
    for picture in sample:
        for size, seconds in _measure(picture, side):
            sizes.append(size)
            times.append(seconds)
        yield
    raw = round(sum(sizes) / max(len(sizes), 1) * count) + rest
    budget = config.cache_gib * GIB
    if config.cache_format == "raw" or (config.cache_format == "auto" and raw <= budget):
        return CacheEstimate("raw", raw, raw)
    ratio = yield from _compression(sample[:ENCODED], side)
    as_jpeg = round((raw - rest) * ratio) + rest
    if config.cache_format == "jpeg" or _is_faster(as_jpeg, raw, budget, sum(times) / max(len(times), 1)):
        return CacheEstimate("jpeg", as_jpeg, raw)
    return CacheEstimate("raw", raw, raw)


def _is_faster(as_jpeg: int, raw: int, budget: float, of_file: float) -> bool:
    """Whether an epoch is faster with JPEG than with pixels, which do not all fit. `of_file`: time to decode a file."""
    stored_raw, stored_jpeg = budget / raw, min(budget / as_jpeg, 1.0)
    return stored_jpeg + (1 - stored_jpeg) * (of_file + NOT_STORED) < (1 - stored_raw) * of_file


def _measure(sample: Sample, side: int) -> list[tuple[int, float]]:
    """The bytes of a training picture's pixels when its short side is at most `side`, and the time to decode its file.

    Empty if it is unreadable.
    """
    try:
        with opened(sample.path) as picture:  # only the head of the file is read
            (width, height), jpeg = picture.size, picture.format in ("JPEG", "MPO")
    except UnreadablePictureError:
        return []
    scale = min(side / min(width, height), 1.0)
    size = round(width * scale) * round(height * scale) * 3
    return [(size, PLAIN_FILE if jpeg and scale == 1 else OTHER_FILE)]


def _compression(samples: list[Sample], side: int) -> Generator[None, None, float]:
    """Bytes as JPEG divided by bytes as pixels."""
    encoded, raw = 0, 0
    for sample in samples:
        try:
            picture = encode(np.array(decode_bounded(sample.path, side)), "jpeg")
        except UnreadablePictureError:
            continue
        encoded += picture.data.nbytes
        raw += picture.height * picture.width * 3
        yield
    return encoded / raw if raw else 1.0
