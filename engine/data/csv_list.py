"""Lists the pictures that a table names, with their classes and parts. Opens no picture."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.config.sections import DataConfig
from engine.data.columns import Columns, find_columns
from engine.data.listing.class_names import alike_notes, nfc
from engine.data.listing.part_names import PARTS, PartName, part_of
from engine.data.samples import EXTENSIONS, MAX_UNREADABLE, Catalogue, Sample
from engine.data.split import Place, Split, by_class, with_validation
from engine.data.table import Table, read_table
from engine.errors import DataError
from engine.protocol.printable import printable

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


class Entry(NamedTuple):
    """A picture that a row names."""

    label: str
    part: PartName
    line: int


def list_csv(config: DataConfig, seed: int) -> Catalogue:
    """List the pictures of the table `data.csv`.

    Paths are relative to `data.root`, or to the table's folder. Where a file is not there, its name is tried with the
    endings of pictures, because Kaggle's names have none. Without parts, validation pictures are taken as for a folder.

    Raises:
        DataError: the table cannot be read or leaves open what it means, more than 5 % of its files are missing, or
            its pictures cannot be trained on.
    """
    assert config.csv is not None
    table = read_table(config.csv)
    columns = find_columns(table, config)
    base = config.root or config.csv.parent
    listed = _List(table, columns, base)
    classes = _in_order({entry.label for entry in listed.found.values()})
    _check_names(table.file, classes)
    labels = {name: label for label, name in enumerate(classes)}
    parts: dict[PartName, list[Sample]] = {"train": [], "val": [], "test": []}
    for path, entry in listed.found.items():
        parts[entry.part].append(Sample(path, labels[entry.label]))
    if not parts["train"]:
        raise DataError("No training pictures", f"{table.file}: no row is of the part `train`; add some")
    notes = (*columns.notes, *listed.notes(), *alike_notes(str(table.file), classes))
    train, test, val = (by_class(parts[part]) for part in ("train", "test", "val"))
    found = tuple((part, table.file.name) for part in PARTS if parts[part])
    catalogue = Catalogue(tuple(classes), train, test, val, str(table.file), notes, found=found, roots=(base,))
    how = Split(config.val_fraction, seed, config.group)
    catalogue = with_validation(catalogue, Place((base,), str(table.file)), how, config.split_val)
    catalogue.check()
    return catalogue


class _List:
    """The files that the rows name, each once, and what was left out."""

    def __init__(self, table: Table, columns: Columns, base: Path) -> None:
        self.found: dict[str, Entry] = {}
        self._file = table.file
        self._missing: list[str] = []
        self._unlabelled: list[int] = []
        self._twice: list[str] = []
        files = _Files(base)
        for line, fields in table.rows:
            label = nfc(columns.label(fields, table.header))
            if not label:
                self._unlabelled.append(line)
                continue
            path = files.find(fields[columns.path])
            if path is None:
                self._missing.append(f"line {line}, {base / fields[columns.path]}")
                continue
            part = self._part(fields[columns.part], line) if columns.part is not None else "train"
            self._add(path, Entry(label, part, line))
        if len(self._missing) > MAX_UNREADABLE * len(table.rows):
            raise DataError(
                "Files missing",
                f"{table.file}: {len(self._missing):,} of {len(table.rows):,} files are not there, such as "
                f"{printable(self._missing[0])}; if they are in another folder, name it with --set data.root=DIR",
            )

    def notes(self) -> Iterator[str]:
        """What was left out, a sentence each."""
        if self._missing:
            yield (
                f"{self._file}: {len(self._missing):,} rows left out whose files are not there, such as "
                f"{printable(self._missing[0])}"
            )
        if self._unlabelled:
            count, line = len(self._unlabelled), self._unlabelled[0]
            yield f"{self._file}: {count:,} rows left out without a class, such as line {line}"
        if self._twice:
            yield f"{self._file}: {len(self._twice):,} rows left out that name a file again, such as {self._twice[0]}"

    def _add(self, path: str, entry: Entry) -> None:
        known = self.found.setdefault(path, entry)
        if known is entry:
            return
        for what, before, now in (("of class", known.label, entry.label), ("in the part", known.part, entry.part)):
            if before != now:
                raise DataError(
                    "Contradicting rows",
                    f"{self._file}: {printable(path)} is {what} `{printable(before)}` in line {known.line}, and "
                    f"`{printable(now)}` in line {entry.line}; remove one of the rows",
                )
        self._twice.append(f"line {entry.line}, {printable(path)}")

    def _part(self, value: str, line: int) -> PartName:
        if (part := part_of(value)) is None:
            raise DataError(
                "Unknown part",
                f"{self._file}: line {line} is of the part `{printable(value)}`; parts are train, val and test",
            )
        return part


class _Files:
    """Finds files by their names in a table. Each folder is listed once, which is faster than asking for each file."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._names: dict[str, set[str]] = {}

    def find(self, text: str) -> str | None:
        """The path of the file, also if the table leaves out its ending; `None` if there is no such file."""
        if not text or "\0" in text:
            return None
        if text.startswith("./") or "/./" in text or "//" in text:
            text = str(Path(text))  # the same file has the same name
        path = os.path.join(self._base, text)  # noqa: PTH118 - half the time of Path
        folder, name = os.path.split(path)
        names = self._in(folder)
        if name in names:
            return path
        endings = (end for ending in EXTENSIONS for end in (ending, ending.upper()))
        return next((path + ending for ending in endings if name + ending in names), None)

    def _in(self, folder: str) -> set[str]:
        if folder not in self._names:
            try:
                self._names[folder] = set(os.listdir(folder or "."))  # noqa: PTH208
            except OSError:
                self._names[folder] = set()
        return self._names[folder]


def _in_order(names: Iterable[str]) -> list[str]:
    """The classes, sorted: by value if all are numbers, otherwise as text."""
    ordered = sorted(names)
    return sorted(ordered, key=float) if all(map(NUMBER.fullmatch, ordered)) else ordered


def _check_names(file: Path, classes: list[str]) -> None:
    if len(classes) < 2:
        found = f"only `{printable(classes[0])}`" if classes else "none"
        raise DataError("Too few classes", f"{file}: at least two classes are needed, {found} found")
