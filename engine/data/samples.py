"""The pictures of a run: a file with its class, and the lists of pictures to train, to choose and to test on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.listing.part_names import PartName
from engine.data.reading.formats import readable_endings
from engine.errors import DataError
from engine.protocol import Part

EXTENSIONS = readable_endings()
USUAL = "such as .jpg, .png, .webp, .tif"  # endings, in a message
MAX_UNREADABLE = 0.05  # fraction of files; with more, the data set itself may be wrong
MAX_NAMES = 5  # in a message
LEFT_OUT = -1
"the label of a training picture that a person has left out during the run"


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture file and the index of its class."""

    path: str
    label: int


def below(path: str, roots: Sequence[Path]) -> tuple[int, str]:
    """The number of the folder that a picture is below, and the path from there; 0 and `path` if it is below none."""
    for number, root in enumerate(roots):
        if Path(path).is_relative_to(root):
            return number, Path(path).relative_to(root).as_posix()
    return 0, path


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Files of one kind below the folder of the pictures that are no samples."""

    kind: str
    "what they are, in the plural, for people: `HEIC pictures`"
    count: int
    example: str
    "the path of one of them"
    remedy: str = ""
    "what to do to have them; empty if they are rightly left out"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The pictures of a run in three parts."""

    classes: tuple[str, ...]
    train: tuple[Sample, ...]
    "to train on"
    test: tuple[Sample, ...]
    "to test on; empty if there are validation pictures only"
    val: tuple[Sample, ...] = field(default=())
    "to choose by: which epoch is the best one, when to stop; empty if the test pictures serve for that, too"
    where: str = field(default="", compare=False)
    "the folders or the file that list them, for people"
    notes: tuple[str, ...] = field(default=(), compare=False)
    "what was guessed or left out, a sentence each"
    left_out: tuple[LeftOut, ...] = field(default=(), compare=False)
    "the files that are no samples, a kind each"
    found: tuple[tuple[PartName, str], ...] = field(default=(), compare=False)
    "which folder or table each part comes from, for people; a part that is taken from another one is not there"
    roots: tuple[Path, ...] = field(default=(), compare=False)
    "the folders that paths of pictures are below"

    @property
    def scored_part(self) -> Part:
        """The part that is scored after each epoch: the validation pictures, if there are any."""
        return "val" if self.val else "test"

    def part(self, name: Part) -> tuple[Sample, ...]:
        """The pictures to choose by or to test on."""
        return self.val if name == "val" else self.test

    @property
    def scored(self) -> tuple[Sample, ...]:
        """The pictures that are scored after each epoch."""
        return self.part(self.scored_part)

    @property
    def pictures(self) -> list[tuple[Sample, bool]]:
        """All pictures: training, validation, test; each with whether it is prepared like a test picture."""
        return [(sample, False) for sample in self.train] + [(sample, True) for sample in self.val + self.test]

    def check(self, unreadable: Collection[str] = ()) -> None:
        """Raise `DataError` if a class has no readable picture in a part."""
        for part, samples in (("train", self.train), ("validate", self.val), ("test", self.test)):
            present = {sample.label for sample in samples if sample.path not in unreadable}
            empty = [name for label, name in enumerate(self.classes) if label not in present]
            if empty and (samples or part == "train"):
                raise DataError(
                    "Empty class",
                    f"{self.where}: no readable picture to {part} on in {join_names(empty)}; add pictures "
                    f"({USUAL}) or remove the class",
                )


def join_names(names: list[str]) -> str:
    """The first names in backquotes, and the number of the others."""
    shown = ", ".join(f"`{name}`" for name in names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"
