"""The pictures below class folders, and what else lies there. A folder is read once; no file is opened."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.listing.kinds import LINKS_UP, is_hidden
from engine.data.listing.left_out import Tally
from engine.data.samples import EXTENSIONS, Sample

ENDINGS = frozenset(EXTENSIONS)
TABLES = (".csv", ".tsv")


@dataclass
class Seen:
    """What the folders have besides pictures."""

    tally: Tally = field(default_factory=Tally)
    levels: int = 0
    "of folders within a class folder"
    deepest: str = ""
    "a folder of the deepest level, below its class's folder's parent"
    inner_names: dict[str, int] = field(default_factory=dict)
    "how many class folders have a folder of a name directly within"


class Listed:
    """How many files this process has listed so far; for progress alone."""

    files = 0


def pictures_of_classes(root: Path, labels: Mapping[str, int], seen: Seen | None = None) -> tuple[Sample, ...]:
    """The pictures in the folders below `root` that `labels` names, sorted, each with the label of its folder.

    Folders within them are read, too. `seen` gets what else lies there.

    Raises:
        OSError: a folder cannot be read.
    """
    seen = seen or Seen()
    found: list[Sample] = []
    for name, label in labels.items():
        for folder, files in _walk(root / name, seen):
            Listed.files += len(files)
            for file in sorted(files):
                if is_picture(file):
                    found.append(Sample(os.path.join(folder, file), label))  # noqa: PTH118 - half the time of Path
                else:
                    seen.tally.add_file(folder, file)
    return tuple(found)


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name: its ending is known, and it is not hidden."""
    return name[name.rfind(".") :].lower() in ENDINGS and name[0] != "."


def is_table(name: str) -> bool:
    """Whether a file is a table by its name."""
    return name.lower().endswith(TABLES) and name[0] != "."


def leads_up(folder: str, name: str) -> bool:
    """Whether a folder is a link to one that it lies in: all that is below would come again."""
    path = os.path.join(folder, name)  # noqa: PTH118 - many folders
    return os.path.islink(path) and Path(folder).resolve().is_relative_to(Path(path).resolve())  # noqa: PTH114


def _walk(root: Path, seen: Seen) -> Iterator[tuple[str, list[str]]]:
    """`root` and the folders below it with their files, sorted. Links are followed, and no folder comes twice."""

    def fail(error: OSError) -> None:
        raise error

    known: set[tuple[int, int]] = set()
    for folder, inner, files in os.walk(root, followlinks=True, onerror=fail):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in known:  # a link to a parent folder would make an endless loop
            inner.clear()
            continue
        known.add((status.st_dev, status.st_ino))
        if inner:
            _sort_out(root, folder, inner, seen)
        yield folder, files


def _sort_out(root: Path, folder: str, inner: list[str], seen: Seen) -> None:
    """Keep in `inner` the folders that belong to the class, sorted."""
    kept = []
    for name in sorted(inner):
        if is_hidden(name):
            seen.tally.add_folder(folder, name)
        elif leads_up(folder, name):
            seen.tally.add(LINKS_UP, folder, name)
        else:
            kept.append(name)
    inner[:] = kept
    if not inner:
        return
    below = Path(folder).relative_to(root).parts
    if len(below) + 1 > seen.levels:
        seen.levels = len(below) + 1
        seen.deepest = "/".join((root.name, *below, inner[0]))
    if not below:
        for name in inner:
            seen.inner_names[name] = seen.inner_names.get(name, 0) + 1
