"""Copies or links pictures into a folder per class. Never overwrites or moves a file. Loads no torch."""

import filecmp
import shutil
from itertools import count
from pathlib import Path

from engine.errors import UserError
from engine.protocol.printable import printable


class Sorter:
    """Puts pictures into folders named after their classes."""

    def __init__(self, root: Path, links: bool) -> None:
        """With `links`, the folders get symbolic links to the pictures; otherwise copies.

        Raises:
            UserError: `root` cannot be made.
        """
        self._root = root
        self._links = links
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_written(root, error) from None

    def put(self, file: Path, label: str) -> Path:
        """Put a picture into the folder of a class; its new path.

        If another picture has that name already, a number is added. A picture that is there already stays as it is.

        Raises:
            UserError: the folder cannot be written.
        """
        folder = self._root / label.replace("/", "_").replace("\0", "_")
        names = (file.name if number == 1 else f"{file.stem}-{number}{file.suffix}" for number in count(1))
        target = folder
        try:
            folder.mkdir(exist_ok=True)
            for target in (folder / name for name in names):
                if not target.exists() and not target.is_symlink():
                    self._place(file, target)
                    return target
                if target.exists() and filecmp.cmp(file, target, shallow=False):
                    return target
        except OSError as error:
            raise _not_written(target, error) from None
        raise AssertionError("the numbers do not end")

    def _place(self, file: Path, target: Path) -> None:
        if self._links:
            target.symlink_to(file.absolute())
            return
        try:
            shutil.copy2(file, target)
        except OSError:
            target.unlink(missing_ok=True)  # the disk is full: half a picture would be worse than none
            raise


def _not_written(path: Path, error: OSError) -> UserError:
    return UserError("Not sorted", f"{printable(str(path))}: {error.strerror or error}; name another --sort-into DIR")
