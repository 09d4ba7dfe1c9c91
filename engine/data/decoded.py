"""Decoded pictures: taken from the store, or decoded from their files and then stored.

With the cache format `jpeg`, training pictures have the pixels of a JPEG of high quality, stored or not.
So a run trains on the same pixels whatever the store has, in each epoch and after a resume.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
from PIL import Image

from engine.data.encoded import QUALITY, Encoded, Format, encode
from engine.data.encoded import decode as decode_stored
from engine.data.pictures import (
    Pixels,
    Preparation,
    UnreadablePictureError,
    check,
    decode,
    decode_bounded,
    test_pixels,
)
from engine.data.reading.decoder import look
from engine.data.reading.notes import Notes
from engine.data.samples import Catalogue
from engine.data.store import Store


class Decoded:
    """The pixels of picture files. They are the same with and without a store."""

    def __init__(self, preparation: Preparation, side: int | None, augment: bool = True) -> None:
        """`side` is the maximal short side of training pictures in pixels; `None` keeps their size.

        With `augment` false, training pictures are prepared like test pictures.
        """
        self._preparation = preparation
        self._side = side
        self._augment = augment
        self.format: Format = "raw"
        "how training pictures are stored before their random crop; pictures of the model's size are always stored raw"
        self._store: Store | None = None
        self._places: dict[tuple[str, bool], int] = {}
        self._in_progress: dict[int, tuple[float, str]] = {}
        self.notes = Notes()
        "what was done to pictures that a person should know of"

    @property
    def settings(self) -> tuple[object, ...]:
        """All settings that affect the pixels of a file."""
        return (
            self._preparation.image_size,
            self._preparation.resize_size,
            self._preparation.interpolation,
            self._side if self._augment else "not augmented",
            (self.format, QUALITY) if self.format == "jpeg" else self.format,
        )

    @property
    def side(self) -> int | None:
        """The maximal short side of training pictures before their random crop; `None` if they have the model's size or
        keep their own."""
        return self._side if self._augment else None

    @property
    def image_size(self) -> int:
        """Side of the model's square input, in pixels."""
        return self._preparation.image_size

    @property
    def store(self) -> Store | None:
        """The store of decoded pictures, or `None`."""
        return self._store

    def use_store(self, store: Store, catalogue: Catalogue) -> None:
        """Use a store with a place for each training picture of the catalogue, then for each test picture."""
        self._store = store
        self._places = {(sample.path, testing): place for place, (sample, testing) in enumerate(catalogue.pictures)}

    def files_in_progress(self) -> list[str]:
        """The files that threads are decoding, the slowest one first."""
        return [path for _, path in sorted(self._in_progress.copy().values())]

    def close(self) -> None:
        """Close the store. Afterwards pictures are decoded from their files."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def check(self, path: str, testing: bool) -> str:
        """Why a picture cannot be decoded; empty if it can. If the store has space, the picture is stored, too."""
        place = self._places.get((path, testing))
        if self._store is None or place is None or self._store.full:
            with self._decoding(path):
                return check(path, self.notes)
        if place in self._store:
            with suppress(UnreadablePictureError):  # its pixels are stored; what was done to them is said in each run
                self.notes.add(path, look(path))
            return ""
        try:
            self.get(path, testing)
        except UnreadablePictureError as error:
            return str(error)
        return ""

    def get(self, path: str, testing: bool) -> Pixels:
        """The pixels of a picture, uint8 (height, width, 3): those of a training picture before its random crop.

        Test pictures, and training pictures without augmentation, have the model's size.

        Raises:
            UnreadablePictureError: the picture cannot be decoded.
        """
        with self._decoding(path):
            store, place = self._store, self._places.get((path, testing))
            if store is not None and place is not None and (kept := store.get(place)) is not None:
                return kept
            picture = self._encode(path, testing)
            if store is not None and place is not None:
                store.put(place, picture)
            return decode_stored(picture)

    def get_whole(self, path: str, testing: bool) -> Pixels:
        """The pixels of a picture prepared like a test picture, uint8 (size, size, 3).

        Raises:
            UnreadablePictureError: the picture cannot be decoded.
        """
        pixels = self.get(path, testing)
        return pixels if testing or not self._augment else self._prepare(Image.fromarray(pixels))

    @contextmanager
    def _decoding(self, path: str) -> Iterator[None]:
        """Record that this thread is decoding a file. Each thread has its own entry, so no lock is needed."""
        thread = threading.get_ident()
        self._in_progress[thread] = (time.monotonic(), path)
        try:
            yield
        finally:
            del self._in_progress[thread]

    def _encode(self, path: str, testing: bool) -> Encoded:
        """Decode the file of a picture, and encode it as it is stored."""
        if testing or not self._augment:
            return encode(self._prepare(decode(path, self.notes)), "raw")
        side, notes = self._side, self.notes
        picture = decode(path, notes) if side is None else decode_bounded(path, side, notes)
        return encode(np.array(picture), self.format)

    def _prepare(self, picture: Image.Image) -> Pixels:
        pixels: Pixels = test_pixels(picture, self._preparation).permute(1, 2, 0).numpy()
        return pixels
