"""The measured rows on the disk, in the user's cache folder: one file for each place of pictures.

A row is used again while the path, the size and the time of the picture's file are the same. Rows are appended while
an examination goes on, so one that is interrupted goes on later where it was. Whatever is damaged is left aside.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs

from engine.doctor.record import RECORD, Rows, hash_bytes, is_whole, key_of
from engine.storage.atomic import atomic_write

HEADER = f"finetune-tui doctor 1, {RECORD.itemsize} bytes\n".encode().ljust(64, b"\0")
"of another version: measured anew"
SUFFIX = ".rows"
MOST_BYTES = 2**31
"of all files together; the oldest ones are removed"


class RecordFile:
    """The rows of one place of pictures. Without a writable folder they are kept in memory."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        """`name` is that of the place; `folder` is where rows are kept, by default in the user's cache folder."""
        folder = folder or platformdirs.user_cache_path("finetune-tui", appauthor=False) / "examined"
        self._file = folder / f"{hash_bytes(name.encode('utf-8', 'surrogateescape')):016x}{SUFFIX}"
        self.failure = ""
        "why rows are not kept; empty if they are"
        self._added: list[Rows] = []
        self._kept = self._read()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _make_room(folder, self._file)
        except OSError as error:
            self.failure = f"{folder}: {error.strerror or error}"

    def known(self, paths: Sequence[str]) -> npt.NDArray[np.int64]:
        """For each path the number of its row, or -1 where the file has changed or was never measured."""
        found = np.full(len(paths), -1, np.int64)
        if not len(self._kept):
            return found
        keys = np.asarray(self._kept["key"])
        order = np.argsort(keys, kind="stable")
        wanted = np.fromiter(map(key_of, paths), np.uint64, len(paths))
        at = np.searchsorted(keys[order], wanted, side="right") - 1  # of several rows the latest
        for number, (place, key) in enumerate(zip(at.tolist(), wanted, strict=True)):
            if place >= 0 and keys[order[place]] == key and self._fits(int(order[place]), paths[number]):
                found[number] = order[place]
        return found

    def append(self, rows: Sequence[Rows]) -> None:
        """Keep rows, on the disk where that is possible."""
        if not rows:
            return
        block = np.stack(rows)
        self._added.append(block)
        if self.failure:
            return
        try:
            self._write(block)
        except OSError as error:
            self.failure = f"{self._file}: {error.strerror or error}"

    def rows(self, paths: Sequence[str], known: npt.NDArray[np.int64]) -> Rows:
        """The rows of `paths`, in their order: those that were `known`, and those that were appended, in order."""
        result = np.empty(len(paths), RECORD)
        result[known >= 0] = self._kept[known[known >= 0]]
        if self._added:
            result[known < 0] = np.concatenate(self._added)
        return result

    def tidy(self, rows: Rows) -> None:
        """Write the file anew with `rows` alone, if much else is in it."""
        whole = len(self._kept) + sum(map(len, self._added))
        if self.failure or whole <= 2 * len(rows):
            return
        with contextlib.suppress(OSError), atomic_write(self._file) as temporary:
            with temporary.open("wb") as file:
                file.write(HEADER)
                rows.tofile(file)
            temporary.replace(self._file)

    def _write(self, block: Rows) -> None:
        """Append rows in one call. A part of a row that a crash left is cut off before."""
        with self._file.open("ab") as file:
            size = file.seek(0, os.SEEK_END)
            if size < len(HEADER):
                file.truncate(0)
                file.write(HEADER)
            elif extra := (size - len(HEADER)) % RECORD.itemsize:
                file.truncate(size - extra)
            file.write(block.tobytes())

    def _read(self) -> Rows:
        """The whole rows of the file; a file of another version is removed."""
        empty = np.empty(0, RECORD)
        try:
            with self._file.open("rb") as file:
                if file.read(len(HEADER)) != HEADER:
                    self._file.unlink()
                    return empty
            count = (self._file.stat().st_size - len(HEADER)) // RECORD.itemsize
            return np.memmap(self._file, RECORD, "r", len(HEADER), (count,)) if count else empty
        except OSError:
            return empty

    def _fits(self, number: int, path: str) -> bool:
        """Whether a row is whole, and the file is as it was."""
        row = self._kept[number]
        try:
            status = Path(path).stat()
        except OSError:
            return False
        if row["error"]:  # an extra that reads it may have been installed since
            return False
        same = row["bytes"] == status.st_size and row["mtime"] == status.st_mtime_ns
        return bool(same) and is_whole(row)


def _make_room(folder: Path, own: Path) -> None:
    """Remove the files that were used the longest time ago, if all together are too large."""
    files = [(file.stat(), file) for file in folder.glob(f"*{SUFFIX}") if file != own]
    total = sum(status.st_size for status, _ in files)
    for status, file in sorted(files, key=lambda item: item[0].st_mtime):
        if total <= MOST_BYTES:
            return
        file.unlink(missing_ok=True)
        total -= status.st_size
