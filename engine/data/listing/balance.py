"""How uneven the classes are, and what accuracy says then."""

from collections import Counter
from collections.abc import Iterable

from engine.data.samples import Catalogue, Sample
from engine.protocol.printable import printable

UNEVEN = 3.0  # times as many pictures in the largest class as in the smallest: from here on it is said


def majority(samples: Iterable[Sample]) -> tuple[int, float]:
    """The class with most pictures, and its share in 0..1; the share is 0 if there are no pictures."""
    counts = Counter(sample.label for sample in samples)
    if not counts:
        return 0, 0.0
    label, count = counts.most_common(1)[0]
    return label, count / counts.total()


def is_uneven(samples: Iterable[Sample]) -> bool:
    """Whether the largest class has three times as many pictures as the smallest, or more."""
    counts = Counter(sample.label for sample in samples).values()
    return bool(counts) and max(counts) >= UNEVEN * min(counts)


def balance_notes(catalogue: Catalogue) -> tuple[str, ...]:
    """A sentence if the training pictures are so uneven that a model which always says one class looks good."""
    if not is_uneven(catalogue.train):
        return ()
    label, share = majority(catalogue.train)
    name = printable(catalogue.classes[label])
    return (
        f"the largest class, `{name}`, has {share:.0%} of the training pictures: a model that always says `{name}` is "
        f"right in {share:.0%} of such pictures; balanced accuracy counts each class the same",
    )
