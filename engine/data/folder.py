"""Lists the pictures of a folder with one folder per class. Opens no picture."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from engine.data.samples import EXTENSIONS, Catalogue, Sample, join_names
from engine.data.split import Place, Split, with_validation
from engine.errors import DataError
from engine.protocol import Part
from engine.protocol.printable import printable, unicode_text

PartName = Part | Literal["train"]


def scan(root: Path, val_fraction: float, seed: int, *, group: str | None = None, split_val: bool = False) -> Catalogue:
    """List the pictures below `root`.

    `root` has the folders `train`, `val` and `test`, each with a folder per class. If it has `train` alone, or none of
    them, `val_fraction` of each class are taken for validation; `seed` chooses which. With `split_val` that is done,
    too, if only `val` is missing. With the regular expression `group`, pictures of a group stay together. Hidden
    folders are not classes. Folders within a class belong to that class.

    Raises:
        DataError: the folder does not exist, has fewer than two classes or an empty class, or the classes of its
            parts differ.
    """
    try:
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise DataError("No pictures", f"{root} {what}; name your folder of pictures with --data DIR")
        found = _find(root)
    except OSError as error:
        raise DataError("Pictures not readable", f"{error.filename}: {error.strerror}; make it readable") from None
    place = Place((part_folders(root)["train"],))
    catalogue = with_validation(found, place, Split(val_fraction, seed, group), split_val)
    catalogue.check()
    return catalogue


def is_hidden(name: str) -> bool:
    """Whether another program made the folder, such as `.ipynb_checkpoints`."""
    return name.startswith((".", "__MACOSX"))


def part_folders(root: Path) -> dict[PartName, Path]:
    """The folders of the parts that `root` has; if it has none, it is the folder of the training pictures itself.

    Raises:
        DataError: it has other parts, but no training pictures.
    """
    others: dict[PartName, Path] = {name: root / name for name in ("test", "val") if (root / name).is_dir()}
    if (root / "train").is_dir():
        return {"train": root / "train", **others}
    if others:
        raise DataError(
            "No training pictures", f"{root} has `{next(iter(others))}` but no `train`; add it with the same classes"
        )
    return {"train": root}


def _find(root: Path) -> Catalogue:
    """The pictures in the parts that `root` has."""
    folders = part_folders(root)
    classes = class_folders(folders["train"], least=2)
    labels = {name: label for label, name in enumerate(classes)}
    train = pictures_of_classes(folders.pop("train"), labels)
    found: dict[PartName, tuple[Sample, ...]] = {}
    for name, folder in folders.items():
        _check_same_classes(classes, class_folders(folder, least=2), root, name)
        found[name] = pictures_of_classes(folder, labels)
        if not found[name]:
            raise DataError("No pictures", f"{folder}: its class folders have no pictures; add some or remove it")
    return Catalogue(classes, train, found.get("test", ()), found.get("val", ()), str(root))


def class_folders(root: Path, least: int) -> tuple[str, ...]:
    """The names of the class folders, sorted.

    Raises:
        DataError: there are fewer than `least` (1 or 2), or a name is not UTF-8.
        OSError: the folder cannot be read.
    """
    names = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not is_hidden(entry.name))
    if undecodable := [name for name in names if unicode_text(name) != name]:
        raise DataError(
            "Unprintable class", f"{root}: the name of {printable(undecodable[0])} is not UTF-8; rename the folder"
        )
    if len(names) < least:
        found, needed = f"only `{names[0]}`" if names else "none", ("one class folder is", "two class folders are")
        raise DataError(
            "Too few classes",
            f"{root}: at least {needed[least - 1]} needed, {found} found; put the pictures of each class into a "
            f"folder named after it",
        )
    return tuple(names)


def _check_same_classes(train: tuple[str, ...], other: tuple[str, ...], root: Path, name: str) -> None:
    problems = []
    if only := sorted(set(train) - set(other)):
        problems.append(f"{join_names(only)} only in `train`")
    if only := sorted(set(other) - set(train)):
        problems.append(f"{join_names(only)} only in `{name}`")
    if problems:
        raise DataError("Classes differ", f"{root}: {'; '.join(problems)}; both need the same class folders")


def pictures_of_classes(root: Path, labels: Mapping[str, int]) -> tuple[Sample, ...]:
    """The pictures in the folders below `root` that `labels` names, sorted, each with the label of its folder.

    Raises:
        OSError: a folder cannot be read.
    """
    return tuple(
        Sample(os.path.join(folder, file), label)  # noqa: PTH118 - half the time of Path for a million files
        for name, label in labels.items()
        for folder, files in _walk(root / name)
        for file in sorted(files)
        if file.lower().endswith(EXTENSIONS) and not file.startswith(".")
    )


def _walk(root: Path) -> Iterator[tuple[str, list[str]]]:
    """`root` and the folders below it with their files, sorted. Links are followed, and no folder comes twice."""

    def fail(error: OSError) -> None:
        raise error

    seen: set[tuple[int, int]] = set()
    for folder, inner, files in os.walk(root, followlinks=True, onerror=fail):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link to a parent folder would make an endless loop
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        inner[:] = sorted(part for part in inner if not is_hidden(part))
        yield folder, files
