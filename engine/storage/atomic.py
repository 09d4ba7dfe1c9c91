"""Temporary files of writes under way, so that none is left over, however a process ends."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

# Changed and copied in single steps of the interpreter: a lock would keep a signal handler waiting for the very
# thread it interrupts.
_under_way: set[Path] = set()


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary file's path beside `path`, which the caller writes and then renames to `path`.

    It is always the same one: what a crash leaves is overwritten by the next attempt. Where it has not been
    renamed at the end it is removed.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    _under_way.add(temporary)
    try:
        yield temporary
    finally:
        _remove(temporary)
        _under_way.discard(temporary)


def discard() -> None:
    """Remove the temporary files of all threads; for a process that ends at once, whose writes are not to go on."""
    for temporary in tuple(_under_way):
        _remove(temporary)


def clean(folder: Path) -> None:
    """Remove what a crash left in a run's folder, which no other process may be writing to."""
    for pattern in (".*.tmp", "*/.*.tmp", "*/*/.*.tmp"):
        for temporary in folder.glob(pattern):
            _remove(temporary)


def _remove(temporary: Path) -> None:
    with contextlib.suppress(OSError):  # it is in nobody's way
        temporary.unlink(missing_ok=True)
