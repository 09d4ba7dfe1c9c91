"""Gets batches for the loop, and reports unreadable pictures, prepared pictures and a loader that is stuck."""

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TypeVar

from engine.arms.features import FeatureBatch
from engine.config import RunConfig
from engine.config.values import with_values
from engine.data.batches import Batch, Unreadable, Waiting
from engine.data.catalogue import open_catalogue
from engine.data.listing.meanwhile import meanwhile
from engine.data.listing.picture_list import list_of, write_list
from engine.data.loader import Loader
from engine.data.look_into import check_unreadable
from engine.data.samples import Catalogue
from engine.doctor.identical import note_identical
from engine.errors import StoppedError
from engine.protocol import Event, ImageSkipped, LoaderStuck, Loading, PicturesNoted, PicturesPrepared, Preparing
from engine.storage.run_folder import PICTURES
from engine.storage.unwritable import not_writable

B = TypeVar("B", bound=Batch | FeatureBatch)

REPORT_SECONDS = 1.0  # between two reports of the number of prepared pictures


class SkippedPictures:
    """The pictures that cannot be decoded. Each is reported once."""

    def __init__(self) -> None:
        self._all: dict[str, Unreadable] = {}

    def __call__(self, item: Unreadable) -> Iterator[ImageSkipped]:
        """Report a picture, unless it has been reported."""
        if item.path not in self._all:
            self._all[item.path] = item
            yield ImageSkipped(item.path, item.reason, len(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def check(self, pictures: int) -> None:
        """Raise `DataError` if too many of `pictures` pictures cannot be decoded."""
        if self._all:
            check_unreadable(len(self._all), pictures, next(iter(self._all.values())))


def find_pictures(
    config: RunConfig,
    loader: Loader,
    skipped: SkippedPictures,
    stop_requested: Callable[[], bool],
    kept: Path | None = None,
) -> Generator[Event, None, Catalogue]:
    """Find the pictures of a configuration. `stop_requested` says whether a command to stop has come.

    `kept` is the list of its pictures that a resumed run has in its folder; one of an older version has none.

    Raises:
        EngineError: there are no usable pictures, or they cannot be downloaded.
        StoppedError: the run was stopped.
    """
    found = open_catalogue(config.data, config.seed, loader, kept)
    while not stop_requested():
        try:
            item = next(found)
        except StopIteration as end:
            catalogue: Catalogue = end.value
            if note := note_identical(catalogue):
                yield PicturesNoted(note)
            return catalogue
        if isinstance(item, Unreadable):
            yield from skipped(item)
        else:
            yield item
    raise StoppedError("Stopped", "the run was stopped before the pictures were found")


def keep_list(catalogue: Catalogue, folder: Path, anew: bool) -> Generator[Loading, None, None]:
    """Write the list of the pictures into a run's folder, unless it is there; `anew`: also then.

    Raises:
        UserError: the folder cannot be written.
    """
    file = folder / PICTURES
    if anew or not file.exists():
        try:
            yield from meanwhile(lambda: write_list(file, list_of(catalogue)), "writing the list of the pictures")
        except OSError as error:
            raise not_writable(file, error) from None


def with_cache_format(config: RunConfig, loader: Loader) -> RunConfig:
    """The configuration with the format that was chosen, so that a resumed run has the same pixels."""
    if not config.data.prepare:
        return config
    return with_values(config, {"data.cache_format": loader.decoded.format})


class InputPipeline:
    """Gets the batches of a run, and reports events of its pictures."""

    def __init__(
        self,
        loader: Loader,
        catalogue: Catalogue,
        skipped: SkippedPictures,
        patience: float | None,
        single_process: bool,
    ) -> None:
        """A batch that takes `patience` seconds is reported, and again after the same time; `None`: never."""
        self.loader = loader
        self.catalogue = catalogue
        self.skipped = skipped
        self._patience = patience
        self._single_process = single_process
        self._stuck = 0.0
        self._prepared = 0
        self._reported_at = 0.0
        self._damage_reported = False

    @property
    def pictures(self) -> int:
        """Number of pictures of all parts."""
        return len(self.catalogue.train) + len(self.catalogue.val) + len(self.catalogue.test)

    def report_prepared(self) -> Iterator[PicturesPrepared]:
        """Report the number of prepared pictures if it has increased since the last report."""
        decoded = self.loader.decoded
        store = decoded.store
        if store is not None and store.stored > self._prepared:
            self._prepared = store.stored
            yield PicturesPrepared(store.stored, self.pictures, store.bytes, store.full, decoded.format)

    def report_batch(self, batch: Batch | FeatureBatch) -> Iterator[Event]:
        """Report what a batch says of its pictures, a damaged store, and now and then how many pictures are prepared.

        Raises:
            DataError: too many pictures cannot be decoded.
        """
        self._stuck = 0.0
        unreadable = batch.unreadable if isinstance(batch, Batch) else []
        for item in unreadable:
            yield from self.skipped(item)
        if unreadable:
            self.skipped.check(self.pictures)
        yield from map(PicturesNoted, self.loader.decoded.notes.unsaid())
        store = self.loader.decoded.store
        if store is not None and store.damage and not self._damage_reported:
            self._damage_reported = True
            lost = f"prepared pictures in {store.folder} cannot be read ({store.damage})"
            yield PicturesNoted(f"{lost}; they are decoded anew, with the same pixels")
        if store is not None and not store.full and time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._reported_at = time.monotonic()
            if store.stored < self.pictures - len(self.skipped):
                yield Preparing("pictures", store.stored, self.pictures)

    def next(self, batches: Iterator[B | Waiting]) -> Generator[Event, None, B | Waiting | None]:
        """The next batch, or `None` after the last one. `Waiting`: it has not come yet, and commands can be taken.

        With several processes, each waits for its batch, because they must take commands at the same step.
        """
        while isinstance(batch := next(batches, None), Waiting):
            if self._patience is not None and batch.seconds - self._stuck >= self._patience:
                self._stuck = batch.seconds
                yield LoaderStuck(batch.seconds, batch.paths)
            if self._single_process:
                return batch
        return batch
