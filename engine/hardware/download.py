"""Downloading a file, with its progress."""

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

from engine.protocol import Loading

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30  # without a byte
REPORT_SECONDS = 0.1  # between two reports of progress
USER_AGENT = "finetune-tui"  # some servers refuse the one of Python


def download(url: str, file: Path, algorithm: str) -> Generator[Loading, None, str]:
    """Download `url` to `file`, a temporary file. After an error the caller removes it.

    Yields the progress in bytes, and returns the hexadecimal digest by one of the algorithms of `hashlib`.

    Raises:
        OSError, http.client.HTTPException, ValueError: the download fails or is incomplete, or the file cannot be
            written. `reason` makes a message of the error.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    what, done, reported = f"downloading {url.rpartition('/')[2]}", 0, 0.0
    yield Loading(what)  # before the server answers, which may take long
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, file.open("wb") as out:
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


def reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    cause = getattr(error, "reason", error)
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
