"""Takes validation pictures from the training pictures: a fixed fraction of each class, by seed and by group."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from engine.data.samples import Catalogue, Sample, below
from engine.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    """How validation pictures are chosen."""

    fraction: float
    "of each class"
    seed: int
    group: str | None = None
    "regular expression that finds the group in a path below the root; pictures of a group stay together"


@dataclass(frozen=True, slots=True)
class Place:
    """Where training pictures are."""

    roots: tuple[Path, ...]
    "the folders above them; a group is looked for in the path below"
    listed: str = ""
    "what lists them, for people, unless there is one root with a folder per class"

    def of_class(self, name: str) -> str:
        """Where the pictures of a class are, for people."""
        return f"{self.listed}, class `{name}`" if self.listed else str(self.roots[0] / name)


Parts = tuple[tuple[Sample, ...], tuple[Sample, ...]]


def with_validation(catalogue: Catalogue, place: Place, how: Split, split_val: bool) -> Catalogue:
    """The catalogue with validation pictures taken from its training pictures, where it has neither them nor a test.

    With `split_val` they are taken where there is a test, too.

    Raises:
        DataError: a class is empty, or has a single picture or group.
    """
    if catalogue.val or (catalogue.test and not split_val):
        return catalogue
    replace(catalogue, test=()).check()
    train, val = split(catalogue.train, catalogue.classes, place, how)
    return replace(catalogue, train=train, val=val)


def split(samples: Sequence[Sample], classes: Sequence[str], place: Place, how: Split) -> Parts:
    """The pictures that remain for training, and those that are taken for validation, both sorted by class and path.

    `samples` are sorted by class. At least one picture of each class comes to each part.

    Raises:
        DataError: a class has a single picture, or a single group.
    """
    if how.group is not None:
        return _by_group(samples, classes, place, how)
    train: list[Sample] = []
    val: list[Sample] = []
    for label, of_class in groupby(samples, key=lambda sample: sample.label):
        name, mine = classes[label], list(of_class)
        if len(mine) == 1:
            raise DataError("Too few pictures", f"{place.of_class(name)}: one picture cannot be split; add more")
        random.Random(f"{how.seed}/split/{name}").shuffle(mine)
        taken = min(max(round(len(mine) * how.fraction), 1), len(mine) - 1)
        val += by_class(mine[:taken])
        train += by_class(mine[taken:])
    return tuple(train), tuple(val)


def _by_group(samples: Sequence[Sample], classes: Sequence[str], place: Place, how: Split) -> Parts:
    """The same for whole groups, in a random order, each if it brings no class above its fraction."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(_group(sample, place, how.group or ""), []).append(sample)
    names = sorted(groups)
    random.Random(f"{how.seed}/split").shuffle(names)
    total = Counter(sample.label for sample in samples)
    wanted = {label: min(max(round(count * how.fraction), 1), count - 1) for label, count in total.items()}
    taken: Counter[int] = Counter()
    chosen: set[str] = set()
    # A second round takes groups that are larger than wanted for classes that have none yet.
    for least in (False, True):
        for name in names:
            counts = Counter(sample.label for sample in groups[name])
            missing = any(not taken[label] for label in counts)
            room = 0 if least else max(taken[label] + count - wanted[label] for label, count in counts.items())
            keeps = all(taken[label] + count < total[label] for label, count in counts.items())
            if name not in chosen and keeps and room <= 0 and (missing or not least):
                chosen.add(name)
                taken += counts
    if empty := [classes[label] for label in total if not taken[label]]:
        raise DataError(
            "Too few groups",
            f"{place.of_class(empty[0])}: its pictures are of one group by data.group `{how.group}`, or share all "
            f"their groups with another class; a class needs pictures of two groups",
        )
    val = [sample for name in chosen for sample in groups[name]]
    train = [sample for name in names if name not in chosen for sample in groups[name]]
    return by_class(train), by_class(val)


def _group(sample: Sample, place: Place, pattern: str) -> str:
    """The group of a picture: the pattern's first group or its whole match; a picture without a match is alone."""
    number, path = below(sample.path, place.roots)
    found = re.search(pattern, path)
    if found is None:
        return f"\0{number}\0{path}" if number else f"\0{path}"
    return found[1] if found.re.groups and found[1] is not None else found[0]


def by_class(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """The samples sorted by class and path."""
    return tuple(sorted(samples, key=lambda sample: (sample.label, sample.path)))
