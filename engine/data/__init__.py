"""Pictures: where they are, how they are prepared, how they become batches."""

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import platformdirs

from engine.config import DataConfig
from engine.data import archive, demo
from engine.data.batches import Loader, Unreadable
from engine.data.folder import Catalogue, scan
from engine.data.store import Store, fingerprint
from engine.errors import DataError
from engine.protocol import Loading, PicturesPrepared

Progress = Generator[Loading, None, Path]
Found = Loading | PicturesPrepared | Unreadable

# A source finds or makes a folder of pictures, saying how far it is, and returns it.
# A new one is a module and a row here.
SOURCES: dict[str, Callable[[DataConfig, int], Progress]] = {
    "demo": demo.locate,
    "archive": archive.locate,
}

MOST_UNREADABLE = 0.05  # share of undecodable pictures above which the data set itself is in doubt
REPORT_SECONDS = 0.1  # between two reports of progress


def open_catalogue(config: DataConfig, seed: int, loader: Loader) -> Generator[Found, None, Catalogue]:
    """Find the pictures of the configured source, split into training and test, and decode each once.

    Yields progress, at least every 0.2 s while decoding, and the files that cannot be decoded; returns the
    catalogue without them.

    Raises:
        DataError: there is nothing to train on, or more than 5 % of the files cannot be decoded.
        EngineError: the pictures could not be downloaded.
    """
    yield Loading("looking for pictures")
    if config.source in SOURCES:
        root = yield from SOURCES[config.source](config, seed)
    else:
        assert config.root is not None
        root = config.root
    catalogue = scan(root, config.val_fraction, seed)
    samples = (*catalogue.train, *catalogue.test)
    if config.prepare:
        yield from _open_store(config, catalogue, loader)
    bad: list[Unreadable] = []
    bad_paths: set[str] = set()
    reported = time.monotonic()
    for done, unreadable in loader.check(catalogue.train, catalogue.test):
        if unreadable is not None:
            bad.append(unreadable)
            bad_paths.add(samples[done - 1].path)
            yield unreadable
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            yield Loading("preparing pictures" if config.prepare else "checking pictures", done, len(samples))
    store = loader.decoded.store
    if store is not None:
        yield PicturesPrepared(store.stored, len(samples) - len(bad), store.bytes, store.full)
    if len(bad) > MOST_UNREADABLE * len(samples):
        raise DataError(
            "Too many unreadable pictures",
            f"{root}: {len(bad)} of {len(samples)} cannot be decoded, such as {bad[0].path} ({bad[0].reason}); "
            f"remove or replace them",
        )
    sound = catalogue.without(bad_paths)
    sound.check(str(root))
    return sound


def _open_store(config: DataConfig, catalogue: Catalogue, loader: Loader) -> Iterator[Loading | PicturesPrepared]:
    """Let the loader keep what it decodes; without room in the cache folder it goes on without."""
    paths = [sample.path for sample in (*catalogue.train, *catalogue.test)]
    yield Loading("looking for prepared pictures")
    key = fingerprint(paths, (len(catalogue.train), loader.decoded.settings))
    folder = platformdirs.user_cache_path("finetune-tui", appauthor=False) / "prepared" / key
    try:
        store = Store(folder, len(paths), round(config.cache_gib * 2**30))
    except OSError as error:
        yield PicturesPrepared(0, len(paths), 0, f"{folder}: {error.strerror or error}")
    else:
        loader.decoded.keep_in(store, catalogue)
