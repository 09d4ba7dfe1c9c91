"""Writes the pixels of one picture into its place in a batch, and says what to do if its file cannot be read."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from engine.data.augment import PictureAugmentation
from engine.data.batches import Unreadable
from engine.data.decoded import Decoded
from engine.data.pictures import Pixels, Preparation, UnreadablePictureError
from engine.data.samples import LEFT_OUT, Sample
from engine.errors import DataError

MAX_REPLACEMENTS = 20  # tries to find a readable picture in place of an unreadable one


class Item(NamedTuple):
    """A picture of a batch: its sample, its label, and the unreadable files that it replaces."""

    number: int
    label: int | None
    "`None` if there is no picture"
    unreadable: list[Unreadable]


class Filler:
    """Fills places of batches, in any thread: what it writes depends only on (seed, epoch, sample)."""

    def __init__(
        self, decoded: Decoded, preparation: Preparation, augmentations: Sequence[PictureAugmentation], seed: int
    ) -> None:
        self._decoded = decoded
        self._preparation = preparation
        self._augmentations = tuple(augmentations)
        self._seed = seed

    def training(self, samples: Sequence[Sample], epoch: int, draw: int, pixels: Pixels) -> Item:
        """Write the pixels of an augmented sample, or of a random other one if it cannot be read.

        Raises:
            DataError: no readable picture was found.
        """
        # A sample that is drawn again has another draw number, so it is augmented in another way.
        rng, index, bad = random.Random(f"{self._seed}/{epoch}/{draw}"), draw % len(samples), []
        for _ in range(MAX_REPLACEMENTS):
            sample = samples[index]
            try:
                found = self._decoded.get(sample.path, testing=False)
                for augment in self._augmentations:
                    found = augment(found, self._preparation, rng)
                pixels[:] = found
            except UnreadablePictureError as error:
                bad.append(Unreadable.of(sample, str(error)))
                index = _another(samples, rng)
            else:
                return Item(index, sample.label, bad)
        raise pictures_lost(bad)

    def whole(self, samples: Sequence[Sample], index: int, pixels: Pixels, testing: bool) -> Item:
        """Write the pixels of a sample, resized and cropped at its centre."""
        sample = samples[index]
        try:
            pixels[:] = self._decoded.get_whole(sample.path, testing)
        except UnreadablePictureError as error:
            return Item(index, None, [Unreadable.of(sample, str(error))])
        return Item(index, sample.label, [])


def pictures_lost(files: list[Unreadable]) -> DataError:
    """The error that not one of these files can be read."""
    return DataError(
        "Pictures lost",
        f"not one of {len(files)} files can be read any more, such as {files[0].path} ({files[0].reason}); "
        f"bring the folder back, then go on with --resume",
    )


def _another(samples: Sequence[Sample], rng: random.Random) -> int:
    """The index of a random sample that is not left out."""
    while samples[index := rng.randrange(len(samples))].label == LEFT_OUT:
        pass
    return index
