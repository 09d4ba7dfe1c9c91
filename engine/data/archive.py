"""A data set in a zip file on the web. It is downloaded, checked by its sha1 and unpacked once."""

import http.client
import tempfile
from collections.abc import Generator
from pathlib import Path

from platformdirs import user_cache_path

from engine.config.sections import DataConfig
from engine.data.listing.kinds import is_hidden
from engine.data.unzip import unzip
from engine.errors import DataError, EngineError
from engine.hardware.download import download, reason
from engine.protocol import Loading


def locate(config: DataConfig, seed: int) -> Generator[Loading, None, Path]:
    """Download and unpack the archive, unless that has been done. Returns the folder with the pictures.

    It is unpacked into `data.root` or a folder in the user's cache. If the archive contains only one folder, that
    folder is returned, and so on.

    Raises:
        EngineError: the download failed.
        DataError: the file has another sha1 than `data.sha1`, or cannot be unpacked.
    """
    assert config.url is not None and config.sha1 is not None
    sha1 = config.sha1.lower()
    root = _root(config)
    if not _is_there(root):
        try:
            yield from _fetch(config.url, sha1, root)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError(
                "Download failed",
                f"{config.url}: {reason(error)}; check the connection and the free space in {root.parent}, or fetch "
                f"the file yourself, unpack it and train on its folder with --data DIR",
            ) from None
    return _innermost(root)


def find_local(config: DataConfig, seed: int) -> Path | None:
    """The same folder without a download; `None` if it does not exist yet."""
    root = _root(config)
    return _innermost(root) if _is_there(root) else None


def _root(config: DataConfig) -> Path:
    assert config.sha1 is not None
    return config.root or user_cache_path("finetune-tui", appauthor=False) / f"archive-{config.sha1.lower()[:12]}"


def _is_there(root: Path) -> bool:
    return root.is_dir() and any(root.iterdir())


def _fetch(url: str, sha1: str, root: Path) -> Generator[Loading, None, None]:
    root.parent.mkdir(parents=True, exist_ok=True)
    # Work in a temporary folder and rename it at the end, so that an incomplete download is never used.
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-", ignore_cleanup_errors=True) as scratch:
        file, content = Path(scratch) / "archive.zip", Path(scratch) / "content"
        found = yield from download(url, file, "sha1")
        if found != sha1:
            raise DataError(
                "Wrong archive", f"{url}: its sha1 is {found}, expected {sha1}; try again, or correct data.sha1"
            )
        yield from unzip(file, content, url)
        try:
            content.rename(root)
        except OSError:
            if not root.is_dir():  # otherwise another process was faster
                raise


def _innermost(folder: Path) -> Path:
    """The folder itself; if it contains only one folder, that folder, and so on."""
    while True:
        inner = [entry for entry in folder.iterdir() if entry.is_dir() and not is_hidden(entry.name)]
        if len(inner) != 1 or inner[0].name == "train":
            return folder
        folder = inner[0]
