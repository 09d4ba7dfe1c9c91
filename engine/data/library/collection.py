"""The labelled pictures of a data set, before they are written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from engine.data.listing.part_names import PartName


class Item(NamedTuple):
    """A picture with its class."""

    part: PartName
    label: int
    picture: Path | bytes | Image.Image
    "a file, the content of one, or a decoded picture where the library keeps no file"
    name: str = ""
    "what the data set calls the file, if it does"


@dataclass(slots=True)
class Collection:
    """The pictures of a data set."""

    classes: list[str]
    items: Iterator[Item]
    total: int
    "how many items there are"
    notes: list[str] = field(default_factory=list)
    "what is left out or guessed, a sentence each; complete after the last item"
