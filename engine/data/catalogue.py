"""Finds and splits the pictures of a run, and decodes a sample of them to check that they are readable."""

import random
import time
from collections.abc import Generator, Iterator

import platformdirs

from engine.config.sections import DataConfig
from engine.data.batches import Unreadable
from engine.data.cache_format import CacheEstimate, estimate_cache
from engine.data.loader import Loader
from engine.data.samples import MAX_UNREADABLE, Catalogue, Sample
from engine.data.sources import find_catalogue
from engine.data.store import Store, fingerprint
from engine.errors import DataError
from engine.protocol import Loading, PicturesNoted, PicturesPrepared

Found = Loading | PicturesNoted | PicturesPrepared | Unreadable

SAMPLE = 256  # pictures that are decoded before training, as a sample of all
REPORT_SECONDS = 0.1  # between two progress events


def open_catalogue(config: DataConfig, seed: int, loader: Loader) -> Generator[Found, None, Catalogue]:
    """Find the pictures of the configured source in their parts, and decode a sample.

    The check continues until each class has a readable picture in training and outside it. If more than 2.5 % of the
    sample cannot be decoded, all pictures are decoded. Yields progress, at least every 0.2 s while decoding, what was
    guessed or left out, and the files that cannot be decoded.

    Raises:
        DataError: there are no usable pictures, or more than 5 % of the files cannot be decoded.
        EngineError: the pictures cannot be downloaded.
    """
    yield Loading("looking for pictures")
    catalogue = yield from find_catalogue(config, seed)
    yield from map(PicturesNoted, catalogue.notes)
    if config.prepare:
        yield from _open_store(config, catalogue, loader)
    samples = catalogue.pictures
    random.Random(f"{seed}/sample").shuffle(samples)
    bad = yield from _check(samples[:SAMPLE], loader)
    if 2 * len(bad) > MAX_UNREADABLE * min(SAMPLE, len(samples)):
        bad |= yield from _check(samples[SAMPLE:], loader)
        check_unreadable(len(bad), len(samples), next(iter(bad.values())))
    else:
        for missing in _unchecked_classes(samples[:SAMPLE], bad, catalogue):
            bad |= yield from _check(missing, loader, until_readable=True)
    catalogue.check(bad.keys())
    yield from map(PicturesNoted, loader.decoded.notes.unsaid(all_known=len(samples) <= SAMPLE))
    return catalogue


def check_unreadable(bad: int, pictures: int, example: Unreadable) -> None:
    """Raise `DataError` if `bad` of `pictures` undecodable files are too many; the message names `example`."""
    if bad > MAX_UNREADABLE * pictures:
        raise DataError(
            "Too many unreadable pictures",
            f"{bad} of {pictures} cannot be decoded, such as {example.path} ({example.reason}); remove or replace them",
        )


def _check(
    samples: list[tuple[Sample, bool]], loader: Loader, until_readable: bool = False
) -> Generator[Loading | Unreadable, None, dict[str, Unreadable]]:
    """Decode samples. Returns the unreadable ones by path. `until_readable` stops at the first readable one."""
    bad: dict[str, Unreadable] = {}
    reported = time.monotonic()
    before = 0
    for done, unreadable in loader.check(samples):
        if unreadable is not None:
            bad[samples[done - 1][0].path] = unreadable
            yield unreadable
        elif until_readable and done > before:
            break
        before = done
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            yield Loading("looking into pictures", done, len(samples))
    return bad


def _unchecked_classes(
    checked: list[tuple[Sample, bool]], bad: dict[str, Unreadable], catalogue: Catalogue
) -> Iterator[list[tuple[Sample, bool]]]:
    """The unchecked pictures of each class and part without a known readable picture."""
    readable = {(sample.label, testing) for sample, testing in checked if sample.path not in bad}
    missing: dict[tuple[int, bool], list[tuple[Sample, bool]]] = {}
    for sample, testing in catalogue.pictures:
        if (sample.label, testing) not in readable and sample.path not in bad:
            missing.setdefault((sample.label, testing), []).append((sample, testing))
    yield from missing.values()


def _open_store(
    config: DataConfig, catalogue: Catalogue, loader: Loader
) -> Iterator[Loading | PicturesNoted | PicturesPrepared]:
    """Open the store of decoded pictures for the loader. Without a writable cache folder there is no store."""
    paths = [sample.path for sample, _ in catalogue.pictures]
    found = yield from _choose_format(config, catalogue, loader)
    key = fingerprint(paths, (len(catalogue.train), loader.decoded.settings))
    folder = platformdirs.user_cache_path("finetune-tui", appauthor=False) / "prepared" / key
    try:
        store = Store(folder, len(paths), round(config.cache_gib * 2**30), found.bytes)
    except OSError as error:
        yield PicturesPrepared(0, len(paths), 0, f"{folder}: {error.strerror or error}", found.format)
    else:
        loader.decoded.use_store(store, catalogue)


def _choose_format(
    config: DataConfig, catalogue: Catalogue, loader: Loader
) -> Generator[Loading | PicturesNoted, None, CacheEstimate]:
    """Choose how prepared pictures are stored, and tell the loader. JPEG that nobody asked for is reported."""
    yield Loading("looking for prepared pictures")
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
            yield Loading("looking for prepared pictures")
    loader.decoded.format = found.format
    if config.cache_format == "auto" and found.format == "jpeg":
        yield PicturesNoted(found.sentence(config.cache_gib))
    return found
