"""Classes with few pictures, and classes that are uneven."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.data.samples import join_names
from engine.doctor.examine import PARTS
from engine.doctor.finding import PART_WORDS, Finding, Subject
from engine.protocol.counting import plural

FEW = {"train": 20, "val": 5, "test": 5}
"pictures that a class should have at least; with fewer, its scores say nothing"
UNEVEN = 10
"training pictures of the largest class divided by those of the smallest"


def find_small(subject: Subject) -> Iterator[Finding]:
    """The small classes of each part."""
    for number, part in enumerate(PARTS):
        counts = _counts(subject, number)
        small = [subject.examined.classes[label] for label in np.flatnonzero(counts < FEW[part]).tolist()]
        if small and counts.any():
            yield Finding(
                check="small-classes",
                severity="warning",
                count=len(small),
                message=f"{plural(len(small), 'class')} with fewer than {FEW[part]} "
                f"{PART_WORDS[part]} pictures: {join_names(small)}",
                remedy="add pictures, or put such classes together: scores of so few pictures say little",
            )


def find_uneven(subject: Subject) -> Iterator[Finding]:
    """The imbalance of the training pictures."""
    counts, classes = _counts(subject, 0), subject.examined.classes
    large, small = int(counts.max()), max(int(counts.min()), 1)
    if large > UNEVEN * small:
        yield Finding(
            check="uneven-classes",
            severity="warning",
            count=len(classes),
            message=f"`{classes[counts.argmax()]}` has {large / small:.0f} times as many training pictures as "
            f"`{classes[counts.argmin()]}` ({large:,} and {counts.min():,})",
            remedy="look at the balanced accuracy, and try --set data.balance=sqrt",
        )


def _counts(subject: Subject, part: int) -> npt.NDArray[np.int64]:
    """The readable pictures of each class in a part."""
    examined = subject.examined
    mine = (examined.parts == part) & examined.readable
    return np.bincount(examined.labels[mine], minlength=len(examined.classes))
