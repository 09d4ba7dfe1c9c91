"""A folder of pictures, a folder per class, as lists of files: found, counted and split, but not opened."""

import os
import random
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import DataError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture file and the index of its class."""

    path: str
    label: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The pictures to train and to test on."""

    classes: tuple[str, ...]
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]

    def without(self, paths: set[str]) -> "Catalogue":
        """The same without some files."""
        return replace(
            self,
            train=tuple(sample for sample in self.train if sample.path not in paths),
            test=tuple(sample for sample in self.test if sample.path not in paths),
        )

    def check(self, where: str) -> None:
        """Raise `DataError` where a class has no picture to train or to test on."""
        for part, samples in (("train", self.train), ("test", self.test)):
            present = {sample.label for sample in samples}
            empty = [name for label, name in enumerate(self.classes) if label not in present]
            if empty:
                raise DataError(
                    "Empty class",
                    f"{where}: no readable picture to {part} on in {_names(empty)}; add pictures "
                    f"({', '.join(EXTENSIONS)}) or remove the folder",
                )


def scan(root: Path, val_fraction: float, seed: int) -> Catalogue:
    """List the pictures below `root`.

    `root` has `train` and `test` (or `val`), each with a folder per class; or, with `train` alone or with
    neither, `val_fraction` of each class is kept for testing, chosen by `seed`. Hidden folders are no classes.

    Raises:
        DataError: no folder, fewer than two classes, an empty class, or classes that differ.
    """
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise DataError("No pictures", f"{root} {what}; name your folder of pictures with --data DIR")
    try:
        train_root = root / "train" if (root / "train").is_dir() else root
        test_root = next((root / name for name in ("test", "val") if (root / name).is_dir()), None)
        if test_root is not None and train_root == root:
            raise DataError("No training pictures", f"{root} has `{test_root.name}` but no `train`; add it")
        classes = _classes(train_root)
        train = _list(train_root, classes)
        if test_root is None:
            catalogue = _split(classes, train, val_fraction, seed, root)
        else:
            _check_same_classes(classes, _classes(test_root), root, test_root.name)
            catalogue = Catalogue(classes, train, _list(test_root, classes))
    except PermissionError as error:
        raise DataError("Pictures not readable", f"{error.filename}: permission denied") from None
    catalogue.check(str(root))
    return catalogue


def _classes(root: Path) -> tuple[str, ...]:
    hidden = (".", "__MACOSX")
    names = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(hidden))
    if len(names) < 2:
        found = f"only `{names[0]}`" if names else "none"
        raise DataError(
            "Too few classes",
            f"{root}: at least two class folders are needed, {found} found; see the README's Data",
        )
    return tuple(names)


def _check_same_classes(train: tuple[str, ...], test: tuple[str, ...], root: Path, test_name: str) -> None:
    problems = []
    if only := sorted(set(train) - set(test)):
        problems.append(f"{_names(only)} only in `train`")
    if only := sorted(set(test) - set(train)):
        problems.append(f"{_names(only)} only in `{test_name}`")
    if problems:
        raise DataError("Classes differ", f"{root}: {'; '.join(problems)}; both need the same class folders")


def _list(root: Path, classes: tuple[str, ...]) -> tuple[Sample, ...]:
    samples = []
    for label, name in enumerate(classes):
        for folder, inner, files in os.walk(root / name, followlinks=True):
            inner[:] = sorted(part for part in inner if not part.startswith("."))
            samples += [
                Sample(os.path.join(folder, file), label)  # noqa: PTH118 - half the time of Path for a million files
                for file in sorted(files)
                if file.lower().endswith(EXTENSIONS) and not file.startswith(".")
            ]
    return tuple(samples)


def _split(classes: tuple[str, ...], samples: tuple[Sample, ...], fraction: float, seed: int, root: Path) -> Catalogue:
    train: list[Sample] = []
    test: list[Sample] = []
    for label, name in enumerate(classes):
        mine = [sample for sample in samples if sample.label == label]
        if len(mine) == 1:
            raise DataError("Too few pictures", f"{root / name}: one picture cannot be split; add more")
        random.Random(f"{seed}/split/{name}").shuffle(mine)
        kept = min(max(round(len(mine) * fraction), 1), len(mine) - 1) if mine else 0
        test += sorted(mine[:kept], key=lambda sample: sample.path)
        train += sorted(mine[kept:], key=lambda sample: sample.path)
    return Catalogue(classes, tuple(train), tuple(test))


def _names(names: list[str], most: int = 5) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
