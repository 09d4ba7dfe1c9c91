"""Unpacks a zip file that nobody vouches for: bounded in size and number, within its folder, member by member."""

import errno
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Generator, Sequence
from pathlib import Path, PurePosixPath

from engine.errors import DataError, EngineError
from engine.hardware.download import REPORT_SECONDS
from engine.protocol import Loading
from engine.protocol.printable import printable

TITLE = "Archive not unpacked"
MOST_MEMBERS = 5_000_000  # ImageNet's 22,000 classes have 14 million pictures, but come as several archives
MOST_TIMES = 100  # as large as the zip file; pictures are compressed already, a file of zeros shrinks a thousand times
ALWAYS = 1 << 30  # bytes that are unpacked even from a tiny file
CHUNK = 1 << 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""those of which Python unpacks a part at a time: with bzip2 a thousand bytes become gigabytes in memory, whatever the
size that the member says"""
UNBOUNDED = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "lzma"}
LONGEST_NAME = 200  # characters in a message
REMEDY = "make the archive anew, or unpack it yourself and train on its folder with --data DIR"
MEMBER_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"what reading a member raises; RuntimeError: it is encrypted"


def unzip(file: Path, folder: Path, source: str) -> Generator[Loading, None, None]:
    """Unpack a zip file into a folder, which may exist. `source` says in messages where the file came from.

    Raises:
        DataError: it is no zip file or a damaged one, has too many or too large members, or one that would be written
            elsewhere.
        EngineError: the disk is too full, or does not take a member.
    """
    try:
        archive = zipfile.ZipFile(file)
    except MEMBER_ERRORS as error:
        raise DataError(TITLE, f"{source} is not a valid zip file ({error}); correct data.url") from None
    with archive:
        members = archive.infolist()
        folder.mkdir(parents=True, exist_ok=True)
        _check(members, file.stat().st_size, folder, source)
        reported = 0.0
        for done, member in enumerate(members):
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                yield Loading("unpacking", done, len(members))
            try:
                _extract(archive, member, folder)
            except MEMBER_ERRORS as error:
                raise DataError(
                    TITLE, f"{source}: its member `{_name(member)}` is damaged or cannot be read ({error}); {REMEDY}"
                ) from None
            except (OSError, ValueError) as error:
                raise EngineError(TITLE, f"{source}: {_not_written(member, folder, error)}") from None


def _check(members: Sequence[zipfile.ZipInfo], packed: int, folder: Path, source: str) -> None:
    """Refuse what should not be unpacked before anything is written."""

    def refused(what: str) -> DataError:
        return DataError(TITLE, f"{source}: {what}; {REMEDY}")

    if len(members) > MOST_MEMBERS:
        raise refused(f"it has {len(members):,} members, at most {MOST_MEMBERS:,} are unpacked")
    for member in members:
        path = _path(member)
        if path.is_absolute() or ".." in path.parts:
            raise refused(f"it would write outside its folder: {_name(member)}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise refused(f"its member `{_name(member)}` is a link, not a file")
        if member.compress_type not in METHODS:
            how = UNBOUNDED.get(member.compress_type, f"method {member.compress_type}")
            raise refused(f"its member `{_name(member)}` is compressed with {how}, only deflate is unpacked")
    size = sum(member.file_size for member in members)
    most = max(MOST_TIMES * packed, ALWAYS)
    if size > most:
        raise refused(f"it would unpack to {_bytes(size)}, from {_bytes(packed)}; at most {_bytes(most)} are unpacked")
    free = shutil.disk_usage(folder).free
    if size > free:
        raise EngineError(
            TITLE,
            f"{source} would unpack to {_bytes(size)}, and {folder.parent} has {_bytes(free)} of free space; make "
            "room, or set data.root to a folder on another disk",
        )


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Write one member. No more is written than its size says, however much it would unpack to."""
    target = folder / _path(member)
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with archive.open(member) as packed, target.open("wb") as out:
        while chunk := packed.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile(f"it is larger than the {member.file_size:,} bytes that it says")
            out.write(chunk)
    if left:
        raise zipfile.BadZipFile(f"it ends {left:,} bytes early")


def _path(member: zipfile.ZipInfo) -> PurePosixPath:
    """The member's path; some programs write it as Windows has it."""
    return PurePosixPath(member.filename.replace("\\", "/"))


def _not_written(member: zipfile.ZipInfo, folder: Path, error: OSError | ValueError) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder.parent} is full; make room, or set data.root to a folder on another disk"
    reason = getattr(error, "strerror", None) or error
    return f"its member `{_name(member)}` cannot be written ({reason}); {REMEDY}"


def _name(member: zipfile.ZipInfo) -> str:
    name = printable(member.filename)
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."


def _bytes(size: int) -> str:
    """A size in decimal units: `4.5 TB`."""
    value, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if value < 999.5 or unit == "PB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
