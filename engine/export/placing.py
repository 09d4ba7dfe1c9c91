"""Gives an exported file or folder its name once it is checked. Loads no torch."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UserError
from engine.export.formats import FORMATS
from engine.storage.atomic import atomic_folder

OWN_FILES = {"config.json", "model.safetensors"}
"of an exported folder; one with others in it may be anything, and is not replaced"


def check_place(path: Path, form: str, checkpoint: Path, force: bool) -> None:
    """Raise `UserError` if a file of this format cannot have this name, or if there is something that is to stay."""
    ending = FORMATS[form].ending
    if path.suffix.lower() != ending and ending:
        raise UserError("Unclear arguments", f"--output {path}: the name of a file of {form} ends with {ending}")
    if not path.parent.is_dir():
        raise UserError("No such folder", f"--output {path}: {path.parent} is no folder; make it, or name another one")
    if not os.path.lexists(path):
        return
    if path.exists() and path.samefile(checkpoint):
        raise UserError("File exists", f"{path} is the checkpoint itself; name another file with --output")
    if not force:
        raise UserError("File exists", f"{path} exists; name another one with --output, or replace it with --force")
    if path.is_dir() and not path.is_symlink():
        others = sorted(file.name for file in path.iterdir() if file.name not in OWN_FILES)
        if ending or others:
            found = f" with {others[0]} in it" if others else ""
            raise UserError("File exists", f"{path} is a folder{found}, which --force does not replace; name another")


@contextlib.contextmanager
def placed(path: Path) -> Iterator[Path]:
    """A path of the same name in a temporary folder, for the caller to write to; at the end it becomes `path`.

    After an exception there is nothing new, and what was at `path` before is still there.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_folder(path) as temporary:
        inner = temporary / path.name
        yield inner
        _finish(inner, temporary.stat().st_mode & 0o666)
        if path.is_dir() and not path.is_symlink():
            path.rename(temporary / "before")
            try:
                inner.rename(path)
            except OSError:
                (temporary / "before").rename(path)
                raise
        else:
            inner.replace(path)


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]


def _finish(path: Path, mode: int) -> None:
    """Have everything on the disk, so that not even a power cut leaves half of it, and readable as other files are."""
    for file in _files(path):
        file.chmod(mode)  # safetensors makes files for their owner alone
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
