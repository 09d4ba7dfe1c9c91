"""Perceptual hashes of small grey pictures, in the eight orientations of a picture.

A hash has the signs of the lowest frequencies of the discrete cosine transform, as pHash has (Zauner, Implementation
and Benchmarking of Perceptual Image Hash Functions, 2010), compared with zero in place of the median: then a mirrored
or turned picture has the same coefficients with other signs, or transposed, and needs no transform of its own.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.doctor.record import SIDE

FREQUENCIES = 8
"of each axis: 64 bits, of which the first, the brightness, is always 0"
ORIENTATIONS = 8
BLOCK = 4096  # pictures at a time

T = TypeVar("T", bound=np.generic)
Hashes = npt.NDArray[np.uint64]

_k, _n = np.arange(FREQUENCIES)[:, None], np.arange(SIDE)[None, :]
DCT = np.cos(np.pi * _k * (2 * _n + 1) / (2 * SIDE)).astype(np.float32)
"(frequencies, side)"
ODD = np.where(np.arange(FREQUENCIES) % 2, -1.0, 1.0).astype(np.float32)
"what mirroring an axis does to its coefficients"


def hashes(grey: npt.NDArray[np.uint8]) -> Hashes:
    """(pictures, 8): the hash of each picture in each orientation, the picture's own first.

    `grey` is (pictures, side, side). Orientation `o` is that of `oriented`.
    """
    result = np.empty((len(grey), ORIENTATIONS), np.uint64)
    for start in range(0, len(grey), BLOCK):
        pixels = np.asarray(grey[start : start + BLOCK], np.float32)
        coefficients = np.asarray(DCT @ pixels @ DCT.T, np.float32)
        for orientation in range(ORIENTATIONS):
            turned = _turned(coefficients, orientation)
            bits = (turned > 0).reshape(len(turned), -1)
            bits[:, 0] = False
            result[start : start + len(turned), orientation] = np.packbits(bits, axis=1).view(np.uint64)[:, 0]
    return result


def _turned(coefficients: npt.NDArray[np.float32], orientation: int) -> npt.NDArray[np.float32]:
    if orientation & 4:
        coefficients = coefficients.swapaxes(-1, -2)
    if orientation & 1:
        coefficients = coefficients * ODD
    if orientation & 2:
        coefficients = coefficients * ODD[:, None]
    return coefficients


def oriented(pixels: npt.NDArray[T], orientation: int) -> npt.NDArray[T]:
    """A picture, its last axes height and width, in one of the eight orientations: with 4 transposed, then with 1
    mirrored from left to right, with 2 from top to bottom."""
    if orientation & 4:
        pixels = pixels.swapaxes(-1, -2)
    if orientation & 1:
        pixels = pixels[..., ::-1]
    if orientation & 2:
        pixels = pixels[..., ::-1, :]
    return pixels
