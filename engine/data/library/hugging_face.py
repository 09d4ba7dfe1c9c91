"""Data sets of the Hugging Face hub, or in its form in a folder, that have a column of pictures and one of classes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config.sections import DataConfig
from engine.data.columns import LABELS
from engine.data.library.collection import Collection, Item
from engine.data.listing.part_names import PartName, part_of
from engine.errors import DataError


def open_dataset(config: DataConfig, downloads: Path) -> Collection:
    """Open a data set, which the library downloads into its own cache folder.

    Raises:
        DataError: `datasets` is not installed, or the columns or parts are not those of labelled pictures.
    """
    try:
        import datasets
    except ImportError:
        raise DataError(
            "datasets is not installed", "data sets of Hugging Face need it: pip install 'finetune-tui[datasets]'"
        ) from None
    assert config.dataset is not None
    name = config.dataset
    loaded = datasets.load_dataset(name, config.subset)
    parts, notes = _parts(name, loaded)
    features = parts["train"].features
    pictures = [key for key, feature in features.items() if isinstance(feature, datasets.Image)]
    column = config.path_column or _only(name, "pictures", "path_column", features, pictures)
    labelled = [key for key, feature in features.items() if isinstance(feature, datasets.ClassLabel)]
    labelled = labelled or [key for key in features if key.lower() in LABELS[0] and key != column]
    label = config.label_column or _only(name, "classes", "label_column", features, labelled)
    for key in (column, label):
        if key not in features:
            raise _unfit(name, f"it has no column `{key}`, but {_names(features)}")
    if len(labelled) != 1 or len(pictures) != 1:
        notes.append(f"{name}: pictures from column `{column}`, classes from `{label}`")
    as_files = {part: table.cast_column(column, datasets.Image(decode=False)) for part, table in parts.items()}
    classes, numbers = _classes(features[label], label, parts)
    collection = Collection(classes, iter(()), sum(table.num_rows for table in parts.values()), notes)
    collection.items = _items(as_files, column, label, numbers, collection)
    return collection


def _parts(name: str, loaded: Mapping[str, Any]) -> tuple[dict[PartName, Any], list[str]]:
    """The tables of the parts, and what is left out."""
    parts: dict[PartName, Any] = {}
    others = []
    for split, table in loaded.items():
        part = part_of(str(split))
        if part is None or part in parts:
            others.append(str(split))
        else:
            parts[part] = table
    if "train" not in parts:
        raise _unfit(name, f"it has no part `train`, but {', '.join(map(str, loaded))}")
    return parts, [f"{name}: its part `{split}` is left out" for split in others]


def _only(name: str, what: str, key: str, features: Mapping[str, Any], found: Sequence[str]) -> str:
    """The only column that was found."""
    if len(found) != 1:
        how_many = "several columns" if found else "no column"
        raise _unfit(name, f"{how_many} may be the {what}; give data.{key}, one of {_names(features)}")
    return found[0]


def _names(features: Mapping[str, Any]) -> str:
    return ", ".join(f"`{column}`" for column in features)


def _classes(feature: Any, column: str, parts: Mapping[PartName, Any]) -> tuple[list[str], dict[Any, int]]:  # noqa: ANN401
    """The names of the classes, and the number of each value."""
    if names := getattr(feature, "names", None):
        return list(names), {number: number for number in range(len(names))}
    values = {value for table in parts.values() for value in table.unique(column)} - {None}
    ordered = sorted(values, key=lambda value: (isinstance(value, str), value))
    return [str(value) for value in ordered], {value: number for number, value in enumerate(ordered)}


def _items(
    parts: Mapping[PartName, Any], column: str, label: str, numbers: Mapping[Any, int], collection: Collection
) -> Iterator[Item]:
    left_out = 0
    for part, table in parts.items():
        for row in table.select_columns([column, label]):
            number, picture = numbers.get(row[label]), row[column]
            if number is None or picture is None:
                left_out += 1
                continue
            path = picture["path"] or ""
            yield Item(part, number, picture["bytes"] or Path(path), Path(path).name)
    if left_out:
        collection.notes.append(f"{left_out:,} rows without a picture or a class are left out")


def _unfit(name: str, why: str) -> DataError:
    return DataError("Unfit data set", f"{name} cannot be trained on: {why}")
