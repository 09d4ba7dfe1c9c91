"""The demo's pictures. The program draws them into the user's cache folder."""

from collections.abc import Generator
from pathlib import Path

from engine.config.sections import DataConfig
from engine.errors import DataError
from engine.protocol import Loading


def locate(config: DataConfig, seed: int) -> Generator[Loading, None, Path]:
    """Draw the pictures, unless they exist already. Returns their folder.

    Raises:
        DataError: the pictures cannot be written.
    """
    # Imported here because only the demo needs this module.
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
    """The same folder without drawing; `None` if the pictures are not complete."""
    from engine.demo.dataset import default_root, is_complete

    root = config.root or default_root(seed)
    return root if is_complete(root) else None
