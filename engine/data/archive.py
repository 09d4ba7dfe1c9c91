"""A data set in a zip file on the web: downloaded once, checked by its sha1, unpacked into the cache folder."""

import hashlib
import http.client
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Generator
from pathlib import Path, PurePosixPath

from platformdirs import user_cache_path

from engine.data.folder import is_hidden
from engine.errors import DataError, EngineError
from engine.protocol import Loading
from engine.sections import DataConfig

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30  # without a byte
REPORT_SECONDS = 0.1  # between two reports of progress


def locate(config: DataConfig, seed: int) -> Generator[Loading, None, Path]:
    """Folder of the unpacked archive, `data.root` or one in the user's cache; where it is there, nothing is done.

    Where the archive has a single folder, its inside is taken, and so on.

    Raises:
        EngineError: the download failed.
        DataError: the file is not the one that was promised, or cannot be unpacked.
    """
    assert config.url is not None and config.sha1 is not None
    sha1 = config.sha1.lower()
    root = config.root or user_cache_path("finetune-tui", appauthor=False) / f"archive-{sha1[:12]}"
    if not root.is_dir() or not any(root.iterdir()):
        try:
            yield from _fetch(config.url, sha1, root)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError(
                "Download failed",
                f"{config.url}: {_reason(error)}; check the connection and the free space in {root.parent}, or fetch "
                f"the file yourself, unpack it and train on its folder with --data DIR",
            ) from None
    return _innermost(root)


def _fetch(url: str, sha1: str, root: Path) -> Generator[Loading, None, None]:
    root.parent.mkdir(parents=True, exist_ok=True)
    # All happens in a folder of its own beside the target: a broken download is never taken for whole.
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-", ignore_cleanup_errors=True) as scratch:
        file, content = Path(scratch) / "archive.zip", Path(scratch) / "content"
        found = yield from _download(url, file)
        if found != sha1:
            raise DataError(
                "Wrong archive", f"{url}: its sha1 is {found}, expected {sha1}; try again, or correct data.sha1"
            )
        try:
            yield from _unpack(file, content)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            # RuntimeError: encrypted, or compressed in a way that Python cannot read.
            raise DataError("Archive not unpacked", f"{url} is no sound zip file ({error}); correct data.url") from None
        try:
            content.rename(root)
        except OSError:
            if not root.is_dir():  # else another process was faster
                raise


def _download(url: str, file: Path) -> Generator[Loading, None, str]:
    """Write what is at `url` to `file`; its sha1."""
    digest = hashlib.sha1(usedforsecurity=False)
    what, done, reported = f"downloading {url.rpartition('/')[2]}", 0, 0.0
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer, file.open("wb") as out:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read1(CHUNK):
            out.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                yield Loading(what, done, total)
    if done < total:
        raise OSError(f"the connection was cut off after {done} of {total} bytes")
    return digest.hexdigest()


def _unpack(file: Path, folder: Path) -> Generator[Loading, None, None]:
    reported = 0.0
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members:
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts:
                raise zipfile.BadZipFile(f"it would write outside its folder: {member.filename}")
        for done, member in enumerate(members):
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                yield Loading("unpacking", done, len(members))
            archive.extract(member, folder)


def _innermost(folder: Path) -> Path:
    """The folder itself, or the only one in it, and so on."""
    while True:
        inner = [entry for entry in folder.iterdir() if entry.is_dir() and not is_hidden(entry.name)]
        if len(inner) != 1 or inner[0].name == "train":
            return folder
        folder = inner[0]


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    cause = getattr(error, "reason", error)
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
