"""Pictures that are in two parts: what is scored on them is no score of new pictures."""

from collections.abc import Iterator

from engine.doctor.copies import splits
from engine.doctor.examine import PARTS
from engine.doctor.finding import PART_WORDS, Finding, Subject, pictures


def find(subject: Subject) -> Iterator[Finding]:
    """A finding for each two parts that share pictures, identical ones or nearly so."""
    parts = subject.examined.parts
    identical: dict[tuple[int, int], list[tuple[int, int]]] = {}
    near: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for group in subject.copies.identical:
        for low, high in splits(subject.examined, group):
            identical.setdefault((parts[low], parts[high]), []).append((low, high))
    for pair in subject.copies.near:
        low, high = sorted(pair, key=lambda number: parts[number])
        if parts[low] < parts[high]:
            near.setdefault((parts[low], parts[high]), []).append((low, high))
    for between in sorted(identical.keys() | near.keys()):
        yield _finding(subject, between, identical.get(between, []), near.get(between, []))


def _finding(
    subject: Subject, between: tuple[int, int], identical: list[tuple[int, int]], near: list[tuple[int, int]]
) -> Finding:
    low_part, high_part = (PART_WORDS[PARTS[part]] for part in between)
    gone = {low for low, _ in identical}
    near = [(low, high) for low, high in near if low not in gone]
    same = _in_both(subject, between)
    alike = {high for _, high in near} - same
    count = len(same | alike)
    numbers = (
        f"{len(same):,} identical, {len(alike):,} nearly" if same and alike else "nearly" if alike else "identical"
    )
    is_are = "is a" if count == 1 else "are"
    reasons = {low: f"nearly the same as {subject.examined.paths[high]}" for low, high in near}
    reasons |= {low: f"identical to {subject.examined.paths[high]}" for low, high in identical}
    return Finding(
        check="between-parts",
        severity="bad",
        count=count,
        message=f"{pictures(count, high_part)} {is_are} {low_part} picture{'s' * (count != 1)}, too ({numbers})",
        remedy=f"leave the {low_part} copies out (--fix): the {high_part} pictures stay, so scores can be compared",
        examples=subject.pairs([(high, low) for low, high in (*identical[:3], *near)]),
        corrections=tuple(subject.leave_out(low, reason) for low, reason in reasons.items()),
    )


def _in_both(subject: Subject, between: tuple[int, int]) -> set[int]:
    """The pictures of the higher part that have an identical one in the lower part."""
    parts, (low, high) = subject.examined.parts, between
    groups = (group for group in subject.copies.identical if any(parts[number] == low for number in group))
    return {number for group in groups for number in group if parts[number] == high}
