"""The run that is preempted: it downloads, fits a head, compiles, averages and tests, by one process or by two."""

import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import yaml

from engine.protocol import (
    AverageScored,
    BestTested,
    EpochDone,
    Evaluating,
    Event,
    Loading,
    Preparing,
    RunFinished,
    TrainStep,
)
from tests.engine.backbones import NORM

EPOCHS = 3
EXIT = 85
"the exit status after a signal"
CHUNKS, CHUNK_SECONDS = 20, 0.05
"the parts that the archive is sent in, and the time between two of them"

PHASES = {
    "loading the libraries": 3.0,
    "waiting for the other process": 0.3,
    "downloading": 1.0,
    "a server that does not answer": 0.1,
    "looking for pictures": 0.3,
    "building the model": 0.1,
    "computing features": 0.1,
    "fitting the head": 0.1,
    "compiling": 6.0,
    "training": 0.5,
    "saving": 0.02,
    "evaluating": 0.1,
    "averages and final test": 0.2,
}
"what a run does, and how long to wait at most, after it begins that, for the moment of a signal"
BY_TEXT = {
    "loading PyTorch": "loading the libraries",
    "waiting for the other": "waiting for the other process",
    "downloading": "downloading",
    "looking for pictures": "looking for pictures",
    "looking for prepared": "looking for pictures",
    "building": "building the model",
    "fitting the head": "fitting the head",
    "compiling": "compiling",
    "saving": "saving",
}
"by how the text of `Loading` begins"


class Kind(NamedTuple):
    """A way to train the same pictures."""

    name: str
    processes: int
    compiles: bool


KINDS = (Kind("one process", 1, False), Kind("two processes", 2, False))
COMPILED = (Kind("one process, compiled", 1, True), Kind("two processes, compiled", 2, True))


class Phase:
    """What a run does, from its events."""

    def __init__(self) -> None:
        self.now = ""
        self._last_epoch = False

    def fold(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case Loading():
                found = [phase for text, phase in BY_TEXT.items() if event.what.startswith(text)]
                self.now = found[0] if found else self.now
            case Preparing(what="features"):
                self.now = "computing features"
            case TrainStep():
                self.now = "training"
            case EpochDone():
                self._last_epoch = event.epoch == event.epochs
                self.now = "averages and final test" if self._last_epoch else "training"
            case Evaluating() | AverageScored() | BestTested():
                self.now = "averages and final test" if self._last_epoch else "evaluating"
            case RunFinished():
                self.now = "ended"


class Archive:
    """A web server that sends the pictures slowly, or does not answer."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.silent = threading.Event()
        self.url = ""

    @property
    def sha1(self) -> str:
        """Of the archive."""
        return hashlib.sha1(self.content, usedforsecurity=False).hexdigest()


@contextmanager
def serving(pictures: Path) -> Iterator[Archive]:
    """Serve the pictures of a folder as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for picture in sorted(pictures.rglob("*.jpg")):
            file.write(picture, picture.relative_to(pictures))
    archive = Archive(buffer.getvalue())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):  # the client may be gone
                if archive.silent.is_set():
                    time.sleep(60.0)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(archive.content)))
                self.end_headers()
                size = -(-len(archive.content) // CHUNKS)
                for start in range(0, len(archive.content), size):
                    self.wfile.write(archive.content[start : start + size])
                    time.sleep(CHUNK_SECONDS)

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    archive.url = f"http://127.0.0.1:{http.server_port}/pictures.zip"
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield archive
    finally:
        http.shutdown()


def write_config(home: Path, kind: Kind, archive: Archive, weights: Path) -> Path:
    """The configuration of a run below a folder."""
    settings = {
        "device": "cpu",
        "init": "pretrained",
        "data": {
            **{"source": "archive", "url": archive.url, "sha1": archive.sha1, "root": str(home / "pictures")},
            **{"image_size": 32, "batch_size": 4, "threads": 2},
        },
        "model": {"name": NORM, "weights": str(weights), "head": "fitted"},
        "train": {"epochs": EPOCHS, "compile": kind.compiles, "average": True},
        "checkpoint": {"dir": str(home / "runs"), "every_seconds": 0.2, "signal_exit": EXIT},
        "hooks": {"preempted": ["sh", "-c", "echo $FINETUNE_MESSAGE"]},
    }
    file = home / "config.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file
