"""Pictures that are several times in one part, with the same class."""

from collections import Counter
from collections.abc import Iterator

from engine.doctor.finding import PART_WORDS, Finding, Subject, pictures


def find(subject: Subject) -> Iterator[Finding]:
    """Identical files within a part, then pictures that are nearly the same."""
    examined = subject.examined
    extra: list[tuple[int, int]] = []
    for group in subject.copies.identical:
        first: dict[tuple[int, int], int] = {}
        for number in group:
            place = (int(examined.parts[number]), int(examined.labels[number]))
            if first.setdefault(place, number) != number:
                extra.append((first[place], number))
    if extra:
        yield Finding(
            check="within-parts",
            severity="warning",
            count=len(extra),
            message=f"{pictures(len(extra))} {'is an' if len(extra) == 1 else 'are'} identical "
            f"cop{'y' if len(extra) == 1 else 'ies'} of another one in the same part ({_by_part(subject, extra)})",
            remedy="they count more than once; leave all but one of each out (--fix), unless that is meant",
            examples=subject.pairs(extra),
            corrections=tuple(subject.leave_out(copy, f"identical to {examined.paths[kept]}") for kept, copy in extra),
        )
    near = [
        (a, b)
        for a, b in subject.copies.near
        if examined.parts[a] == examined.parts[b] and examined.labels[a] == examined.labels[b]
    ]
    if near:
        copies = sorted({(b, a) for a, b in near})
        count = len({b for b, _ in copies})
        yield Finding(
            check="within-parts",
            severity="note",
            count=count,
            message=f"{pictures(count)} {'is' if count == 1 else 'are'} nearly the same as another one of its part",
            remedy="nothing, if they are other shots or versions of one thing; "
            "but such pictures belong into one part (data.group keeps them together)",
            examples=subject.pairs(near),
        )


def _by_part(subject: Subject, pairs: list[tuple[int, int]]) -> str:
    counts = Counter(PART_WORDS[subject.part_of(copy)] for _, copy in pairs)
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
