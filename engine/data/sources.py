"""The sources of pictures. Loads no torch.

A source either lists pictures that the user has, or finds or makes a folder of pictures first. A new source is a module
with one function for `LISTS`, or with two for `SOURCES`, and a row here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.config.sections import DataConfig
from engine.data import archive, demo
from engine.data.corrections import apply_corrections, read_corrections
from engine.data.csv_list import list_csv
from engine.data.library import source as library
from engine.data.listing.layout import NoClassesError
from engine.data.listing.meanwhile import meanwhile
from engine.data.listing.table_beside import table_beside
from engine.data.listing.walk import Listed
from engine.data.roots import scan_roots
from engine.data.samples import Catalogue
from engine.data.split import Split
from engine.protocol import Loading


@dataclass(frozen=True, slots=True)
class Source:
    """A source that makes a folder of pictures. Both functions get the configuration and the seed."""

    locate: Callable[[DataConfig, int], Generator[Loading, None, Path]]
    "finds or makes the folder, yields progress and returns the folder"
    find_local: Callable[[DataConfig, int], Path | None]
    "the folder if it exists already, otherwise `None`"
    missing: str
    "message for users if the folder does not exist: what a run does first"
    notes: Callable[[Path], tuple[str, ...]] = lambda root: ()
    "what is to be said of the pictures in the folder, a sentence each"


_LIBRARY = Source(
    library.locate, library.find_local, "the data set is not there yet: the run fetches it first", library.notes
)
SOURCES: dict[str, Source] = {
    "demo": Source(demo.locate, demo.find_local, "the demo's pictures are not there yet: the run draws them first"),
    "archive": Source(
        archive.locate, archive.find_local, "the pictures are not there yet: the run downloads them first"
    ),
    "torchvision": _LIBRARY,
    "huggingface": _LIBRARY,
}


def _list_folders(config: DataConfig, seed: int) -> Catalogue:
    roots = (config.root,) if config.root is not None else config.roots
    try:
        return scan_roots(roots, Split(config.val_fraction, seed, config.group), config.split_val)
    except NoClassesError:
        listed = table_beside(config, roots[0]) if len(roots) == 1 else None
        if listed is None:
            raise
        note = f"{roots[0]} has no class folders; its table `{listed.csv.name}` names the classes"  # type: ignore[union-attr]
        catalogue = list_csv(listed, seed)
        return replace(catalogue, notes=(note, *catalogue.notes), roots=roots)


LOOKING = "looking for pictures"
LISTS: dict[str, Callable[[DataConfig, int], Catalogue]] = {"folder": _list_folders, "csv": list_csv}
"functions of the configuration and the seed that list pictures which are there"


def find_catalogue(config: DataConfig, seed: int) -> Generator[Loading, None, Catalogue]:
    """List the pictures of the configured source; they are drawn, downloaded or written first where they must be.

    Raises:
        DataError: there are no pictures that can be trained on.
        EngineError: the pictures cannot be downloaded.
    """
    if config.source in LISTS:
        found = partial(_list_given, config, seed)
    else:
        root = yield from SOURCES[config.source].locate(config, seed)
        found = partial(_list_made, root, config, seed)
    return (yield from meanwhile(found, LOOKING, lambda: Listed.files))


def local_catalogue(config: DataConfig, seed: int) -> Catalogue | None:
    """The same for pictures that are on this machine; `None` if they have to be drawn, downloaded or written first.

    Raises:
        DataError: they cannot be trained on.
    """
    if config.source in LISTS:
        return _list_given(config, seed)
    root = SOURCES[config.source].find_local(config, seed)
    return None if root is None else _list_made(root, config, seed)


def folders(config: DataConfig) -> tuple[Path, ...]:
    """The folders that paths of pictures are below, for pictures that the user has."""
    if config.root is not None:
        return (config.root,)
    return config.roots or ((config.csv.parent,) if config.csv is not None else ())


def _corrected(catalogue: Catalogue, config: DataConfig, roots: tuple[Path, ...]) -> Catalogue:
    """The catalogue as the list `data.exclude` wants it."""
    if config.exclude is None:
        return catalogue
    return apply_corrections(catalogue, read_corrections(config.exclude), roots, config.exclude)


def _list_given(config: DataConfig, seed: int) -> Catalogue:
    """The pictures that the user has."""
    return _corrected(LISTS[config.source](config, seed), config, folders(config))


def _list_made(root: Path, config: DataConfig, seed: int) -> Catalogue:
    """The pictures of a folder that a source has made."""
    catalogue = _list_folders(config.model_copy(update={"root": root}), seed)
    catalogue = replace(catalogue, notes=(*SOURCES[config.source].notes(root), *catalogue.notes))
    return _corrected(catalogue, config, (root,))
