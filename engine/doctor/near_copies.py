"""Whether two pictures show the same, seen on their small pictures: saved again, in another size, turned or mirrored.

The limits were set on the training parts of three sets (`docs/figures.md`): copies that were saved as JPEG of quality
70, at three quarters of the size, at double size or turned stay below them; different digits, shoes and flags do not.
"""

import numpy as np
import numpy.typing as npt

from engine.doctor.candidates import Candidates, candidates
from engine.doctor.perceptual_hash import ORIENTATIONS, hashes, oriented
from engine.doctor.record import SIDE, Rows

CONSTANT = 8
"contrast of a picture in which nothing is to be seen, in 0..255"
COARSE, FINE = 4, 2
"pixels of the side of the squares that are compared: first the large ones, then the small ones"
MOST_COARSE, MOST_FINE = 0.08, 0.15
"root mean square of the differences of luma, in standard deviations of the picture"
MOST_LOCAL = 0.25
"the largest difference of a large square, in the same unit: with another emblem it is another flag"
MOST_SHIFT = 25.0
"of the mean luma, of 255; it is taken out before the rest is compared"
MOST_COLOUR = 5.0
"mean difference of the colour channels, of 255"
MOST_LOCAL_COLOUR = 30.0
"the largest one of a square"
LEAST_DEVIATION = 16.0
"of luma; in pictures of less contrast, such differences are those of JPEG"
MOST_STRETCH = 1.08
"between the aspect ratios"
AT_A_TIME = 4096  # pairs, which bounds the memory
ROUNDS = (1, 8, 2**62)
"of a picture's pairs, so many are compared before it is looked which others are still to be compared"

Numbers = npt.NDArray[np.int64]


def near_pairs(rows: Rows, groups: Numbers) -> Numbers:
    """(pairs, 2): pictures that show nearly the same, the smaller number first, sorted.

    `rows` are those of readable pictures. Of pairs within one of the `groups`, which say what belongs together (a class
    of a part), those are left out whose pictures are connected by others already: otherwise a film of 10,000 frames
    would have 50 million pairs.
    """
    visible = np.flatnonzero(rows["contrast"] > CONSTANT)
    comparison, connected = _Comparison(rows), _Connected(len(rows))
    found: set[tuple[int, int]] = set()
    for pairs in candidates(hashes(rows["grey"][visible])):
        rest = Candidates(visible[pairs.first], visible[pairs.second], pairs.orientation)
        for most in ROUNDS:
            rest = _at(rest, (groups[rest.first] != groups[rest.second]) | connected.apart(rest.first, rest.second))
            now = _places(rest.second) < most
            some, rest = _at(rest, now), _at(rest, ~now)
            new = _at(some, comparison.alike(some))
            named = list(zip(new.first.tolist(), new.second.tolist(), strict=True))
            connected.connect(named)
            found.update(named)
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def _at(pairs: Candidates, which: npt.NDArray[np.bool_]) -> Candidates:
    return Candidates(*(column[which] for column in pairs))


