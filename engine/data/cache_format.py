"""Chooses how prepared pictures are stored: as pixels if all fit in `data.cache_gib`, else as JPEG.

The choice depends on the settings and the pictures only, not on what the cache has or on the space that is free.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from engine.config.sections import DataConfig
from engine.data.decoded import Decoded
from engine.data.encoded import QUALITY, Format, encode
from engine.data.pictures import UnreadablePictureError, decode_bounded, dimensions
from engine.data.samples import Catalogue, Sample

MEASURED = 256  # training pictures whose size is read
ENCODED = 16  # training pictures that are encoded as JPEG
GIB = 2**30


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
    whole = decoded.image_size**2 * 3
    rest = (len(catalogue.pictures) - len(catalogue.train)) * whole
    side = decoded.side
    if not config.prepare or side is None:
        size = rest + len(catalogue.train) * whole
        return CacheEstimate("raw", size, size)
    sample = random.Random(0).sample(catalogue.train, min(MEASURED, len(catalogue.train)))
    sizes = []
    for picture in sample:
        sizes += _stored_size(picture, side)
        yield
    raw = round(sum(sizes) / max(len(sizes), 1) * len(catalogue.train))
    if config.cache_format == "raw" or (config.cache_format == "auto" and raw + rest <= config.cache_gib * GIB):
        return CacheEstimate("raw", raw + rest, raw + rest)
    ratio = yield from _compression(sample[:ENCODED], side)
    return CacheEstimate("jpeg", round(raw * ratio) + rest, raw + rest)


def _stored_size(sample: Sample, side: int) -> list[int]:
    """The bytes of a training picture's pixels when its short side is at most `side`; none if it is unreadable."""
    try:
        width, height = dimensions(sample.path)
    except UnreadablePictureError:
        return []
    scale = min(side / min(width, height), 1.0)
    return [round(width * scale) * round(height * scale) * 3]


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
