"""Writes rows of a CSV table so that any name of a file is read again as it was written. Loads no torch."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO


def write_rows(file: TextIO, rows: Iterable[Sequence[object]], delimiter: str = ",") -> None:
    """Write rows, each ended by a line feed. `file` has been opened with `newline=""`."""
    usual = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    # A carriage return ends a line for the reader, but with another line end Python before 3.13 does not quote it.
    quoted = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoted if any("\r" in str(value) for value in row) else usual).writerow(row)
