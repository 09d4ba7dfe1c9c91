"""This process as one of another machine, and locks that another machine has left."""

import os
import socket
from pathlib import Path

import pytest

from engine.storage import heartbeat, holder
from engine.storage.holder import LOCK, Holder

N12 = Holder(4321, "n12", "Slurm job 4711", "12ab", "77")


def be_on(monkeypatch: pytest.MonkeyPatch, name: str, folder: Path) -> None:
    """Have this process believe that it runs on the machine `name`; `folder` is for what the system says of it."""
    boot = folder / f"boot-{name}"
    boot.write_text(name.encode().hex())
    monkeypatch.setattr(holder, "KERNEL", boot)
    monkeypatch.setattr(socket, "gethostname", lambda: name)


def left_by(folder: Path, who: Holder | str = N12, seconds: float = 0.0) -> Path:
    """The lock of a process whose last sign of life is so old. No other file of the folder is newer."""
    lock = folder / LOCK
    lock.write_text(who if isinstance(who, str) else who.line)
    at = lock.stat().st_mtime - seconds
    for file in folder.iterdir():
        os.utime(file, (at, at))
    return lock


def stand_still(monkeypatch: pytest.MonkeyPatch, folder: Path, seconds: float) -> None:
    """Have the file system say that the last sign of life is so old, however long the test takes."""
    monkeypatch.setattr(heartbeat, "_now", lambda _: max(heartbeat.last_sign(folder)) + seconds)
