"""Which columns of a table have the path, the class and the part of each picture. Loads no torch."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.config.sections import DataConfig
from engine.data.listing.part_names import part_of
from engine.data.table import Table
from engine.errors import DataError
from engine.protocol.printable import printable

# As `_plain` writes them: small letters without spaces, hyphens and underscores.
PATHS = (
    ("path", "file", "filename", "filepath", "image", "imagepath", "imagefile", "imagename", "img", "imgpath"),
    ("id", "imageid"),  # only where there is none of the others
)
LABELS = (("label", "class", "target", "category", "classname", "cls"),)
PARTS = ("part", "split", "set", "subset", "fold")
INDEX = re.compile(r"|Unnamed: ?\d+")  # the name of the column that pandas writes for row numbers


class Columns(NamedTuple):
    """The columns of a table, by their numbers."""

    path: int
    labels: tuple[int, ...]
    "one with the name of the class; or several, one a class, with 1 in that of the picture's class and 0 elsewhere"
    part: int | None
    notes: tuple[str, ...]
    "what was guessed, a sentence each"

    def label(self, fields: Sequence[str], header: Sequence[str]) -> str:
        """The class of a row; empty if it has none."""
        if len(self.labels) == 1:
            return fields[self.labels[0]]
        return next(header[number] for number in self.labels if float(fields[number]) == 1)


def find_columns(table: Table, config: DataConfig) -> Columns:
    """The columns that are given, else those with a usual name.

    Raises:
        DataError: a given column is not there, or the table leaves open which one is meant.
    """
    path = _given(table, "path_column", config.path_column)
    label = _given(table, "label_column", config.label_column)
    part = _given(table, "part_column", config.part_column)
    given = [number for number in (path, label, part) if number is not None]
    if len(set(given)) < len(given):
        raise _refused(table, "one column is given for two purposes; path, label and part need a column each")
    notes: list[str] = []
    if part is None:
        part = _guess_part(table, given, notes)
    taken = {number for number in (label, part) if number is not None}
    if path is None:
        path = _by_name(table, PATHS, taken, "path_column")
        if path is None:
            raise _refused(table, f"no column has a usual name for paths; give data.path_column: {table.columns()}")
    taken.add(path)
    labels = (label,) if label is not None else _guess_labels(table, taken)
    notes[:0] = _guessed(table, config, path, labels, part)
    return Columns(path, labels, part, tuple(notes))


def _given(table: Table, key: str, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in table.header:
        raise _refused(table, f"it has no column `{printable(name)}` (data.{key}); its columns are {table.columns()}")
    return table.header.index(name)


def _by_name(table: Table, usual: Sequence[Sequence[str]], taken: set[int], key: str) -> int | None:
    """The one column with a usual name; `None` if there is none."""
    for names in usual:
        found = [number for number, name in enumerate(table.header) if _plain(name) in names and number not in taken]
        if len(found) > 1:
            both = " and ".join(f"`{printable(table.header[number])}`" for number in found)
            raise _refused(table, f"{both} may be meant; give data.{key}, one of {table.columns()}")
        if found:
            return found[0]
    return None


def _guess_part(table: Table, taken: Sequence[int], notes: list[str]) -> int | None:
    """The first column with a usual name for parts whose values are parts."""
    for number, name in enumerate(table.header):
        if _plain(name) in PARTS and number not in taken:
            odd = next((value for value in table.column(number) if part_of(value) is None), None)
            if odd is None:
                return number
            notes.append(
                f"{table.file}: column `{printable(name)}` has no parts, but values such as `{printable(odd)}`"
            )
    return None


def _guess_labels(table: Table, taken: set[int]) -> tuple[int, ...]:
    """The column with a usual name for classes, or the only one that is left, or one for each class."""
    label = _by_name(table, LABELS, taken, "label_column")
    if label is not None:
        return (label,)
    left = [number for number, name in enumerate(table.header) if number not in taken and not INDEX.fullmatch(name)]
    if len(left) == 1 or (len(left) > 1 and _one_of_each(table, left)):
        return tuple(left)
    raise _refused(table, f"no column has a usual name for classes; give data.label_column, one of {table.columns()}")


def _one_of_each(table: Table, numbers: Sequence[int]) -> bool:
    """Whether these columns have a 1 in one of them, and 0 in the others, in each row."""
    ones, zeros = {"1", "1.0"}, {"0", "0.0"}
    for row in table.rows:
        values = [row.fields[number] for number in numbers]
        if sum(value in ones for value in values) != 1 or sum(value in zeros for value in values) != len(values) - 1:
            return False
    return True


def _guessed(table: Table, config: DataConfig, path: int, labels: Sequence[int], part: int | None) -> Iterator[str]:
    """A sentence about all columns that were not given."""
    words = []
    if config.path_column is None:
        words.append(f"paths from column `{printable(table.header[path])}`")
    if config.label_column is None and len(labels) > 1:
        words.append(f"classes from {len(labels)} columns, one a class")
    elif config.label_column is None:
        words.append(f"classes from `{printable(table.header[labels[0]])}`")
    if config.part_column is None and part is not None:
        words.append(f"parts from `{printable(table.header[part])}`")
    if words:
        yield f"{table.file}: {', '.join(words)}"


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _refused(table: Table, why: str) -> DataError:
    return DataError("Unclear table", f"{table.file}: {why}")
