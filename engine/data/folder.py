"""Lists the pictures of a folder with one folder per class. Opens no picture."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.data.listing.class_names import alike_notes
from engine.data.listing.kinds import Kind, is_hidden
from engine.data.listing.layout import Layout, NoClassesError, class_folders, content, find_layout
from engine.data.listing.part_names import PARTS, PartName, part_of
from engine.data.listing.walk import Seen, pictures_of_classes
from engine.data.samples import Catalogue, Sample, join_names
from engine.data.split import Place, Split, by_class, with_validation
from engine.errors import DataError
from engine.protocol.printable import printable

__all__ = ["PartName", "is_hidden", "pictures_of_classes", "scan", "walk_notes"]

UNLABELLED = Kind(
    "files of the test folder, which has no class folders",
    "nobody knows their classes, so they cannot be scored; a trained model labels them: finetune-tui predict",
)


def scan(root: Path, val_fraction: float, seed: int, *, group: str | None = None, split_val: bool = False) -> Catalogue:
    """List the pictures below `root`.

    `root` has the folders `train`, `val` and `test`, each with a folder per class; their other usual names are known,
    in any case, and they may lie deeper, alone. If it has `train` alone, or none of them, `val_fraction` of each class
    are taken for validation; `seed` chooses which. With `split_val` that is done, too, if only `val` is missing. With
    the regular expression `group`, pictures of a group stay together. Folders of other programs are not classes.
    Folders within a class belong to that class.

    Raises:
        DataError: the folder does not exist, has fewer than two classes or an empty class, or the classes of its
            parts differ.
    """
    try:
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise DataError("No pictures", f"{root} {what}; name your folder of pictures with --data DIR")
        layout = find_layout(root)
        found = _find(root, layout)
    except OSError as error:
        raise DataError("Pictures not readable", f"{error.filename}: {error.strerror}; make it readable") from None
    catalogue = with_validation(found, Place((layout.parts["train"],)), Split(val_fraction, seed, group), split_val)
    catalogue.check()
    return catalogue


def walk_notes(where: str, seen: Seen, classes: int) -> Iterator[str]:
    """What is to be said of folders within the class folders, a sentence each."""
    if seen.levels:
        yield (
            f"{where}: folders within a class folder belong to its class ({seen.levels} "
            f"level{'s' * (seen.levels > 1)} of them, such as `{printable(seen.deepest)}`)"
        )
    if parts := [name for name, count in seen.inner_names.items() if part_of(name) and 2 * count > classes]:
        yield (
            f"{where}: class folders have {join_names(sorted(parts))} within, which are no parts there: their pictures "
            f"are taken together; for parts, put the class folders into them, as in `{sorted(parts)[0]}/CLASS`"
        )


def _find(root: Path, layout: Layout) -> Catalogue:
    """The pictures in the parts that `root` has."""
    seen, folders = layout.seen, dict(layout.parts)
    names = class_folders(folders["train"], 2, seen)
    classes = tuple(dict.fromkeys(names.values()))
    labels = {name: label for label, name in enumerate(classes)}
    notes = [*layout.notes, *_together(folders["train"], names), *alike_notes(str(root), classes)]
    found = {"train": _pictures(folders["train"], names, labels, seen)}
    for part in [part for part in PARTS[1:] if part in folders]:
        folder = folders[part]
        try:
            names = class_folders(folder, 2, seen)
        except NoClassesError:
            if part == "test" and _count_unlabelled(folder, seen):
                del folders[part]
                continue
            raise
        _check_same_classes(classes, tuple(names.values()), root, folder.name)
        notes += _together(folder, names)
        found[part] = _pictures(folder, names, labels, seen)
        if not found[part]:
            raise DataError("No pictures", f"{folder}: its class folders have no pictures; add some or remove it")
    notes += walk_notes(str(root), seen, len(classes))
    where = tuple((part, str(folder.relative_to(root))) for part, folder in folders.items())
    return Catalogue(
        classes,
        found["train"],
        found.get("test", ()),
        found.get("val", ()),
        str(root),
        tuple(notes),
        seen.tally.left_out(),
        where,
        (root,),
    )


def _pictures(root: Path, names: Mapping[str, str], labels: Mapping[str, int], seen: Seen) -> tuple[Sample, ...]:
    """The pictures of a part, sorted by class and path."""
    found = pictures_of_classes(root, {folder: labels[name] for folder, name in names.items()}, seen)
    return found if list(names) == list(names.values()) and list(names.values()) == list(labels) else by_class(found)


def _together(root: Path, names: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each two folders whose names are the same letters."""
    first: dict[str, str] = {}
    for folder, name in names.items():
        if name in first:
            yield (
                f"{root}: two folders are called `{printable(name)}`, once with accents as characters of their own; "
                "their pictures are one class"
            )
        first[name] = folder


def _count_unlabelled(folder: Path, seen: Seen) -> bool:
    """Count the files of a test folder without any class folders; whether it is one."""
    here = content(folder)
    if here.folders or not here.has_pictures:
        return False
    for name in here.files:
        seen.tally.add(UNLABELLED, str(folder), name)
    return True


def _check_same_classes(train: tuple[str, ...], other: tuple[str, ...], root: Path, name: str) -> None:
    problems = []
    if only := sorted(set(train) - set(other)):
        problems.append(f"{join_names(only)} only in `train`")
    if only := sorted(set(other) - set(train)):
        problems.append(f"{join_names(only)} only in `{name}`")
    if problems:
        hints = "".join(f"; {hint}" for hint in alike_notes("between them", dict.fromkeys((*train, *other))))
        raise DataError("Classes differ", f"{root}: {'; '.join(problems)}; both need the same class folders{hints}")
