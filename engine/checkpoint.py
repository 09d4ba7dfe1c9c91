"""Checkpoint files: plain tensors and values, written so that a crash or a full disk never costs the one before."""

import contextlib
import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import torch

from engine.errors import CheckpointError, FormatError, SaveError

FORMAT = 1
KEYS = frozenset({"time", "arm", "step", "model", "optimizer", "history", "classes", "train_images", "config"})


class Found(NamedTuple):
    """A sound checkpoint, and those passed over because they cannot be read, each with the reason."""

    path: Path
    state: dict[str, Any]
    damaged: list[tuple[Path, str]]


def save(state: dict[str, Any], path: Path) -> int:
    """Write `state`, which has at least `KEYS`, to `path` whole or not at all; its size in bytes.

    The bytes go to a temporary file beside it, are synced and read back, and only then take the name:
    until then the checkpoint of that name stays as it was.

    Raises:
        SaveError: the folder cannot be written, the disk is full, or what was read back differs.
    """
    assert state.keys() >= KEYS
    # Always the same name: what a crash leaves is overwritten by the next attempt.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        _verify(temporary)
        _read(temporary)
        size = temporary.stat().st_size
        temporary.replace(path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError, CheckpointError) as error:
        raise SaveError("Checkpoint not written", f"{path}: {_reason(error)}; the one before it is whole") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return size


def load(path: Path) -> dict[str, Any]:
    """The state that `save` wrote, on the CPU, read without running any code in it.

    Raises:
        CheckpointError: the file is missing, damaged, holds code, or is of another format.
    """
    _verify(path)
    return _read(path)


def newest(folder: Path, arm: str = "*") -> Found | None:
    """The sound checkpoint saved last in a run, or in one of its arms; `None` if it has none.

    What counts is the time in the file: that of the file is lost when a folder is copied.

    Raises:
        CheckpointError: there are some and none can be read, or one is of another format.
    """
    damaged: list[tuple[Path, str]] = []
    times: dict[Path, float] = {}
    for path in sorted(folder.glob(f"{arm}/*.pt")):
        try:
            times[path] = float(_read(path, mmap=True)["time"])  # touches no tensor
        except FormatError:
            raise  # to go on with an older one would overwrite this one
        except CheckpointError as error:
            damaged.append((path, error.message))
    for path in sorted(times, key=times.__getitem__, reverse=True):
        try:
            return Found(path, load(path), damaged)
        except CheckpointError as error:
            damaged.append((path, error.message))
    if damaged:
        raise CheckpointError("No sound checkpoint", "; ".join(message for _, message in damaged))
    return None


def _verify(path: Path) -> None:
    """Compare every part of the file with its checksum; torch writes them and does not read them."""
    try:
        with zipfile.ZipFile(path) as parts:
            damaged = parts.testzip()
    except FileNotFoundError:
        raise CheckpointError("Checkpoint not read", f"{path} does not exist") from None
    except PermissionError as error:
        raise CheckpointError("Checkpoint not read", f"{path}: {error.strerror}") from None
    except Exception:  # what damaged bytes make a parser raise has no bounds
        damaged = "the whole"
    if damaged is not None:
        raise CheckpointError("Checkpoint not read", f"{path} is damaged or no checkpoint; use another one, or a copy")


def _read(path: Path, mmap: bool = False) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # as above
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            "Checkpoint not read", f"{path} is damaged or holds more than plain data, nothing of it was run ({reason})"
        ) from None
    if not isinstance(state, dict) or "format" not in state:
        raise CheckpointError("Checkpoint not read", f"{path} is no checkpoint of this program")
    if state["format"] != FORMAT:
        raise FormatError(
            "Checkpoint of another version",
            f"{path} has format {state['format']}, this version reads {FORMAT}; resume with the version that wrote it",
        )
    if missing := KEYS - state.keys():
        raise CheckpointError("Checkpoint not read", f"{path} lacks {', '.join(sorted(missing))}")
    return state


def _reason(error: BaseException) -> str:
    """Why a file was not written, in the system's words: torch's name its writer, and have the system's as context."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__context__
    return str(error).splitlines()[0]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
