"""What tells a class apart without looking at what is to be seen: its size, its shape, its camera.

Where nearly all pictures of a class have something that nearly no others have, a model learns that in place of the
class.
"""

from collections.abc import Callable, Iterator
from math import exp, lgamma

import numpy as np
import numpy.typing as npt

from engine.doctor.finding import Finding, Subject
from engine.doctor.record import Rows, text
from engine.protocol.printable import printable

NEARLY_ALL, NEARLY_NONE = 0.9, 0.1
"of the pictures of a class, and of all others"
MOST_CHANCE = 1e-4
"that a class has a property so often by chance, for all properties and classes together"

Values = npt.NDArray[np.int64] | npt.NDArray[np.bytes_]


def _shape(rows: Rows) -> Values:
    """The aspect ratio in steps of 2 %, in which 4:3, 3:2, 16:9 and their opposites differ."""
    ratio = np.maximum(rows["width"], 1) / np.maximum(rows["height"], 1)
    return np.asarray(np.rint(np.log(ratio) / 0.02), np.int64)


def _size(rows: Rows) -> Values:
    return np.asarray(rows["width"].astype(np.int64) << 32 | rows["height"])


def _field(name: str) -> Callable[[Rows], Values]:
    return lambda rows: rows[name]


def _first(rows: Rows, name: str) -> str:
    return printable(text(rows[name][0]))


PROPERTIES: dict[str, tuple[Callable[[Rows], Values], Callable[[Rows], str]]] = {
    "shape": (
        _shape,
        lambda rows: f"have {np.median(rows['width'] / rows['height']):.2f} as width divided by height",
    ),
    "size": (_size, lambda rows: f"are {rows['width'][0]} x {rows['height'][0]} pixels"),
    "format": (_field("format"), lambda rows: f"are {_first(rows, 'format')} files"),
    "mode": (_field("mode"), lambda rows: f"are stored in the mode {_first(rows, 'mode')}"),
    "camera": (_field("camera"), lambda rows: f"are of the camera {_first(rows, 'camera')}"),
}
"of a picture: its value, and how that of pictures with the same one is said; the size is not said where the shape is"


def find(subject: Subject) -> Iterator[Finding]:
    """A finding for each property that belongs to one class."""
    examined = subject.examined
    readable = np.flatnonzero(examined.readable)
    labels, rows = examined.labels[readable], examined.rows[readable]
    said: set[int] = set()
    for name, (value_of, words) in PROPERTIES.items():
        values = value_of(rows)
        for label, value, share, other in _belonging(values, labels, len(examined.classes)):
            if value == b"" or (name == "size" and label in said):
                continue
            said.add(label)
            having = (labels == label) & (values == value)
            numbers = readable[having]
            yield Finding(
                check="class-leaks",
                severity="warning",
                count=len(numbers),
                message=f"{share:.0%} of the pictures of `{examined.classes[label]}` {words(rows[having])}, "
                f"and {other:.0%} of all others",
                remedy=f"a model may learn the {name} in place of the class: mix where the pictures of a class come "
                "from, or bring all to the same form",
                examples=subject.paths(numbers.tolist()),
            )


def _belonging(
    values: Values, labels: npt.NDArray[np.int64], classes: int
) -> Iterator[tuple[int, int | bytes, float, float]]:
    """Class, value, share in the class, share in the others: where nearly all have it, and nearly no others."""
    kinds, codes = np.unique(values, return_inverse=True)
    table = np.zeros((classes, len(kinds)), np.int64)
    np.add.at(table, (labels, codes), 1)
    of_class, of_value = table.sum(axis=1, keepdims=True), table.sum(axis=0)
    others = len(labels) - of_class
    share, other = table / np.maximum(of_class, 1), (of_value - table) / np.maximum(others, 1)
    for label, kind in np.argwhere((share >= NEARLY_ALL) & (other <= NEARLY_NONE) & (others > 0)).tolist():
        chance = _chance(len(labels), int(of_value[kind]), int(of_class[label, 0]), int(table[label, kind]))
        if chance * table.size <= MOST_CHANCE:
            yield label, kinds[kind].item(), float(share[label, kind]), float(other[label, kind])


def _chance(pictures: int, having: int, drawn: int, found: int) -> float:
    """Probability that of `drawn` pictures at least `found` are among those `having` it (hypergeometric; Fisher's exact
    test in one direction)."""

    def choose(n: int, k: int) -> float:
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)

    return sum(
        exp(choose(having, k) + choose(pictures - having, drawn - k) - choose(pictures, drawn))
        for k in range(max(found, drawn + having - pictures), min(drawn, having) + 1)
    )
