"""A cache of decoded pictures on the disk. Both arms and later runs share it.

The file `index` has a record of fixed size for each picture. A record is written after the picture, so that it always
refers to a complete one. The file `pixels` has the bytes of all pictures, each followed by its record, and only grows.
Several processes may read and write at the same time.

Files are read, not mapped to memory: a file that is cut short under a map ends the process with SIGBUS.
"""

import fcntl
import hashlib
import os
import shutil
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engine.data.encoded import Encoded, decode
from engine.data.pictures import Pixels

FORMAT = 3  # increase it when the same key gets other pixels
RECORD = np.dtype(
    [("offset", "<u8"), ("length", "<u8"), ("height", "<u4"), ("width", "<u4"), ("crc", "<u4"), ("kind", "<u4")]
)  # kind: RAW or JPEG, 0 if the picture is not stored


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

    def __init__(self, folder: Path, pictures: int, budget: int, needed: int = 0) -> None:
        """Open or create the store in `folder` for `pictures` pictures. `budget`: bytes for all stores together.

        Stores that were not used for longest are removed, so that `needed` bytes and at least half the budget are free.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
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
        self._losses: Counter[int] = Counter()
        self._budget = budget
        self._room = budget - _make_room(folder, budget, max(min(needed, budget), budget // 2))
        self.full = ""
        self.damage = ""
        "why a stored picture could not be read; empty if all could"

    def __contains__(self, place: int) -> bool:
        return bool(self._record(place)["kind"])

    @property
    def stored(self) -> int:
        """Number of stored pictures that this process knows of."""
        return int(np.count_nonzero(self._index["kind"]))

    @property
    def bytes(self) -> int:
        """Size of all pictures on the disk in bytes; 0 if it cannot be read."""
        with suppress(OSError):
            return os.fstat(self._pixels_file.fileno()).st_size
        return 0

    def get(self, place: int) -> Pixels | None:
        """The pixels of a picture; `None` if they are not stored or cannot be read. The caller must not change them."""
        record = self._record(place).copy()  # another thread may change it
        if not record["kind"]:
            return None
        try:
            return decode(self._read(place, record))
        except (OSError, ValueError) as error:
            self._lose(place, record, (error.strerror if isinstance(error, OSError) else None) or str(error))
            return None

    def put(self, place: int, picture: Encoded) -> bool:
        """Store a picture. Returns whether it is stored; if not, `full` may have the reason.

        A picture that was lost is stored anew. If it is lost again, nothing more is stored: it may be lost each time.
        """
        data = np.ascontiguousarray(picture.data)
        with self._lock:
            if self.full:
                return False
            try:
                with _exclusive(self._pixels_file):
                    if self._record(place)["kind"]:
                        return True  # another process was faster
                    offset = os.fstat(self._pixels_file.fileno()).st_size
                    if offset + data.nbytes + RECORD.itemsize > self._room:
                        self.full = f"they take more than {self._budget / 2**30:.1f} GiB (data.cache_gib)"
                        return False
                    fields = (offset, data.nbytes, picture.height, picture.width, zlib.crc32(data.data), picture.kind)
                    record = np.array(fields, RECORD)
                    _write(self._pixels_file.fileno(), data.data, offset)
                    _write(self._pixels_file.fileno(), record.tobytes(), offset + data.nbytes)
                    _write(self._index_file.fileno(), record.tobytes(), place * RECORD.itemsize)
            except OSError as error:
                self.full = f"{self.folder}: {error.strerror or error}"
                return False
            self._index[place] = record
        return True

    def close(self) -> None:
        """Close the files. What a network drive fails to write at last is found to be damaged when it is read."""
        for file in (self._index_file, self._pixels_file):
            with suppress(OSError):
                file.close()

    def _record(self, place: int) -> Any:  # noqa: ANN401 - a numpy record
        """The record of a picture; an empty one is read again, because another process may have written it."""
        if not self._index["kind"][place] and not self._losses[place]:
            with suppress(OSError):
                found = os.pread(self._index_file.fileno(), RECORD.itemsize, place * RECORD.itemsize)
                if len(found) == RECORD.itemsize:
                    self._index[place] = np.frombuffer(found, RECORD)[0]
        return self._index[place]

    def _read(self, place: int, record: Any) -> Encoded:  # noqa: ANN401 - a numpy record
        """Read a picture. Raises `OSError` or `ValueError` if it is not there or damaged.

        The record behind it is compared each time. It is another one if the file was cut short and has grown again.
        The checksum is only computed once, because that takes longer than reading.
        """
        length = int(record["length"])
        buffer = _read(self._pixels_file.fileno(), length + RECORD.itemsize, int(record["offset"]))
        data = buffer[:length]
        if buffer[length:].tobytes() != record.tobytes():
            raise ValueError("the file was changed")
        if not self._checked[place]:
            if zlib.crc32(data.data) != record["crc"]:
                raise ValueError("wrong checksum")
            self._checked[place] = True
        return Encoded(int(record["kind"]), int(record["height"]), int(record["width"]), data)

    def _lose(self, place: int, record: Any, reason: str) -> None:  # noqa: ANN401 - a numpy record
        with self._lock:
            if self._index[place] != record:
                return  # another thread has lost it, too
            self._losses[place] += 1
            self._index["kind"][place] = 0
            self._checked[place] = False
            self.damage = self.damage or reason
            if self._losses[place] > 1:
                self.full = f"they cannot be read again: {reason}"


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


def _read(handle: int, length: int, offset: int) -> npt.NDArray[np.uint8]:
    """Read bytes of a file. Raises `OSError`, or `ValueError` if the file is too short."""
    if offset + length > os.fstat(handle).st_size:  # before memory is taken for a damaged record
        raise ValueError("the file was cut short")
    buffer = np.empty(length, np.uint8)
    view = buffer.data
    while view:
        count = os.preadv(handle, [view], offset)
        if not count:
            raise ValueError("the file was cut short")
        view, offset = view[count:], offset + count
    return buffer


def _make_room(folder: Path, budget: int, wanted: int) -> int:
    """Remove the least recently used stores until `wanted` bytes of the budget are free. Returns the others' bytes."""
    others: list[tuple[float, int, Path]] = []
    for other in folder.parent.iterdir():
        with suppress(OSError):
            if other != folder and (other / "index").exists():
                others.append((other.stat().st_mtime, (other / "pixels").stat().st_size, other))
    kept = sum(size for _, size, _ in others)
    for _, size, other in sorted(others):
        if kept <= budget - wanted:
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
