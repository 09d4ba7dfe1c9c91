"""Pictures whose size or shape is far from what the model sees."""

from collections.abc import Iterator

import numpy as np

from engine.doctor.finding import Finding, Subject, pictures

SMALL = 0.5
"of the model's side: such pictures are enlarged more than twice"
LONG = 3.0
"long side divided by short side: the crop in the centre loses most of such a picture"
MOST = 0.5
"of all pictures: if more are so, it is the nature of the set, and only a note"


def find_small(subject: Subject) -> Iterator[Finding]:
    """Pictures that are much smaller than the model's input."""
    rows, side = subject.examined.rows, subject.image_size
    short = np.minimum(rows["width"], rows["height"])
    numbers = np.flatnonzero((short < SMALL * side) & subject.examined.readable)
    if not len(numbers):
        return
    usual = int(np.median(short[numbers]))
    most = len(numbers) > MOST * len(rows)
    yield Finding(
        check="small-pictures",
        severity="note" if most else "warning",
        count=len(numbers),
        message=f"{pictures(len(numbers))} {_have(len(numbers))} a short side of less than half of the model's "
        f"{side} pixels; the median is {usual}",
        remedy=f"--set data.image_size={max(usual, 32)} trains faster, and may lose nothing"
        if most
        else "find larger versions of them; the model may learn their blur in place of their class",
        examples=subject.paths(numbers.tolist()),
    )


def find_long(subject: Subject) -> Iterator[Finding]:
    """Pictures that are much longer than wide, or wider than long."""
    rows = subject.examined.rows
    short = np.minimum(rows["width"], rows["height"])
    numbers = np.flatnonzero((np.maximum(rows["width"], rows["height"]) > LONG * short) & subject.examined.readable)
    if len(numbers):
        yield Finding(
            check="long-pictures",
            severity="warning",
            count=len(numbers),
            message=f"{pictures(len(numbers))} {_have(len(numbers))} a side more than {LONG:.0f} times as long as "
            f"the other one",
            remedy="cut out what matters: of each picture only the square in its centre is tested",
            examples=subject.paths(numbers.tolist()),
        )


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
