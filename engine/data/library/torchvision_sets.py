"""Data sets of torchvision: those that give a picture and the number of its class, and name their classes."""

import difflib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from engine.config.sections import DataConfig
from engine.data.library.collection import Collection, Item
from engine.data.listing.part_names import PartName
from engine.errors import DataError

SPLITS: tuple[tuple[PartName, tuple[str, ...]], ...] = (
    ("train", ("train", "trainval")),
    ("val", ("val", "valid")),
    ("test", ("test",)),
)
"what torchvision calls the parts; of several names the first one that the data set has is taken"


def open_dataset(config: DataConfig, downloads: Path) -> Collection:
    """Open a data set, after it was downloaded into `downloads` if it is not there.

    Raises:
        DataError: torchvision has no such data set, or it is not one of labelled pictures.
    """
    assert config.dataset is not None
    name = config.dataset
    kind = _find(name)
    parts = _parts(kind, downloads, config)
    if not parts:
        raise _unfit(name, "its parts are not called train and test")
    first = next(iter(parts.values()))
    classes = _classes(getattr(first, "classes", None))
    if not classes:
        raise _unfit(name, "it has no names of classes")
    picture, label = _pair(first[0], name)
    if not isinstance(picture, str | Path | Image.Image) or not _is_number(label):
        raise _unfit(name, "it does not give a picture and the number of its class")
    collection = Collection(classes, iter(()), sum(map(len, parts.values())))
    collection.items = _items(parts, name, collection)
    return collection


def _find(name: str) -> Any:  # noqa: ANN401 - a class of torchvision, which has no types
    from torchvision import datasets

    known = [name for name in datasets.__all__ if inspect.isclass(getattr(datasets, name))]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "its documentation lists them"
        raise DataError("No such data set", f"torchvision has no data set {name}; {hint}")
    return getattr(datasets, name)


def _parts(kind: Any, downloads: Path, config: DataConfig) -> dict[PartName, Any]:  # noqa: ANN401
    """The data set of each part."""
    keys = _arguments(kind)
    # In place of a decoded picture its path is wanted: then the file can be copied.
    wanted = {"root": str(downloads), "download": True, "loader": Path}
    usual = {key: value for key, value in wanted.items() if key in keys}
    if {"train", "split"} <= keys:  # EMNIST: its splits are not parts
        if config.subset is None:
            raise _unfit(kind.__name__, f"it has several sets; give data.subset, one of {', '.join(kind.splits)}")
        usual["split"] = config.subset
    if "train" in keys:
        return {"train": kind(**usual, train=True), "test": kind(**usual, train=False)}
    if "split" not in keys:
        return {"train": kind(**usual)}
    found: dict[PartName, Any] = {}
    for part, names in SPLITS:
        for name in names:
            try:
                found.setdefault(part, kind(**usual, split=name))
            except ValueError as error:
                if "Unknown value" not in str(error):  # as torchvision says of a part that it does not have
                    raise
                continue
            break
    return found if "train" in found else {}


def _arguments(kind: Any) -> set[str]:  # noqa: ANN401
    """What the class takes, itself or passed on to the class that it extends."""
    keys: set[str] = set()
    for base in inspect.getmro(kind):
        parameters = inspect.signature(vars(base).get("__init__", base)).parameters
        keys |= set(parameters)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            break
    return keys


def _classes(names: Any) -> list[str]:  # noqa: ANN401
    """The names; of a class with several the first one, or all where that is not clear."""
    if not isinstance(names, list | tuple):
        return []
    all_names = [[name] if isinstance(name, str) else list(name) for name in names]
    first = [some[0] for some in all_names]
    return first if len(set(first)) == len(first) else [", ".join(some) for some in all_names]


def _items(parts: dict[PartName, Any], name: str, collection: Collection) -> Iterator[Item]:
    left_out = 0
    for part, dataset in parts.items():
        for number in range(len(dataset)):
            picture, label = _pair(dataset[number], name)
            if 0 <= int(label) < len(collection.classes):
                file = Path(picture) if isinstance(picture, str | Path) else None
                yield Item(part, int(label), file or picture, file.name if file else "")
            else:
                left_out += 1
    if left_out:
        collection.notes.append(f"{left_out:,} pictures without a class are left out")


def _pair(item: Any, name: str) -> tuple[Any, Any]:  # noqa: ANN401
    if not isinstance(item, tuple) or len(item) != 2:
        raise _unfit(name, "it does not give a picture and the number of its class")
    return item


def _is_number(label: Any) -> bool:  # noqa: ANN401
    return hasattr(label, "__index__") and not isinstance(label, bool)


def _unfit(name: str, why: str) -> DataError:
    return DataError("Unfit data set", f"torchvision's {name} cannot be trained on: {why}; take another one")