def _places(values: Numbers) -> Numbers:
    """For each value of a sorted list how many equal ones stand before it."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    counts = np.diff(starts, append=len(values))
    return np.asarray(np.arange(len(values)) - np.repeat(starts, counts))


class _Comparison:
    """Compares the small pictures of pairs, first in few and then in more pixels."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        count = len(rows)
        self._deviation = np.empty(count, np.float32)
        self._coarse = np.empty((count, SIDE // COARSE, SIDE // COARSE), np.float32)
        for start in range(0, count, AT_A_TIME):
            grey = rows["grey"][start : start + AT_A_TIME].astype(np.float32)
            self._deviation[start : start + AT_A_TIME] = grey.std(axis=(1, 2))
            self._coarse[start : start + AT_A_TIME] = _reduced(grey, COARSE)
        self._ratio = rows["width"] / np.maximum(rows["height"], 1)

    def alike(self, pairs: Candidates) -> npt.NDArray[np.bool_]:
        """Whether the two pictures look alike in the orientation of each pair."""
        alike = np.zeros(len(pairs.first), np.bool_)
        for orientation in range(ORIENTATIONS):
            all_at = np.flatnonzero(pairs.orientation == orientation)
            for start in range(0, len(all_at), AT_A_TIME):
                at = all_at[start : start + AT_A_TIME]
                for compare in (self._same_shape, self._same_roughly, self._same_in_detail):
                    at = at[compare(pairs.first[at], pairs.second[at], orientation)]
                alike[at] = True
        return alike

    def _same_shape(self, first: Numbers, second: Numbers, orientation: int) -> npt.NDArray[np.bool_]:
        ours, theirs = self._ratio[first], self._ratio[second]
        if orientation & 4:
            theirs = 1 / np.maximum(theirs, 1e-9)
        return np.asarray((ours <= MOST_STRETCH * theirs) & (theirs <= MOST_STRETCH * ours))

    def _same_roughly(self, first: Numbers, second: Numbers, orientation: int) -> npt.NDArray[np.bool_]:
        difference = self._coarse[first] - oriented(self._coarse[second], orientation)
        shift = difference.mean(axis=(1, 2), keepdims=True)
        difference -= shift
        unit = self._unit(first, second)
        near = np.abs(shift[:, 0, 0]) <= MOST_SHIFT
        near &= np.abs(difference).max(axis=(1, 2)) <= MOST_LOCAL * unit
        return np.asarray(near & _within(difference, MOST_COARSE * unit))

    def _same_in_detail(self, first: Numbers, second: Numbers, orientation: int) -> npt.NDArray[np.bool_]:
        ours, theirs = self._rows[first], self._rows[second]
        luma = ours["grey"].astype(np.float32) - oriented(theirs["grey"], orientation).astype(np.float32)
        colour = ours["colour"].astype(np.float32) - oriented(theirs["colour"], orientation).astype(np.float32)
        luma -= luma.mean(axis=(1, 2), keepdims=True)
        close = np.abs(colour).mean(axis=(1, 2, 3)) <= MOST_COLOUR
        close &= np.abs(colour).max(axis=(1, 2, 3)) <= MOST_LOCAL_COLOUR
        return np.asarray(close & _within(_reduced(luma, FINE), MOST_FINE * self._unit(first, second)))

    def _unit(self, first: Numbers, second: Numbers) -> npt.NDArray[np.float32]:
        return np.maximum((self._deviation[first] + self._deviation[second]) / 2, LEAST_DEVIATION)


def _within(difference: npt.NDArray[np.float32], most: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.sqrt((difference**2).mean(axis=(1, 2))) <= most)


def _reduced(pixels: npt.NDArray[np.float32], block: int) -> npt.NDArray[np.float32]:
    """Each square of `block` pixels' side as one pixel."""
    count = SIDE // block
    return np.asarray(pixels.reshape(-1, count, block, count, block).mean(axis=(2, 4)), np.float32)


class _Connected:
    """Which pictures are connected by pairs (a union-find structure)."""

    def __init__(self, count: int) -> None:
        self._root = np.arange(count)

    def apart(self, first: Numbers, second: Numbers) -> npt.NDArray[np.bool_]:
        """Whether the two are not connected yet, for each pair."""
        return np.asarray(self._root[first] != self._root[second])

    def connect(self, pairs: list[tuple[int, int]]) -> None:
        """Connect the pictures of each pair."""
        if not pairs:
            return
        root = self._root
        for first, second in pairs:
            while root[first] != first:
                first = root[first]  # noqa: PLW2901 - the way to the root
            while root[second] != second:
                second = root[second]  # noqa: PLW2901 - as above
            root[max(first, second)] = min(first, second)
        while (root != root[root]).any():
            root = root[root]
        self._root = root
