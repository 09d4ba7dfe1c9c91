"""Takes validation pictures from the training pictures: a fixed fraction of each class, by seed and by group."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from engine.data.samples import Sample
from engine.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    """How validation pictures are chosen."""

    fraction: float
    "of each class"
    seed: int
    group: str | None = None
    "regular expression that finds the group in a path below the root; pictures of a group stay together"


Parts = tuple[tuple[Sample, ...], tuple[Sample, ...]]


def split(samples: Sequence[Sample], classes: Sequence[str], root: Path, how: Split) -> Parts:
    """The pictures that remain for training, and those that are taken for validation, both sorted by class and path.

    `samples` are sorted by class. At least one picture of each class comes to each part.

    Raises:
        DataError: a class has a single picture, or a single group.
    """
    if how.group is not None:
        return _by_group(samples, classes, root, how)
    train: list[Sample] = []
    val: list[Sample] = []
    for label, of_class in groupby(samples, key=lambda sample: sample.label):
        name, mine = classes[label], list(of_class)
        if len(mine) == 1:
            raise DataError("Too few pictures", f"{root / name}: one picture cannot be split; add more")
        random.Random(f"{how.seed}/split/{name}").shuffle(mine)
        taken = min(max(round(len(mine) * how.fraction), 1), len(mine) - 1)
        val += _sorted(mine[:taken])
        train += _sorted(mine[taken:])
    return tuple(train), tuple(val)


def _by_group(samples: Sequence[Sample], classes: Sequence[str], root: Path, how: Split) -> Parts:
    """The same for whole groups, in a random order, each if it brings no class above its fraction."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(_group(sample, root, how.group or ""), []).append(sample)
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
            f"{root / empty[0]}: its pictures are of one group by data.group `{how.group}`, or share all their groups "
            f"with another class; a class needs pictures of two groups",
        )
    val = [sample for name in chosen for sample in groups[name]]
    train = [sample for name in names if name not in chosen for sample in groups[name]]
    return _sorted(train), _sorted(val)


def _group(sample: Sample, root: Path, pattern: str) -> str:
    """The group of a picture: the pattern's first group or its whole match; a picture without a match is alone."""
    path = str(Path(sample.path).relative_to(root))
    found = re.search(pattern, path)
    if found is None:
        return f"\0{path}"
    return found[1] if found.re.groups and found[1] is not None else found[0]


def _sorted(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(sorted(samples, key=lambda sample: (sample.label, sample.path)))
