"""Small versions of picture files, decoded in a thread: no key waits for a file.

Loads no Textual, and Pillow only when the first picture is decoded.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from PIL import Image

SIDE = 768  # pixels of the longer side at most: enough for a terminal of 96 columns
KEPT = 8  # pictures, of 2 MiB at most each
MISSING, BROKEN = "not on this machine", "cannot be read"

Found = Union["Image.Image", str]
"a picture, or why it cannot be shown"


def thumbnail(path: str) -> Found:
    """The picture in RGB, its longer side `SIDE` pixels at most, or why there is none."""
    from engine.data.reading.decoder import read
    from engine.data.reading.opening import MissingPictureError, UnreadablePictureError

    try:
        return read(path, longer=SIDE)[0]
    except MissingPictureError:
        return MISSING
    except UnreadablePictureError:
        return BROKEN


class Thumbnails:
    """Keeps the pictures that were asked for last. The one that was asked for last is decoded first."""

    def __init__(self, ready: Callable[[], object]) -> None:
        """`ready` is called, in the thread, when a picture has been decoded."""
        self._ready = ready
        self._found: OrderedDict[str, Found] = OrderedDict()
        self._wanted = ""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def get(self, path: str) -> Found | None:
        """A picture, or why it cannot be shown; `None` while it is being decoded."""
        with self._changed:
            if path in self._found:
                self._found.move_to_end(path)
                return self._found[path]
            self._wanted = path
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._decode, name="thumbnails", daemon=True)
            self._thread.start()
        return None

    def _decode(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                path, self._wanted = self._wanted, ""
                known = path in self._found
            if not known:
                found = thumbnail(path)
                with self._changed:
                    self._found[path] = found
                    while len(self._found) > KEPT:
                        self._found.popitem(last=False)
            self._ready()
