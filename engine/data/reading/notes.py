"""What is done to pictures that a person should know of. It is found in the head of a file, and counted."""

import threading
from contextlib import suppress
from enum import Enum

from PIL import Image

from engine.data.reading import large
from engine.data.reading.colour import is_usable
from engine.data.reading.tones import is_deep
from engine.protocol.printable import printable

_WITH_MORE = ("GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIF")  # formats of animations and of pages


class Note(Enum):
    """Something that is done to a picture; the value says it of several."""

    TONES = (
        "have 16 bits or more, or floats, for a pixel: in each, the darkest value becomes black, the brightest white"
    )
    REDUCED = f"have more than {large.megapixels(large.LARGE)} megapixels and are decoded at a reduced scale"
    FIRST = "have several frames or pages: the first one is taken"
    PROFILE = "have a colour profile that cannot be used: it is ignored"


def notes_of(picture: Image.Image) -> list[Note]:
    """The notes on an opened picture that has not been loaded. Its pixels are not decoded."""
    found = []
    if is_deep(picture):
        found.append(Note.TONES)
    elif (profile := picture.info.get("icc_profile")) and not is_usable(profile, colours_of(picture)):
        found.append(Note.PROFILE)
    if picture.width * picture.height > large.LARGE:
        found.append(Note.REDUCED)
    if picture.format in _WITH_MORE:
        with suppress(Exception):  # what follows the first picture may be damaged
            if getattr(picture, "is_animated", False):
                found.append(Note.FIRST)
    return found


def colours_of(picture: Image.Image) -> str:
    """The mode that a picture has without its palette and its transparency, such as L, RGB or CMYK."""
    if picture.mode in ("L", "CMYK", "LAB"):
        return picture.mode
    return "L" if picture.mode in ("1", "LA", "La") else "RGB"


class Notes:
    """Counts the files of each note. Safe to use from several threads."""

    def __init__(self) -> None:
        self._files: dict[Note, dict[str, None]] = {}
        self._said: set[Note] = set()
        self._lock = threading.Lock()

    def add(self, path: str, notes: list[Note]) -> None:
        """Count a file once for each note."""
        if notes:
            with self._lock:
                for note in notes:
                    self._files.setdefault(note, {})[path] = None

    def unsaid(self, all_known: bool = False) -> list[str]:
        """A sentence for each note that has not been said yet. `all_known`: no file of the run is left to look at."""
        if len(self._files) == len(self._said):
            return []
        with self._lock:
            new = {note: files for note, files in self._files.items() if note not in self._said}
            self._said.update(new)
            return [
                f"{'' if all_known else 'at least '}{_words(note, len(files))} (such as {printable(next(iter(files)))})"
                for note, files in new.items()
            ]


def _words(note: Note, count: int) -> str:
    """What is done to so many pictures."""
    if count == 1:
        return f"1 picture {note.value.replace('have ', 'has ').replace('are ', 'is ')}"
    return f"{count:,} pictures {note.value}"
