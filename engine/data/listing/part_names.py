"""The usual names of the parts of a data set, for folders and for values of tables."""

from typing import Literal

from engine.protocol import Part

PartName = Part | Literal["train"]

PARTS: tuple[PartName, ...] = ("train", "val", "test")
PART_OF: dict[str, PartName] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""the part that a name means, in small letters

`eval` and `holdout` are not there: some mean by them what chooses, others what is scored at the end.
"""


def part_of(name: str) -> PartName | None:
    """The part that a name means, in small or capital letters; `None` if it means none."""
    return PART_OF.get(name.strip().lower())
