"""Finds pairs of pictures with nearly the same perceptual hash, without comparing each with each.

A hash is cut into four bands of 16 bits. Two hashes that differ in at most seven bits have a band in which at most one
bit differs, so it is enough to look up each band of a picture, and its 16 neighbours, among the bands of all pictures
(multi-index hashing: Norouzi, Punjani and Fleet, Fast Exact Search in Hamming Space with Multi-Index Hashing, 2014).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.doctor.perceptual_hash import ORIENTATIONS, Hashes

BANDS, BAND_BITS = 4, 16
MOST_BITS = 7
"that two hashes may differ in"
AT_A_TIME = 2_000_000  # pairs, which bounds the memory
PROBES = np.array([0, *(1 << bit for bit in range(BAND_BITS))], np.int64)

Numbers = npt.NDArray[np.int64]


class Candidates(NamedTuple):
    """Pairs of pictures: `first` as it is looks like `second` in `orientation`."""

    first: Numbers
    second: Numbers
    orientation: Numbers


def candidates(hashes: Hashes) -> Iterator[Candidates]:
    """Pairs whose hashes differ in at most seven bits, in blocks. A pair may come several times.

    `hashes` is (pictures, 8), see `perceptual_hash.hashes`.
    """
    own = np.ascontiguousarray(hashes[:, 0])
    for band in range(BANDS):
        index = _Band(own, band)
        for orientation in range(ORIENTATIONS):
            turned = np.ascontiguousarray(hashes[:, orientation])
            bits = _bits(turned, band)
            for probe in PROBES:
                for first, second in index.pairs(bits ^ probe):
                    differ = np.bitwise_count(own[first] ^ turned[second])
                    # Each pair is found from both sides, but in one orientation and in its opposite.
                    near = (differ <= MOST_BITS) & (first < second)
                    if near.any():
                        kept = first[near], second[near]
                        yield Candidates(*kept, np.full(len(kept[0]), orientation, np.int64))


class _Band:
    """One band of all hashes: which pictures have which value."""

    def __init__(self, hashes: Hashes, band: int) -> None:
        values = _bits(hashes, band)
        self._order = np.argsort(values, kind="stable")
        self._starts = np.searchsorted(values[self._order], np.arange((1 << BAND_BITS) + 1))

    def pairs(self, wanted: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
        """Each picture of the index with the value that another one wants, and that other one; in blocks."""
        starts = self._starts[wanted]
        counts = self._starts[wanted + 1] - starts
        ends = np.cumsum(counts)
        begin = 0
        while begin < len(wanted):
            before = ends[begin - 1] if begin else 0
            end = max(int(np.searchsorted(ends, before + AT_A_TIME, side="right")), begin + 1)
            some = counts[begin:end]
            second = np.repeat(np.arange(begin, end), some)
            within = np.arange(len(second)) - np.repeat(np.cumsum(some) - some, some)
            yield self._order[np.repeat(starts[begin:end], some) + within], second
            begin = end


def _bits(hashes: Hashes, band: int) -> Numbers:
    return ((hashes >> np.uint64(band * BAND_BITS)) & np.uint64((1 << BAND_BITS) - 1)).astype(np.int64)
