"""Files and folders that are written whole or not at all, by way of a temporary one, which is always removed."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

# Without a lock, on which a signal handler would wait for the very thread it interrupts. None is needed: each change
# and each copy is a single step of the interpreter.
_under_way: set[Path] = set()


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """The path of a temporary file beside `path`. The caller writes it and then renames it to `path`.

    The path is always the same, so that the next attempt overwrites what a crash left. If the caller has not renamed
    the file at the end, it is removed.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    _under_way.add(temporary)
    try:
        yield temporary
    finally:
        _remove(temporary)
        _under_way.discard(temporary)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A new temporary folder beside `path`, of whose content the caller renames something to `path`.

    It is removed at the end with all that is still in it. Its path is always the same, too.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    _under_way.add(temporary)
    try:
        _remove(temporary)
        temporary.mkdir()
        yield temporary
    finally:
        _remove(temporary)
        _under_way.discard(temporary)


def discard() -> None:
    """Remove the temporary files of all threads, in a process that ends at once."""
    for temporary in tuple(_under_way):
        _remove(temporary)


def clean(folder: Path) -> None:
    """Remove the temporary files that a crash left in a run's folder. No other process may write to the folder."""
    for pattern in (".*.tmp", "*/.*.tmp", "*/*/.*.tmp"):
        for temporary in folder.glob(pattern):
            _remove(temporary)


def _remove(temporary: Path) -> None:
    with contextlib.suppress(OSError):  # a file that stays does no harm
        if temporary.is_dir():
            shutil.rmtree(temporary)
        temporary.unlink(missing_ok=True)
