"""Grey pictures among coloured ones, coloured ones among grey ones, and pictures without any content."""

from collections.abc import Iterator

import numpy as np

from engine.doctor.finding import Finding, Subject, pictures
from engine.doctor.near_copies import CONSTANT

GREY = 4
"of the colour channels, averaged over small squares, in 0..127: below it a picture is grey"
FEW = 0.2
"of all pictures: only if so few are different, they stand out"
MOST_OF_A_CLASS = 0.5


def find_grey(subject: Subject) -> Iterator[Finding]:
    """The few pictures that are grey where others are coloured, or the other way round."""
    readable = subject.examined.readable & (subject.examined.rows["contrast"] > CONSTANT)
    grey = np.abs(subject.examined.rows["colour"].astype(np.int16)).max(axis=(1, 2, 3)) < GREY
    if not readable.any():
        return
    for which, name, others in ((grey, "grey", "coloured"), (~grey, "coloured", "grey")):
        numbers = np.flatnonzero(which & readable)
        if 0 < len(numbers) < FEW * readable.sum():
            yield Finding(
                check="grey-pictures",
                severity="note",
                count=len(numbers),
                message=f"{pictures(len(numbers))} {'is' if len(numbers) == 1 else 'are'} {name} "
                f"where the others are {others}",
                remedy="nothing, if that has to do with their class; or else look at where they come from",
                examples=subject.paths(numbers.tolist()),
            )


def find_constant(subject: Subject) -> Iterator[Finding]:
    """Pictures of one colour."""
    examined = subject.examined
    constant = examined.readable & (examined.rows["contrast"] <= CONSTANT)
    numbers = np.flatnonzero(constant).tolist()
    if not numbers:
        return
    count = np.bincount(examined.labels, minlength=len(examined.classes))
    share = np.bincount(examined.labels[constant], minlength=len(examined.classes)) / np.maximum(count, 1)
    out = [number for number in numbers if share[examined.labels[number]] <= MOST_OF_A_CLASS]
    yield Finding(
        check="constant-pictures",
        severity="warning",
        count=len(numbers),
        message=f"{pictures(len(numbers))} {'has' if len(numbers) == 1 else 'have'} one colour only",
        remedy="leave them out (--fix), unless the class is just that",
        examples=subject.paths(numbers),
        corrections=tuple(subject.leave_out(number, "one colour only") for number in out),
    )
