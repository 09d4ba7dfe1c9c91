"""Decoded pictures: from the store where they are in it, else from their files, and then into the store."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from engine.data.folder import Catalogue
from engine.data.pictures import (
    Pixels,
    Preparation,
    UnreadablePictureError,
    check,
    decode,
    decode_bounded,
    test_pixels,
)
from engine.data.store import Store


class Decoded:
    """What the model's input is made of: the same pixels whether there is a store or not."""

    def __init__(self, preparation: Preparation, side: int | None, augment: bool = True) -> None:
        """`side` bounds the short side of training pictures; none leaves them as they are.

        Where they are not to be augmented, they are prepared as test pictures are.
        """
        self._preparation = preparation
        self._side = side
        self._augment = augment
        self._store: Store | None = None
        self._places: dict[tuple[str, bool], int] = {}
        self._in_progress: dict[int, tuple[float, str]] = {}

    @property
    def settings(self) -> tuple[object, ...]:
        """All that decides what the pixels of a file are."""
        return (
            self._preparation.image_size,
            self._preparation.resize_size,
            self._preparation.interpolation,
            self._side if self._augment else "not augmented",
        )

    @property
    def store(self) -> Store | None:
        """Where pictures are kept, if they are."""
        return self._store

    def use_store(self, store: Store, catalogue: Catalogue) -> None:
        """Use a store of the catalogue's training pictures and, after them, its test pictures."""
        self._store = store
        self._places = {(sample.path, testing): place for place, (sample, testing) in enumerate(catalogue.pictures)}

    def files_in_progress(self) -> list[str]:
        """The files that threads are at, the one that has taken longest first."""
        return [path for _, path in sorted(self._in_progress.copy().values())]

    def close(self) -> None:
        """Close the store; decode from the files after that."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def check(self, path: str, testing: bool) -> str:
        """Why a picture cannot be decoded; empty if it can. One that the store has room for is in it then."""
        place = self._places.get((path, testing))
        if self._store is None or place is None or self._store.full:
            with self._at(path):
                return check(path)
        if place in self._store:
            return ""
        try:
            self.get(path, testing)
        except UnreadablePictureError as error:
            return str(error)
        return ""

    def get(self, path: str, testing: bool) -> Pixels:
        """A training picture that is to be cropped, or any other one, ready for the model.

        Raises:
            UnreadablePictureError: it cannot be decoded.
        """
        with self._at(path):
            store, place = self._store, self._places.get((path, testing))
            if store is None or place is None:
                return self._decode(path, testing)
            if (kept := store.get(place)) is not None:
                return kept
            pixels = self._decode(path, testing)
            store.put(place, pixels)
            return pixels

    @contextmanager
    def _at(self, path: str) -> Iterator[None]:
        """While this thread is at a file; each thread has a place of its own, so there is nothing to lock."""
        thread = threading.get_ident()
        self._in_progress[thread] = (time.monotonic(), path)
        try:
            yield
        finally:
            del self._in_progress[thread]

    def _decode(self, path: str, testing: bool) -> Pixels:
        if testing or not self._augment:
            return test_pixels(decode(path), self._preparation).permute(1, 2, 0).numpy()
        return np.array(decode(path) if self._side is None else decode_bounded(path, self._side))
