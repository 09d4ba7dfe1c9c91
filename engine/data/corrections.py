"""The list of pictures to leave out, or to give another class: reads, writes and applies it. Loads no torch.

It is a CSV file with the header `picture,label,reason`. `picture` is a path below the folder of the pictures, or a
whole path. An empty `label` leaves the picture out, any other one is its class. `reason` is for people. A text file
with a path in each line and no header leaves all of them out. The pictures themselves are never touched.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.csv_rows import write_rows
from engine.data.samples import Catalogue, Sample, below, join_names
from engine.errors import DataError
from engine.protocol.printable import printable, unicode_text
from engine.storage.atomic import atomic_write

HEADER = ("picture", "label", "reason")


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be done with a picture of the list."""

    picture: str
    "its path, below the folder of the pictures or whole"
    label: str = ""
    "the class that it belongs to; empty: it is left out"
    reason: str = ""


def read_corrections(file: Path) -> tuple[Correction, ...]:
    """The lines of a list.

    Raises:
        DataError: the file cannot be read, is no such list, or names a picture twice with different classes.
    """
    try:
        # Names of files need not be UTF-8, and must come back as they were written.
        text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise DataError("List not readable", f"{file}: {error.strerror}; correct data.exclude") from None
    if "\0" in text:
        raise DataError("List not readable", f"{file}: it is not a text file; correct data.exclude")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(row)]
    except csv.Error as error:
        raise DataError("List not readable", f"{file}: {error}; correct it") from None
    if not rows or rows[0][0].strip().lower() != HEADER[0]:
        return _without_repeats(file, (Correction(line.strip()) for line in text.split("\n") if line.strip()))
    if tuple(name.strip().lower() for name in rows[0][: len(HEADER)]) != HEADER[: len(rows[0])]:
        raise DataError("List not readable", f"{file}: its header should be `{','.join(HEADER)}`; correct it")
    return _without_repeats(file, (Correction(*row[: len(HEADER)]) for row in rows[1:]))


def write_corrections(file: Path, corrections: Iterable[Correction]) -> None:
    """Write a list, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    write_rows(text, [HEADER, *((item.picture, item.label, item.reason) for item in corrections)])
    with atomic_write(file) as temporary:
        temporary.write_bytes(text.getvalue().encode("utf-8", "surrogateescape"))
        temporary.replace(file)


def relative_name(path: str, roots: Sequence[Path]) -> str:
    """The path of a picture as it stands in a list: below one of the folders of the pictures, with `/`, or whole."""
    return below(path, roots)[1]


def merged(given: Iterable[Correction], made: Sequence[Correction], roots: Sequence[Path]) -> list[Correction]:
    """Both lists as one. Of a picture that is in both, the line of `made` counts."""
    names = {relative_name(item.picture, roots) for item in made}
    return [item for item in given if relative_name(item.picture, roots) not in names] + list(made)


def find_named(names: Iterable[str], samples: Sequence[Sample], roots: Sequence[Path]) -> dict[str, int]:
    """The indices of samples by the names that they have in a list, or as text; others are not in it."""
    wanted = {path: name for name in names for path in (*_paths(name, roots), name)}
    found: dict[str, int] = {}
    for index, sample in enumerate(samples):
        name = wanted.get(sample.path)
        if name is None and not sample.path.isprintable():
            name = wanted.get(unicode_text(sample.path))
        if name is not None:
            found.setdefault(name, index)
    return found


def apply_corrections(
    catalogue: Catalogue, corrections: Sequence[Correction], roots: Sequence[Path], file: Path
) -> Catalogue:
    """The catalogue without the pictures that a list leaves out, and with its classes for others.

    Which training pictures are for validation has been decided before, and does not change. `file` is the list's.

    Raises:
        DataError: the list names a class that no picture has, or a class loses all its pictures in a part.
    """
    labels = {name: label for label, name in enumerate(catalogue.classes)}
    if unknown := sorted({item.label for item in corrections if item.label} - labels.keys()):
        raise DataError("Unknown class", f"{file}: there is no class {join_names(unknown)}; correct the list")
    wanted = {path: item for item in corrections for path in _paths(item.picture, roots)}
    known = {sample.path for sample, _ in catalogue.pictures}
    train, val, test = (_corrected(part, wanted, labels) for part in (catalogue.train, catalogue.val, catalogue.test))
    corrected = replace(
        catalogue, train=train, val=val, test=test, notes=catalogue.notes + _notes(wanted, known, corrections, file)
    )
    _check_classes(catalogue, corrected, file)
    return corrected


def _check_classes(before: Catalogue, after: Catalogue, file: Path) -> None:
    """Raise `DataError` if a class has lost all its pictures in a part."""
    for part, had, has in (
        ("train", before.train, after.train),
        ("validate", before.val, after.val),
        ("test", before.test, after.test),
    ):
        if lost := sorted({sample.label for sample in had} - {sample.label for sample in has}):
            names = join_names([before.classes[label] for label in lost])
            raise DataError(
                "Empty class",
                f"{file} leaves no picture to {part} on in {names}; remove some of their lines, or add pictures",
            )


def _corrected(
    samples: Iterable[Sample], wanted: Mapping[str, Correction], labels: Mapping[str, int]
) -> tuple[Sample, ...]:
    kept = []
    for sample in samples:
        item = wanted.get(sample.path)
        if item is None:
            kept.append(sample)
        elif item.label:
            kept.append(replace(sample, label=labels[item.label]))
    return tuple(kept)


def _paths(picture: str, roots: Sequence[Path]) -> list[str]:
    """The paths that a name of the list may have among the pictures."""
    return [os.path.join(root, picture) for root in roots] or [picture]  # noqa: PTH118 - as the pictures are listed


def _notes(
    wanted: Mapping[str, Correction], known: set[str], corrections: Sequence[Correction], file: Path
) -> tuple[str, ...]:
    """What the list has done, and which of its pictures are not there."""
    found = [item for path, item in wanted.items() if path in known]
    out = sum(not item.label for item in found)
    named = {item.picture for item in found}
    notes = [f"{file}: pictures left out: {out:,}, with another class: {len(found) - out:,}"]
    if missing := [item.picture for item in corrections if item.picture not in named]:
        notes.append(f"{file}: not among the pictures: {len(missing):,}, such as {printable(missing[0])}")
    return tuple(notes)


def _without_repeats(file: Path, corrections: Iterable[Correction]) -> tuple[Correction, ...]:
    """The corrections, each picture once."""
    found: dict[str, Correction] = {}
    for item in corrections:
        known = found.setdefault(item.picture, item)
        if known.label != item.label:
            raise DataError(
                "Contradicting lines",
                f"{file}: {printable(item.picture)} is there twice, with `{printable(known.label)}` and "
                f"`{printable(item.label)}`; remove one of the lines",
            )
    return tuple(found.values())
