"""What a person has said of the labels of training pictures, and from which epoch of an arm on each word counts.

The pictures of an epoch depend only on the words that count when it begins, so batches that are decoded ahead stay
right, and a resume, a rewind and a replay give the same pictures again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.data.corrections import find_named, relative_name
from engine.data.samples import LEFT_OUT, Sample
from engine.errors import CheckpointError
from engine.protocol import JudgedPicture, Verdict
from engine.protocol.printable import printable, unicode_text


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person has said of a training picture."""

    picture: str
    "its path, below the folder of the pictures or whole"
    verdict: Verdict
    label: str
    "its class, where the verdict is `wrong`"
    epoch: int
    "the first epoch, counted from 0, for which it counts"


class Judgements:
    """The words of an arm, oldest first. Of several for a picture the last one counts."""

    def __init__(self, samples: Sequence[Sample], roots: Sequence[Path], classes: Sequence[str]) -> None:
        """`samples` are the training pictures with the labels that they were found with."""
        self.samples, self.roots = samples, roots
        self._classes = classes
        # A screen shows, and sends, the names of classes as printable text.
        self._labels = {name: label for names in (map(printable, classes), classes) for label, name in enumerate(names)}
        self._all: list[Judgement] = []
        self._indices: dict[str, int] = {}
        self._made: tuple[tuple[Judgement, ...], Sequence[Sample]] = ((), samples)
        "the pictures that were asked for last, and the words that they follow"

    def __len__(self) -> int:
        """How many words there are."""
        return len(self._all)

    @property
    def last_epoch(self) -> int | None:
        """The epoch from which the last word counts; `None` if there is none."""
        return self._all[-1].epoch if self._all else None

    def add(self, judgement: Judgement) -> None:
        """Add a word about a training picture. It is kept under the picture's name as in a list."""
        index = self.index(judgement.picture)
        assert index is not None, "refused without such a picture"
        picture, label = relative_name(self.samples[index].path, self.roots), judgement.label
        label = self._classes[self._labels[label]] if label else ""
        self._all.append(replace(judgement, picture=picture, label=label))

    def index(self, picture: str) -> int | None:
        """The number of a training picture by its name; `None` if there is none of that name."""
        return self._find([picture]).get(picture)

    def has_class(self, name: str) -> bool:
        """Whether there is a class of that name."""
        return name in self._labels

    def latest(self) -> dict[int, Judgement]:
        """The last word about each picture that one has been said about, and that was not undone, by its number."""
        indices = self._find([judgement.picture for judgement in self._all])
        latest = {indices[judgement.picture]: judgement for judgement in self._all}
        return {index: judgement for index, judgement in latest.items() if judgement.verdict != "undecided"}

    def told(self) -> tuple[JudgedPicture, ...]:
        """The last words, in the order of the pictures, as an event has them."""
        return tuple(
            JudgedPicture(unicode_text(self.samples[index].path), word.verdict, word.label, word.epoch + 1)
            for index, word in sorted(self.latest().items())
        )

    def pictures(self, epoch: int) -> Sequence[Sample]:
        """The training pictures of an epoch, counted from 0; those that are left out have the label `LEFT_OUT`."""
        words = tuple(judgement for judgement in self._all if judgement.epoch <= epoch)
        if words != self._made[0]:
            indices = self._find([judgement.picture for judgement in words])
            self._made = words, self._with(indices, words)
        return self._made[1]

    def after(self, picture: str, verdict: Verdict, label: str) -> Sequence[Sample]:
        """The training pictures as they would be if this were said of one of them, and all words counted."""
        words = (*self._all, Judgement(picture, verdict, label, 0))
        return self._with(self._find([judgement.picture for judgement in words]), words)

    def take_over(self, latest: Mapping[int, Judgement], epoch: int) -> bool:
        """Say what another arm has been told, from `epoch` on. Returns whether that is something new."""
        own = self.latest()
        before = len(self._all)
        for index in sorted(own.keys() | latest.keys()):
            had, has = own.get(index), latest.get(index)
            if has is None and had is not None:
                self.add(replace(had, verdict="undecided", label="", epoch=epoch))
            elif has is not None and (had is None or (had.verdict, had.label) != (has.verdict, has.label)):
                self.add(replace(has, epoch=epoch))
        return len(self._all) > before

    # --- as plain data ----------------------------------------------------------------------------------

    def state(self) -> list[dict[str, Any]]:
        """The words as plain values, for a checkpoint."""
        return [asdict(judgement) for judgement in self._all]

    def load(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Restore what `state` returned.

        Raises:
            CheckpointError: a picture is no training picture any more.
        """
        words = [Judgement(**item) for item in state]
        self._find([judgement.picture for judgement in words])
        for judgement in words:
            if judgement.picture not in self._indices:
                raise CheckpointError(
                    "Checkpoint does not fit",
                    f"{judgement.picture}, whose label was judged, is no training picture any more; bring it back",
                )
        self._all = words

    def _with(self, indices: Mapping[str, int], words: Iterable[Judgement]) -> Sequence[Sample]:
        samples = list(self.samples)
        for judgement in words:
            index = indices[judgement.picture]
            sample = self.samples[index]
            if judgement.verdict == "wrong":
                sample = replace(sample, label=self._labels[judgement.label])
            elif judgement.verdict == "leave_out":
                sample = replace(sample, label=LEFT_OUT)
            samples[index] = sample
        return samples

    def _find(self, names: Iterable[str]) -> dict[str, int]:
        """The numbers of pictures by name. One pass over all pictures finds the new ones."""
        if new := [name for name in names if name not in self._indices]:
            self._indices |= find_named(new, self.samples, self.roots)
        return self._indices
