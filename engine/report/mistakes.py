"""What an arm's best weights get wrong: by class, which classes for which others, and the worst pictures."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from engine.data.reading.decoder import read
from engine.data.reading.opening import MissingPictureError, UnreadablePictureError
from engine.figures.confusion import ByClass, Errors, name_of
from engine.protocol import Mistake
from engine.report.facts import ArmFacts, RunFacts

SIDE = 160  # pixels of the longer side of a thumbnail
MOST_PICTURES = 24
MOST_CLASSES = 30  # in the table of classes before the rest is folded away
MATRIX = 15  # classes of a confusion matrix at most; for more there is a list
MOST_PAIRS = 20  # in that list


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is classified wrongly."""

    path: str
    name: str
    "the end of the path"
    label: str
    predicted: str
    confidence: float
    source: str
    "a small version as a data URI; empty if there is none"
    why: str
    "why there is none"


@dataclass(frozen=True, slots=True)
class Mistakes:
    """All of it, with the names of the classes."""

    arm: ArmFacts
    images: int
    correct: int
    of_best: bool
    "whether it is of the best weights; otherwise of the newest ones"
    names: tuple[str, ...]
    rows: Sequence[ByClass]
    "the worst class first"
    matrix: Sequence[Sequence[int]]
    "pictures of each class by predicted class; empty if there are too many classes"
    pairs: Sequence[tuple[str, str, int]]
    "class, predicted class, pictures: the most frequent confusions"
    more_pairs: int
    pictures: Sequence[Picture]

    @property
    def missing(self) -> int:
        """How many of the pictures cannot be shown."""
        return sum(not picture.source for picture in self.pictures)


def mistakes(facts: RunFacts, arm: ArmFacts) -> Mistakes | None:
    """The mistakes of an arm; `None` if the journal has none."""
    of_best = arm.best is not None and arm.best.confusion is not None
    confusion = arm.best.confusion if arm.best is not None and of_best else arm.view.confusion
    if confusion is None:
        return None
    errors, count = Errors(confusion), len(confusion.images)
    names = tuple(name_of(facts.classes, label) for label in range(count))
    labels = range(count) if count <= MATRIX else range(0)
    pairs = [(name_of(names, label), name_of(names, wrong), number) for label, wrong, number in confusion.confused]
    return Mistakes(
        arm=arm,
        images=errors.images,
        correct=errors.correct,
        of_best=of_best,
        names=names,
        rows=errors.by_class,
        matrix=[[errors.counts.get((label, wrong), 0) for wrong in labels] for label in labels],
        pairs=pairs[:MOST_PAIRS],
        more_pairs=max(len(pairs) - MOST_PAIRS, 0),
        pictures=[_picture(mistake, names) for mistake in confusion.mistakes[:MOST_PICTURES]],
    )


def _picture(mistake: Mistake, names: tuple[str, ...]) -> Picture:
    source, why = thumbnail(mistake.path)
    return Picture(
        path=mistake.path,
        name="/".join(PurePath(mistake.path).parts[-2:]),
        label=name_of(names, mistake.label),
        predicted=name_of(names, mistake.predicted),
        confidence=mistake.confidence,
        source=source,
        why=why,
    )


def thumbnail(path: str) -> tuple[str, str]:
    """A small version of a picture as a data URI, or why there is none; one of the two is empty."""
    try:
        small, _ = read(path, longer=SIDE)
    except MissingPictureError:
        return "", "not on this machine any more"
    except UnreadablePictureError:
        return "", "cannot be read"
    written = io.BytesIO()
    small.save(written, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}", ""
