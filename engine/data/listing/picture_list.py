"""The list of its pictures that a run keeps in its folder: which files, of which class and part, and how large.

It is a compressed table with tabs: a row with the classes, then a row for each picture in the order of its part. A
million pictures take about 10 MB, and a few seconds.
"""

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.data.csv_rows import write_rows
from engine.data.listing.part_names import PartName
from engine.data.samples import Catalogue, Sample
from engine.storage.atomic import atomic_write

CLASSES = "classes"
"first field of the first row"
FIELDS = 6


class Key(NamedTuple):
    """What a picture is known by."""

    root: int
    "the number of the folder of pictures that it is below"
    path: str
    "below that folder, or the whole path if it is below none"


class Entry(NamedTuple):
    """A picture of the list."""

    key: Key
    part: PartName
    label: str
    "the name of its class"
    size: int
    "of the file, in bytes; -1 if it cannot be read"
    modified: int
    "when the file was written, in whole seconds since 1970"


class PictureList(NamedTuple):
    """The pictures of a run, in the order in which they are trained on and scored."""

    classes: tuple[str, ...]
    entries: tuple[Entry, ...]


def list_of(catalogue: Catalogue) -> PictureList:
    """The list of a catalogue's pictures. Asks the file system for the size of each."""
    keys = _keys(catalogue.roots)
    parts: tuple[tuple[PartName, Sequence[Sample]], ...] = (
        ("train", catalogue.train),
        ("val", catalogue.val),
        ("test", catalogue.test),
    )
    names = catalogue.classes
    entries = (
        Entry(keys(sample.path), part, names[sample.label], *_size(sample.path))
        for part, samples in parts
        for sample in samples
    )
    return PictureList(names, tuple(entries))


def keys_of(catalogue: Catalogue) -> Iterator[tuple[Key, Sample]]:
    """The pictures of a catalogue with their keys, in the order of the list."""
    keys = _keys(catalogue.roots)
    return (
        (keys(sample.path), sample)
        for samples in (catalogue.train, catalogue.val, catalogue.test)
        for sample in samples
    )


def write_list(file: Path, pictures: PictureList) -> None:
    """Write the list, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    with atomic_write(file) as temporary:
        # The time in the file's head would make the same list another file.
        with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 3, raw, mtime=0) as packed:
            text = io.TextIOWrapper(packed, encoding="utf-8", errors="surrogateescape", newline="")
            write_rows(text, [(CLASSES, *pictures.classes)], "\t")
            rows = ((item.part, item.label, item.size, item.modified, *item.key) for item in pictures.entries)
            write_rows(text, rows, "\t")
            text.flush()
            text.detach()
        temporary.replace(file)


def read_list(file: Path) -> PictureList:
    """Read a list.

    Raises:
        OSError: the file cannot be read, or is damaged.
        ValueError: it is no such list.
        EOFError: it is cut short.
    """
    with gzip.open(file, "rt", encoding="utf-8", errors="surrogateescape", newline="") as text:
        table = csv.reader(text, delimiter="\t")
        head = next(table, [])
        if head[:1] != [CLASSES]:
            raise ValueError("it is no list of pictures")
        return PictureList(tuple(head[1:]), tuple(map(_entry, table)))


def _entry(row: list[str]) -> Entry:
    if len(row) != FIELDS or row[0] not in ("train", "val", "test"):
        raise ValueError("it is no list of pictures")
    part: PartName = "train" if row[0] == "train" else "val" if row[0] == "val" else "test"
    return Entry(Key(int(row[4]), row[5]), part, row[1], int(row[2]), int(row[3]))


def _keys(roots: Sequence[Path]) -> Callable[[str], Key]:
    """A function that finds the key of a path."""
    prefixes = [os.path.join(root, "") for root in roots]  # noqa: PTH118 - with a separator at the end

    def key(path: str) -> Key:
        for number, prefix in enumerate(prefixes):
            if path.startswith(prefix):
                return Key(number, path[len(prefix) :])
        return Key(0, path)

    return key


def _size(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - half the time of Path for a million files
    except OSError:
        return -1, 0
    return found.st_size, int(found.st_mtime)
