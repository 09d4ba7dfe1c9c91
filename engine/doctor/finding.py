"""What a check has found, and what a check is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from engine.data.corrections import Correction
from engine.data.samples import Catalogue
from engine.doctor.copies import Copies
from engine.doctor.examine import PARTS, Examined

Severity = Literal["bad", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("bad", "warning", "note")
"`bad`: scores or classes are wrong with such pictures; `warning`: look at it; `note`: know it"
EXAMPLES = 5
PART_WORDS = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing."""

    check: str
    severity: Severity
    count: int
    "pictures, files or classes that it is about"
    message: str
    "what was found, a sentence"
    remedy: str
    "what to do, a sentence"
    examples: tuple[tuple[str, ...], ...] = ()
    "paths: single pictures, or pairs of which each shows the same twice"
    corrections: tuple[Correction, ...] = ()
    "what `--fix` writes"


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at."""

    catalogue: Catalogue
    examined: Examined
    copies: Copies
    image_size: int
    "side of the picture that the model sees, in pixels"

    def class_of(self, number: int) -> str:
        """The name of a picture's class."""
        return self.examined.classes[int(self.examined.labels[number])]

    def part_of(self, number: int) -> str:
        """The part of a picture: `train`, `val` or `test`."""
        return PARTS[self.examined.parts[number]]

    def paths(self, numbers: Iterable[int]) -> tuple[tuple[str, ...], ...]:
        """The first pictures as examples, by their paths."""
        return tuple((self.examined.paths[number],) for number, _ in zip(numbers, range(EXAMPLES), strict=False))

    def pairs(self, pairs: Iterable[tuple[int, int]]) -> tuple[tuple[str, ...], ...]:
        """The first pairs as examples, by their paths."""
        some = zip(pairs, range(EXAMPLES), strict=False)
        return tuple((self.examined.paths[a], self.examined.paths[b]) for (a, b), _ in some)

    def leave_out(self, number: int, reason: str) -> Correction:
        """The line that leaves a picture out."""
        return Correction(self.examined.paths[number], reason=reason)


class Check(NamedTuple):
    """A row of the table of checks."""

    function: Callable[[Subject], Iterator[Finding]]
    looks_for: str
    "for the documents"
    fixes: bool = False
    "whether `--fix` leaves pictures out for it"


def pictures(count: int, kind: str = "") -> str:
    """`1 test picture`, `2 test pictures`."""
    return f"{count:,} {kind + ' ' if kind else ''}picture{'s' * (count != 1)}"
