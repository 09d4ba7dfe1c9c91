"""Finds pictures whose classes are known, to score a trained model on them. Loads no torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.config import RunConfig
from engine.data.listing.class_names import nfc
from engine.data.listing.layout import content
from engine.data.listing.part_names import PartName, part_of
from engine.data.listing.resuming import part_as_before
from engine.data.listing.walk import pictures_of_classes
from engine.data.samples import Sample, join_names
from engine.data.sources import local_catalogue
from engine.errors import DataError
from engine.protocol import PART_NAMES, Part
from engine.storage.run_folder import PICTURES

PARTS: tuple[PartName, ...] = ("test", "val")


class Labelled(NamedTuple):
    """Pictures with the indices of their classes in the model's list."""

    where: str
    "the folder, or the part of the run's own pictures, for people"
    samples: Sequence[Sample]
    notes: Sequence[str]
    "what was left out or guessed, a sentence each"
    part: Part | None = None
    "if they are the run's own: which of them"


def labelled_pictures(root: Path, classes: Sequence[str]) -> Labelled:
    """The pictures in a folder per class: in `root/test`, else in `root/val`, else in `root` itself.

    Raises:
        DataError: there is no folder of any of the `classes`, or no picture in them.
    """
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise DataError("No pictures", f"{root} {what}; name a folder with a folder per class")
    try:
        parts = {part_of(name): name for name in reversed(content(root).folders) if name not in classes}
        part = next((parts[name] for name in PARTS if name in parts), None)
        folder = root / part if part else root
        folders = {name: nfc(name) for name in content(folder).folders}
    except OSError as error:
        raise DataError("Pictures not readable", f"{error.filename}: {error.strerror}; make it readable") from None
    notes = [f"{root} has the part `{part}`, which is scored"] if part else []
    numbers = {nfc(name): number for number, name in enumerate(classes)}
    names = list(dict.fromkeys(folders.values()))
    known = [name for name in names if name in numbers]
    if not known:
        raise DataError(
            "No class of the model",
            f"{folder} has {'the folders ' + join_names(names) if names else 'no folders'}, but the model knows "
            f"{join_names(list(classes))}; the folders must be named after the classes",
        )
    if unknown := [name for name in names if name not in known]:
        notes.append(f"left out, because the model does not know them: {join_names(unknown)}")
    if missing := [name for name in classes if nfc(name) not in known]:
        notes.append(f"no pictures of {join_names(missing)}")
    samples = pictures_of_classes(folder, {key: numbers[name] for key, name in folders.items() if name in numbers})
    if not samples:
        raise DataError("No pictures", f"{folder}: its class folders have no pictures; add some")
    return Labelled(str(folder), samples, notes)


def pictures_of_run(config: RunConfig, classes: Sequence[str], checkpoint: Path) -> Labelled:
    """The test pictures of a run, or its validation pictures if it has no test pictures.

    `checkpoint` is a file in the run's folder, where the list of its pictures is.

    Raises:
        DataError: they are not there any more, or their classes have changed.
    """
    hint = "name a folder with a folder per class with --data DIR"
    why = "they have been removed"
    try:
        found = local_catalogue(config.data, config.seed)
    except DataError as error:
        found, why = None, error.message
    if found is None:
        raise DataError("No pictures", f"the run's own pictures are not there any more ({why}); {hint}")
    if found.classes != tuple(map(nfc, classes)):
        raise DataError("Classes differ", f"{found.where} has other classes than the run had; {hint}")
    part: Part = "test" if found.test else "val"
    where = f"{found.where}, {PART_NAMES[part]} pictures of the run"
    samples = part_as_before(found, part, _picture_list(checkpoint))
    if found.test and found.val:
        return Labelled(where, samples, found.notes, part)
    note = "these pictures chose the best weights, so the figures flatter them; pictures of --data DIR would not"
    return Labelled(where, samples, [*found.notes, note], part)


def _picture_list(checkpoint: Path) -> Path:
    """The list of the pictures in the folder of a checkpoint's run, or beside the checkpoint, where it need not be."""
    folders = checkpoint.resolve().parents[:3]
    return next((folder / PICTURES for folder in folders if (folder / PICTURES).is_file()), folders[0] / PICTURES)
