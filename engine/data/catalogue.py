"""Finds and splits the pictures of a run, and decodes a sample of them to check that they are readable."""

from collections.abc import Generator
from functools import partial
from pathlib import Path

import platformdirs

from engine.config.sections import DataConfig
from engine.data.batches import Unreadable
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
        prepared = yield from meanwhile(
            partial(_open_store, config, catalogue, loader), "looking for prepared pictures"
        )
        yield from prepared
    yield from look_into(catalogue, seed, loader)
    yield from map(PicturesNoted, loader.decoded.notes.unsaid(all_known=len(catalogue.pictures) <= SAMPLE))
    return catalogue


def _notes(catalogue: Catalogue) -> tuple[str, ...]:
    """What is said of the pictures before training, a sentence each."""
    return (summary(catalogue), *catalogue.notes, *balance_notes(catalogue), *left_out_notes(catalogue.left_out))


def _open_store(config: DataConfig, catalogue: Catalogue, loader: Loader) -> tuple[PicturesPrepared, ...]:
    """Open the store of decoded pictures for the loader. Without a writable cache folder there is no store."""
    paths = [sample.path for sample, _ in catalogue.pictures]
    key = fingerprint(paths, (len(catalogue.train), loader.decoded.settings))
    folder = platformdirs.user_cache_path("finetune-tui", appauthor=False) / "prepared" / key
    try:
        store = Store(folder, len(paths), round(config.cache_gib * 2**30))
    except OSError as error:
        return (PicturesPrepared(0, len(paths), 0, f"{folder}: {error.strerror or error}"),)
    loader.decoded.use_store(store, catalogue)
    return ()
