"""A cache of decoded pictures on the disk. Both arms and later runs share it.

The file `index` has a record of fixed size for each picture. A record is written after the pixels, so that it always
refers to a complete picture. The file `pixels` has the pixels of all pictures and only grows. Several processes may
read and write at the same time.
"""

import fcntl
import hashlib
import mmap
import os
import shutil
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engine.data.pictures import Pixels

FORMAT = 2  # increase it when the same key gets other pixels
RECORD = np.dtype([("offset", "<u8"), ("height", "<u4"), ("width", "<u4"), ("crc", "<u4"), ("stored", "<u4")])


def fingerprint(paths: Iterable[str], settings: object) -> str:
    """A key for pictures prepared with `settings`. It changes if a file changes.

    A file that cannot be accessed has a fingerprint, too; decoding reports its error later.
    """
    digest = hashlib.sha256(repr((FORMAT, settings)).encode())
    for path in paths:
        try:
            found = os.stat(path)  # noqa: PTH116 - half the time of Path for a million files
            digest.update(f"{os.path.abspath(path)!a} {found.st_size} {found.st_mtime_ns}\n".encode())  # noqa: PTH100
        except OSError as error:
            digest.update(f"{path!a} {error.errno}\n".encode())
    return digest.hexdigest()[:20]


class Store:
    """The pixels of a list of pictures, by their index in the list. Safe to use from several threads."""

    def __init__(self, folder: Path, pictures: int, budget: int) -> None:
        """Open or create the store in `folder` for `pictures` pictures. `budget`: bytes for all stores together.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._index_file, self._pixels_file = (_open(folder / name) for name in ("index", "pixels"))
        with suppress(OSError):
            os.utime(folder)  # its time is that of the last use
        fcntl.flock(self._index_file, fcntl.LOCK_SH)  # marks it as used, so that no other store removes it
        size = pictures * RECORD.itemsize
        if os.fstat(self._index_file.fileno()).st_size < size:
            os.ftruncate(self._index_file.fileno(), size)
        records = os.pread(self._index_file.fileno(), size, 0).ljust(size, b"\0")
        self._index: npt.NDArray[Any] = np.frombuffer(records, RECORD).copy()
        self._checked = np.zeros(pictures, bool)
        self._damaged: set[int] = set()
        self._map = mmap.mmap(-1, 1)
        self._budget = budget
        self._room = budget - _make_room(folder, budget)
        self.full = ""

    def __contains__(self, place: int) -> bool:
        return bool(self._record(place)["stored"])

    @property
    def stored(self) -> int:
        """Number of stored pictures that this process knows of."""
        return int(self._index["stored"].sum())

    @property
    def bytes(self) -> int:
        """Size of the pixels on the disk in bytes."""
        return os.fstat(self._pixels_file.fileno()).st_size

    def get(self, place: int) -> Pixels | None:
        """The pixels of a picture; `None` if they are not stored or damaged. The caller must not change them."""
        record = self._record(place)
        if not record["stored"]:
            return None
        offset, height, width = int(record["offset"]), int(record["height"]), int(record["width"])
        size = height * width * 3
        with self._lock:
            if offset + size > len(self._map):
                self._grow_map()
            pixels = np.frombuffer(self._map, np.uint8, size, offset) if offset + size <= len(self._map) else None
        if pixels is not None and not self._checked[place]:
            if zlib.crc32(pixels.data) != record["crc"]:
                pixels = None
            self._checked[place] = pixels is not None
        if pixels is None:
            self._damaged.add(place)  # the picture will be decoded and stored again
            self._index["stored"][place] = 0
            return None
        return pixels.reshape(height, width, 3)

    def put(self, place: int, pixels: Pixels) -> bool:
        """Store the pixels of a picture. Returns whether they are stored; if not, `full` has the reason."""
        data = np.ascontiguousarray(pixels)
        with self._lock:
            if self.full:
                return False
            try:
                with _exclusive(self._pixels_file):
                    if self._record(place)["stored"]:
                        return True  # another process was faster
                    offset = self.bytes
                    if offset + data.nbytes > self._room:
                        self.full = f"they take more than {self._budget / 2**30:.1f} GiB (data.cache_gib)"
                        return False
                    record = np.array((offset, *data.shape[:2], zlib.crc32(data.data), 1), RECORD)
                    _write(self._pixels_file.fileno(), data.data, offset)
                    _write(self._index_file.fileno(), record.tobytes(), place * RECORD.itemsize)
            except OSError as error:
                self.full = error.strerror or str(error)
                return False
            self._index[place] = record
            self._damaged.discard(place)
        return True

    def _record(self, place: int) -> Any:  # noqa: ANN401 - a numpy record
        """The record of a picture; an empty one is read again, because another process may have written it."""
        if not self._index["stored"][place] and place not in self._damaged:
            found = os.pread(self._index_file.fileno(), RECORD.itemsize, place * RECORD.itemsize)
            if len(found) == RECORD.itemsize:
                self._index[place] = np.frombuffer(found, RECORD)[0]
        return self._index[place]

    def close(self) -> None:
        """Close the files. Arrays that `get` returned stay valid."""
        self._index_file.close()
        self._pixels_file.close()

    def _grow_map(self) -> None:
        size = os.fstat(self._pixels_file.fileno()).st_size
        if size:
            # An array keeps the previous map open. The map is a private copy, because torch warns of arrays that
            # cannot be written to.
            self._map = mmap.mmap(self._pixels_file.fileno(), size, access=mmap.ACCESS_COPY)


def _open(path: Path) -> BinaryIO:
    # Not in append mode, which would ignore the offset of a write.
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")


@contextmanager
def _exclusive(file: BinaryIO) -> Iterator[None]:
    """Prevent other processes from writing."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _write(handle: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data).cast("B")
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def _make_room(folder: Path, budget: int) -> int:
    """Remove the least recently used stores until the others need at most half the budget. Returns their bytes."""
    others: list[tuple[float, int, Path]] = []
    for other in folder.parent.iterdir():
        with suppress(OSError):
            if other != folder and (other / "index").exists():
                others.append((other.stat().st_mtime, (other / "pixels").stat().st_size, other))
    kept = sum(size for _, size, _ in others)
    for _, size, other in sorted(others):
        if kept <= budget // 2:
            break
        if _in_use(other):
            continue
        shutil.rmtree(other, ignore_errors=True)
        kept -= size
    return kept


def _in_use(folder: Path) -> bool:
    try:
        with (folder / "index").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
