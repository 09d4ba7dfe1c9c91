"""Finds and splits the pictures of a run, and decodes a sample of them to check that they are readable."""

import time
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path

import platformdirs

from engine.config.sections import DataConfig
from engine.data.batches import Unreadable
from engine.data.cache_format import CacheEstimate, estimate_cache
from engine.data.listing.balance import balance_notes
from engine.data.listing.left_out import left_out_notes
from engine.data.listing.meanwhile import meanwhile
from engine.data.listing.resuming import kept_pictures
from engine.data.listing.summary import summary
from engine.data.loader import Loader
from engine.data.look_into import SAMPLE, look_into
from engine.data.samples import Catalogue
from engine.data.sources import LOOKING, find_catalogue
from engine.data.store import Store, fingerprint
from engine.protocol import Loading, PicturesNoted, PicturesPrepared

REPORT_SECONDS = 0.1  # between two progress events
LOOKING_PREPARED = "looking for prepared pictures"

Found = Loading | PicturesNoted | PicturesPrepared | Unreadable


def open_catalogue(
    config: DataConfig, seed: int, loader: Loader, kept: Path | None = None
) -> Generator[Found, None, Catalogue]:
    """Find the pictures of the configured source in their parts, and decode a sample: 256 of all, and one of each
    class in each part.

    Where that one is unreadable, further ones follow until one is readable. If more than 2.5 % of the sample cannot be
    decoded, all pictures are decoded. Yields progress, at least every 0.2 s, what was guessed or left out, and the
    files that cannot be decoded. `kept` is the list of its pictures that a resumed run has; it may be missing.

    Raises:
        DataError: there are no usable pictures, more than 5 % of the files cannot be decoded, or pictures of the
            resumed run are not there any more.
        EngineError: the pictures cannot be downloaded.
    """
    yield Loading(LOOKING)
    catalogue = yield from find_catalogue(config, seed)
    if kept is not None:
        catalogue = yield from meanwhile(partial(kept_pictures, catalogue, kept), LOOKING)
    yield from map(PicturesNoted, (yield from meanwhile(partial(_notes, catalogue), LOOKING)))
    if config.prepare:
        yield from _open_store(config, catalogue, loader)
    yield from look_into(catalogue, seed, loader)
    yield from map(PicturesNoted, loader.decoded.notes.unsaid(all_known=len(catalogue.pictures) <= SAMPLE))
    return catalogue


def _notes(catalogue: Catalogue) -> tuple[str, ...]:
    """What is said of the pictures before training, a sentence each."""
    return (summary(catalogue), *catalogue.notes, *balance_notes(catalogue), *left_out_notes(catalogue.left_out))


def _open_store(
    config: DataConfig, catalogue: Catalogue, loader: Loader
) -> Iterator[Loading | PicturesNoted | PicturesPrepared]:
    """Open the store of decoded pictures for the loader. Without a writable cache folder there is no store."""
    found = yield from _choose_format(config, catalogue, loader)
    paths = [sample.path for sample, _ in catalogue.pictures]

    def opened() -> tuple[PicturesPrepared, ...]:
        key = fingerprint(paths, (len(catalogue.train), loader.decoded.settings))
        folder = platformdirs.user_cache_path("finetune-tui", appauthor=False) / "prepared" / key
        try:
            store = Store(folder, len(paths), round(config.cache_gib * 2**30), found.bytes)
        except OSError as error:
            return (PicturesPrepared(0, len(paths), 0, f"{folder}: {error.strerror or error}", found.format),)
        loader.decoded.use_store(store, catalogue)
        return ()

    yield from (yield from meanwhile(opened, LOOKING_PREPARED))


def _choose_format(
    config: DataConfig, catalogue: Catalogue, loader: Loader
) -> Generator[Loading | PicturesNoted, None, CacheEstimate]:
    """Choose how prepared pictures are stored, and tell the loader. JPEG that nobody asked for is reported."""
    yield Loading(LOOKING_PREPARED)
    reported = time.monotonic()
    estimating = estimate_cache(config, catalogue, loader.decoded)
    while True:
        try:
            next(estimating)
        except StopIteration as end:
            found: CacheEstimate = end.value
            break
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            yield Loading(LOOKING_PREPARED)
    loader.decoded.format = found.format
    if config.cache_format == "auto" and found.format == "jpeg":
        yield PicturesNoted(found.sentence(config.cache_gib))
    return found
