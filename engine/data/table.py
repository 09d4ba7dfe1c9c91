"""Reads a table with a header from a text file: CSV, or the same with semicolons or tabs. Loads no torch."""

import csv
import io
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from engine.errors import DataError
from engine.protocol.printable import printable

DELIMITERS = ",;\t"
SNIFFED = 64  # lines
MAX_NAMES = 20  # columns in a message


class Row(NamedTuple):
    """A row with as many fields as the header, without spaces around them, and its last line in the file."""

    line: int
    fields: tuple[str, ...]


class Table(NamedTuple):
    """The rows of a file."""

    file: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, number: int) -> list[str]:
        """The values of a column."""
        return [row.fields[number] for row in self.rows]

    def columns(self) -> str:
        """The names of the columns, for people."""
        shown = ", ".join(f"`{printable(name)}`" for name in self.header[:MAX_NAMES])
        more = len(self.header) - MAX_NAMES
        return f"{shown} and {more} more" if more > 0 else shown


def read_table(file: Path) -> Table:
    """Read a file whose first line names the columns.

    Raises:
        DataError: the file cannot be read, is no such table, or has no rows.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(
            "Table not readable", f"{file}: {error.strerror}; name your table with --data FILE.csv"
        ) from None
    except UnicodeDecodeError:
        raise _unusable(file, "it is not a text file in UTF-8; save it as CSV in UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True)
    try:
        found = (Row(reader.line_num, tuple(field.strip() for field in fields)) for fields in reader)
        rows = [row for row in found if any(row.fields)]  # without blank lines
    except csv.Error as error:
        raise _unusable(file, f"line {reader.line_num} cannot be read ({error}); correct it") from None
    if len(rows) < 2:
        raise _unusable(file, "it has no rows below a header; its first line must name the columns")
    header = rows.pop(0).fields
    if twice := [name for name in header if name and header.count(name) > 1]:
        raise _unusable(file, f"two columns are called `{printable(twice[0])}`; rename one")
    if odd := [row for row in rows if len(row.fields) != len(header)]:
        have = f"{len(odd[0].fields)} fields, but the header has {len(header)}"
        raise _unusable(file, f"line {odd[0].line} has {have}; correct it")
    return Table(file, header, tuple(rows))


def _delimiter(text: str) -> str:
    """What stands between the fields: as the first lines look, but it must be in the header."""
    lines = list(islice(io.StringIO(text), SNIFFED))
    header = lines[0] if lines else ""
    try:
        found = csv.Sniffer().sniff("".join(lines), DELIMITERS).delimiter
    except csv.Error:  # such as a single column, or quotes that hold delimiters
        found = ""
    return found if found and found in header else max(DELIMITERS, key=header.count)


def _unusable(file: Path, why: str) -> DataError:
    return DataError("Unusable table", f"{file}: {why}")
