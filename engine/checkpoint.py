"""Checkpoint files: plain tensors and values, written so that a crash or a full disk never costs the one before."""

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from engine.errors import CheckpointError, SaveError

FORMAT = 1


def save(state: dict[str, Any], path: Path) -> int:
    """Write `state` to `path` whole or not at all; its size in bytes.

    The bytes go to a temporary file beside it, are synced and read back, and only then take the name:
    until then the checkpoint of that name stays as it was.

    Raises:
        SaveError: the folder cannot be written, the disk is full, or what was read back differs.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        _read(temporary)
        size = temporary.stat().st_size
        temporary.replace(path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        # torch words a full disk as a RuntimeError about its own writer; the system's words are clearer.
        reason = (getattr(error, "strerror", None) or _why_not_writable(path.parent)) or str(error).splitlines()[0]
        raise SaveError("Checkpoint not written", f"{path}: {reason}; the one before it is whole") from None
    return size


def load(path: Path) -> dict[str, Any]:
    """The state that `save` wrote, on the CPU, read without running any code in it.

    Raises:
        CheckpointError: the file is missing, damaged, holds code, or is of a newer format.
    """
    try:
        state = _read(path)
    except OSError as error:
        raise CheckpointError("Checkpoint not read", f"{path}: {error.strerror or error}") from None
    except (RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError):
        raise CheckpointError(
            "Checkpoint not read", f"{path} is damaged or no checkpoint; use another one of the folder"
        ) from None
    if not isinstance(state, dict) or "format" not in state:
        raise CheckpointError("Checkpoint not read", f"{path} is no checkpoint of this program")
    if state["format"] != FORMAT:
        raise CheckpointError(
            "Checkpoint not read",
            f"{path} has format {state['format']}, this version reads {FORMAT}; update it",
        )
    return state


def newest(folder: Path, arm: str = "*") -> tuple[Path, dict[str, Any]] | None:
    """Path and state of the newest sound checkpoint of a run, or of one of its arms; `None` if it has none.

    Raises:
        CheckpointError: there are some, and none can be read.
    """
    paths = sorted(folder.glob(f"{arm}/*.pt"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    broken: CheckpointError | None = None
    for path in paths:
        try:
            return path, load(path)
        except CheckpointError as error:
            broken = broken or error
    if broken is not None:
        raise broken
    return None


def _read(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return torch.load(path, map_location="cpu", weights_only=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _why_not_writable(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(1 << 16))
            probe.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""
