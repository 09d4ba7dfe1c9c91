"""What is measured of a picture: a row of fixed size, the same in memory and on the disk."""

import hashlib
import zlib

import numpy as np
import numpy.typing as npt

SIDE = 32
"pixels of the side of the small grey picture"
COLOUR_SIDE = 8
"pixels of the side of the small picture of its two colour channels"

RECORD = np.dtype(
    [
        ("key", "<u8"),  # of the path
        ("bytes", "<u8"),  # size of the file
        ("mtime", "<i8"),  # in ns
        ("content", "<u8"),  # hash of the file's bytes
        ("width", "<u4"),
        ("height", "<u4"),
        ("format", "S8"),  # Pillow's name, such as `JPEG`; empty: unknown
        ("mode", "S8"),  # Pillow's name, such as `RGB`
        ("camera", "S40"),  # maker and model, from EXIF
        ("error", "S120"),  # why it cannot be decoded; empty if it can
        ("contrast", "u1"),  # largest difference of values within a channel
        ("grey", "u1", (SIDE, SIDE)),  # luma
        ("colour", "i1", (2, COLOUR_SIDE, COLOUR_SIDE)),  # Cb and Cr, 0 for grey
        ("check", "<u4"),  # CRC-32 of all that stands before
    ]
)

Rows = npt.NDArray[np.void]
"(pictures,) of `RECORD`"


def hash_bytes(data: bytes) -> int:
    """64 bits of BLAKE2b. With the size of the file beside it, two different files do not agree by chance."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def key_of(path: str) -> int:
    """What stands for a path in a row."""
    return hash_bytes(path.encode("utf-8", "surrogateescape"))


def seal(row: Rows) -> None:
    """Write the checksum of a row, of shape ()."""
    row["check"] = _crc(row.tobytes())


def is_whole(row: Rows) -> bool:
    """Whether the checksum of a row fits."""
    return bool(row["check"] == _crc(row.tobytes()))


def _crc(data: bytes) -> int:
    return zlib.crc32(data[: RECORD.itemsize - 4])


def text(value: bytes | np.bytes_) -> str:
    """A text field of a row."""
    return value.decode("utf-8", "replace")
