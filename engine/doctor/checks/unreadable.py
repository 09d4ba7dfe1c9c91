"""Files that cannot be decoded: damaged, cut short, empty, or of another kind than their name says."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from engine.data.samples import MAX_UNREADABLE, join_names
from engine.doctor.examine import PARTS
from engine.doctor.finding import PART_WORDS, Finding, Subject, pictures
from engine.doctor.record import text
from engine.protocol.printable import printable


def find(subject: Subject) -> Iterator[Finding]:
    """One finding for all of them. It is bad if a run would not start, as for a class that has no other picture."""
    examined = subject.examined
    numbers = np.flatnonzero(~examined.readable).tolist()
    if not numbers:
        return
    reasons = {number: text(examined.rows["error"][number]) for number in numbers}
    kinds = Counter(reasons.values()).most_common(3)
    places = set(zip(examined.parts.tolist(), examined.labels.tolist(), strict=True))
    left = set(
        zip(examined.parts[examined.readable].tolist(), examined.labels[examined.readable].tolist(), strict=True)
    )
    too_many = len(numbers) > MAX_UNREADABLE * len(examined.paths)
    said = "; ".join(f"{count:,}: {printable(reason)}" for reason, count in kinds)
    empty = [f"{examined.classes[label]} ({PART_WORDS[PARTS[part]]})" for part, label in sorted(places - left)]
    lost = f"; no readable picture is left of {join_names(empty)}" if empty else ""
    yield Finding(
        check="unreadable",
        severity="bad" if too_many or lost else "warning",
        count=len(numbers),
        message=f"{pictures(len(numbers))} cannot be read ({said}){lost}",
        remedy="copy or download them again, or leave them out (--fix)",
        examples=subject.paths(numbers),
        corrections=tuple(subject.leave_out(number, f"unreadable: {reasons[number]}") for number in numbers),
    )
