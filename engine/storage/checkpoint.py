"""Checkpoint files: plain tensors and values. A crash or a full disk during a write leaves the previous file intact.

A file is the ZIP archive that `torch.save` makes. Its comment is the SHA-256 of all bytes before the comment.
"""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch

from engine.errors import CheckpointError, FormatError, SaveError
from engine.storage.atomic import atomic_write
from engine.storage.fence import ensure_current

FORMAT = 2
DIGEST = 64  # characters of a checksum
BUFFER = 2**20  # bytes of a file in memory while its checksum is computed
PLACE = frozenset({"arm", "branch", "step", "change", "epoch", "time", "reason", "commands"})
KEYS = PLACE | {"model", "optimizer", "evaluated", "history", "classes", "train_images", "config"}


class Found(NamedTuple):
    """A sound checkpoint, and newer ones that cannot be read, each with the reason."""

    path: Path
    state: dict[str, Any]
    damaged: list[tuple[Path, str]]


def save(state: dict[str, Any], path: Path) -> int:
    """Write `state`, which has at least `KEYS`, to `path`, whole or not at all; the size in bytes.

    A temporary file beside it is written, synced and read back, and only then renamed to `path`. Until then a
    checkpoint at `path` stays as it is.

    Raises:
        SaveError: the folder cannot be written, the disk is full, or the bytes read back differ.
    """
    assert state.keys() >= KEYS
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            with temporary.open("wb") as file:
                torch.save({"format": FORMAT, **state}, file)
            seal(temporary)
            _verify(temporary)
            _read(temporary)
            size = temporary.stat().st_size
            ensure_current()
            temporary.replace(path)
    except (OSError, RuntimeError, CheckpointError) as error:
        raise _not_written(path, error) from None
    _sync_folder(path)
    return size


def seal(path: Path) -> None:
    """Append the checksum to a file that `torch.save` wrote, and sync the file.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("r+b") as file:
        # An archive without a comment ends with the length of the comment.
        file.seek(-2, os.SEEK_END)
        file.write(DIGEST.to_bytes(2, "little"))
        end = file.tell()
        file.seek(0)
        digest = _digest(file, end)
        file.write(digest)
        file.flush()
        os.fsync(file.fileno())


def link(path: Path, other: Path) -> None:
    """Make `other` another name of the checkpoint `path`, whole or not at all.

    Raises:
        SaveError: the folder cannot be written, or the file system has no hard links and no room for a copy.
    """
    try:
        other.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(other) as temporary:
            temporary.unlink(missing_ok=True)
            try:
                os.link(path, temporary)
            except OSError:  # whatever the reason, a copy either works or fails for the same reason
                _copy(path, temporary)
            ensure_current()
            temporary.replace(other)
    except (OSError, CheckpointError) as error:
        raise _not_written(other, error) from None
    _sync_folder(other)


def load(path: Path) -> dict[str, Any]:
    """The state that `save` wrote, on the CPU. No code in the file is run.

    Raises:
        CheckpointError: the file is missing or damaged, holds code, or has another format.
    """
    _verify(path)
    return _read(path)


def newest(folder: Path, arm: str = "*") -> Found | None:
    """The newest sound checkpoint of a run or of one of its arms, restore points included; `None` if there are none.

    The time in the checkpoint counts, because copying a folder changes the time of the file.

    Raises:
        CheckpointError: there are checkpoints but none can be read, or one has another format.
    """
    damaged: list[tuple[Path, str]] = []
    found: list[tuple[float, bool, bool, Path]] = []
    for path in sorted(folder.glob(f"{arm}/*.pt")) + sorted(folder.glob(f"{arm}/points/*.pt")):
        try:
            found.append((float(peek(path)["time"]), path.parent.name != "points", path.name == "last.pt", path))
        except FormatError:
            raise  # a run that goes on from an older one would overwrite this one
        except CheckpointError as error:
            damaged.append((path, error.message))
    for *_, path in sorted(found, reverse=True):
        try:
            return Found(path, load(path), damaged)
        except CheckpointError as error:
            damaged.append((path, error.message))
    if damaged:
        raise CheckpointError("No sound checkpoint", "; ".join(message for _, message in damaged))
    return None


def peek(path: Path) -> dict[str, Any]:
    """The state of a checkpoint without reading its tensors, which would take long for many files.

    The checksum of the whole file is therefore not compared, only the archive's own one of the plain values.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                if name.endswith("/data.pkl"):
                    parts.read(name)
    except Exception:  # a parser can raise anything on damaged bytes
        _verify(path)
        raise _damaged(path) from None
    try:
        return _read(path, mmap=True)
    except FormatError:
        raise
    except CheckpointError:  # not every file system can map files
        return _read(path)


def _verify(path: Path) -> None:
    """Compare the file with its checksum."""
    try:
        with path.open("rb") as file:
            end = max(os.fstat(file.fileno()).st_size - DIGEST, 0)
            sound = _digest(file, end) == file.read()
    except FileNotFoundError:
        raise CheckpointError("Checkpoint not read", f"{path} does not exist") from None
    except OSError as error:
        raise CheckpointError("Checkpoint not read", f"{path}: {error.strerror}") from None
    if not sound:
        raise _damaged(path)


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        "Checkpoint not read", f"{path} is damaged or no checkpoint of this program; use another one, or a copy"
    )


def _digest(file: BinaryIO, size: int) -> bytes:
    """The checksum of the next `size` bytes of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    while size > 0 and (part := file.read(min(size, BUFFER))):
        digest.update(part)
        size -= len(part)
    return digest.hexdigest().encode()


def _copy(path: Path, other: Path) -> None:
    shutil.copyfile(path, other)
    with other.open("rb") as file:
        os.fsync(file.fileno())
    _verify(other)


def _read(path: Path, mmap: bool = False) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # a parser can raise anything on damaged bytes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            "Checkpoint not read", f"{path} is damaged or holds more than plain data, nothing of it was run ({reason})"
        ) from None
    if not isinstance(state, dict) or "format" not in state:
        raise CheckpointError("Checkpoint not read", f"{path} is no checkpoint of this program")
    if state["format"] != FORMAT:
        _verify(path)  # the number itself may be damaged
        raise FormatError(
            "Checkpoint of another version",
            f"{path} has format {state['format']}, this version reads {FORMAT}; resume with the version that wrote it",
        )
    if missing := KEYS - state.keys():
        raise CheckpointError("Checkpoint not read", f"{path} lacks {', '.join(sorted(missing))}")
    return state


def _not_written(path: Path, error: Exception) -> SaveError:
    before = "the one before it is whole" if path.exists() else "there is none before it"
    return SaveError("Checkpoint not written", f"{path}: {_reason(error)}; {before}")


def _reason(error: BaseException) -> str:
    """The system's reason why a file was not written. An error of torch has the system's error as its context."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__context__
    return str(error).splitlines()[0]


def _sync_folder(path: Path) -> None:
    """Have the disk take a name that a file has got.

    Raises:
        SaveError: it does not say that it has; the file itself is whole.
    """
    try:
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        reason = f"{path}: {_reason(error)}; the file is whole, but it may not outlast a failure of the power"
        raise SaveError("Checkpoint not written", reason) from None
