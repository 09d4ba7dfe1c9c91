"""A data set in a zip file on the web: downloaded once, checked by its sha1, unpacked into the cache folder."""

import hashlib
import http.client
import tempfile
import urllib.request
import zipfile
from collections.abc import Generator
from pathlib import Path

import platformdirs

from engine.config import DataConfig
from engine.errors import DataError, EngineError
from engine.protocol import Loading

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30


def locate(config: DataConfig, seed: int) -> Generator[Loading, None, Path]:
    """Folder of the unpacked archive: the one inside it that holds `train`, else the outermost.

    Raises:
        EngineError: the download failed.
        DataError: the file is not the one that was promised, or cannot be unpacked.
    """
    assert config.url is not None and config.sha1 is not None
    cache = Path(platformdirs.user_cache_dir("finetune-tui"))
    root = config.root or cache / f"archive-{config.sha1[:12].lower()}"
    if not root.is_dir():
        try:
            yield from _fetch(config.url, config.sha1.lower(), root)
        except zipfile.BadZipFile as error:
            raise DataError("Archive not unpacked", f"{config.url} is no sound zip file: {error}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise EngineError(
                "Download failed",
                f"{config.url}: {reason}; check the connection and the free space in {root.parent}, or fetch the "
                f"file yourself, unpack it and use `data.source: folder` with --data DIR",
            ) from None
    return min((folder.parent for folder in root.rglob("train") if folder.is_dir()), default=root)


def _fetch(url: str, sha1: str, root: Path) -> Generator[Loading, None, None]:
    root.parent.mkdir(parents=True, exist_ok=True)
    # All happens in a folder of its own beside the target: a broken download is never taken for whole.
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-") as scratch:
        file = Path(scratch) / "archive.zip"
        digest = hashlib.sha1(usedforsecurity=False)
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer, file.open("wb") as out:
            total, done = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(CHUNK):
                out.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                yield Loading(f"downloading {url.rpartition('/')[2]}", done, total)
        if digest.hexdigest() != sha1:
            raise DataError(
                "Wrong archive",
                f"{url}: sha1 is {digest.hexdigest()}, expected {sha1}; try again, or correct data.sha1",
            )
        yield Loading("unpacking")
        with zipfile.ZipFile(file) as archive:
            archive.extractall(Path(scratch) / "content")
        try:
            (Path(scratch) / "content").rename(root)
        except OSError:
            if not root.is_dir():  # else another process was faster
                raise
