"""A file from the web, told as it grows."""

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
FROM = "finetune-tui"  # some servers send Python's own name away


def download(url: str, file: Path, algorithm: str) -> Generator[Loading, None, str]:
    """Write what is at `url` to `file`, a temporary one: what there is of it after an error is the caller's to remove.

    Yields how far it is, in bytes, and returns the hexadecimal digest by one of `hashlib`'s algorithms.

    Raises:
        OSError, http.client.HTTPException, ValueError: it cannot be had whole, or not be written; `reason` has words.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    what, done, reported = f"downloading {url.rpartition('/')[2]}", 0, 0.0
    yield Loading(what)  # a server that does not answer takes its time
    request = urllib.request.Request(url, headers={"User-Agent": FROM})
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
