"""The same picture with different classes."""

from collections.abc import Iterator

from engine.doctor.copies import in_top_part
from engine.doctor.finding import Finding, Subject, pictures


def find(subject: Subject) -> Iterator[Finding]:
    """Identical pictures of several classes, then those that are nearly the same."""
    labels = subject.examined.labels
    groups = [group for group in subject.copies.identical if len({labels[number] for number in group}) > 1]
    if groups:
        out = [
            subject.leave_out(number, f"identical pictures are {_classes(subject, group)}")
            for group in groups
            for number in _unclear(subject, group)
        ]
        count = sum(map(len, groups))
        yield Finding(
            check="contradictions",
            severity="bad",
            count=count,
            message=f"{pictures(count)} in {len(groups):,} groups are identical but of different classes, "
            f"such as {_classes(subject, groups[0])}",
            remedy="decide which class is right; until then leave them out (--fix)",
            examples=subject.pairs(_apart(subject, group) for group in groups),
            corrections=tuple(out),
        )
    if near := [(a, b) for a, b in subject.copies.near if labels[a] != labels[b]]:
        count = len({number for pair in near for number in pair})
        yield Finding(
            check="contradictions",
            severity="warning",
            count=count,
            message=f"{pictures(count)} are nearly the same as one of another class, "
            f"such as {_classes(subject, near[0])}",
            remedy="look at them: one of the two classes is wrong, or the classes differ in a detail",
            examples=subject.pairs(near),
        )


def _unclear(subject: Subject, group: tuple[int, ...]) -> list[int]:
    """All in the last part of a group, if their classes differ; those in lower parts are left out as shared ones."""
    last = in_top_part(subject.examined, group)
    return last if len({subject.examined.labels[number] for number in last}) > 1 else []


def _apart(subject: Subject, group: tuple[int, ...]) -> tuple[int, int]:
    """Two pictures of different classes."""
    labels = subject.examined.labels
    return group[0], next(number for number in group if labels[number] != labels[group[0]])


def _classes(subject: Subject, numbers: tuple[int, ...]) -> str:
    return " and ".join(f"`{name}`" for name in sorted({subject.class_of(number) for number in numbers}))
