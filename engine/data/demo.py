"""The demo's data: pictures drawn by the program, kept in the user's cache folder."""

from collections.abc import Generator
from pathlib import Path

from engine.config.sections import DataConfig
from engine.errors import DataError
from engine.protocol import Loading


def locate(config: DataConfig, seed: int) -> Generator[Loading, None, Path]:
    """Folder of the drawn pictures, which are drawn first where they are not there yet.

    Raises:
        DataError: they cannot be written.
    """
    # Late: only the demo needs the drawings.
    from engine.demo.dataset import default_root, ensure_demo_dataset

    root = config.root or default_root(seed)
    try:
        for done, total in ensure_demo_dataset(root, seed):
            yield Loading("drawing pictures", done, total)
    except OSError as error:
        raise DataError(
            "Demo pictures not written",
            f"{root}: {error.strerror or error}; free some space or name another folder with data.root",
        ) from None
    return root


def find_local(config: DataConfig, seed: int) -> Path | None:
    """The same folder, where the pictures have been drawn; else none."""
    from engine.demo.dataset import default_root, is_complete

    root = config.root or default_root(seed)
    return root if is_complete(root) else None
