"""Lists the pictures of several folders together, each laid out as a folder of pictures is. Opens no picture."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.data.folder import scan, walk_notes
from engine.data.listing.class_names import alike_notes
from engine.data.listing.layout import class_folders, find_layout
from engine.data.listing.left_out import merged
from engine.data.listing.part_names import PARTS, PartName
from engine.data.listing.walk import Seen, pictures_of_classes
from engine.data.samples import Catalogue, Sample, join_names
from engine.data.split import Place, Split, by_class, with_validation
from engine.errors import DataError

Classes = Mapping[PartName, Mapping[str, str]]
"the class folders that each part of a root has, with the names of their classes"


def scan_roots(roots: Sequence[Path], how: Split, split_val: bool) -> Catalogue:
    """List the pictures below all `roots`: the same class by name, the same part by name.

    A class may be in some of the roots only. Validation pictures are taken as for one folder, from all training
    pictures together.

    Raises:
        DataError: a root does not exist or lies in another one, there are fewer than two classes, or a class is empty.
    """
    if len(roots) == 1:
        return scan(roots[0], how.fraction, how.seed, group=how.group, split_val=split_val)
    where = ", ".join(map(str, roots))
    try:
        _check_apart(roots)
        layouts = [find_layout(root, least=1) for root in roots]
        folders = [layout.parts for layout in layouts]
        found = [
            {part: class_folders(folder, 1, layout.seen) for part, folder in layout.parts.items()} for layout in layouts
        ]
        classes = _in_order(found)
        if len(classes) < 2:
            raise DataError(
                "Too few classes", f"{where}: all pictures are of `{classes[0]}`; add those of another class"
            )
        seen = [layout.seen for layout in layouts]
        parts = {part: _pictures(part, folders, found, classes, seen) for part in PARTS}
    except OSError as error:
        raise DataError("Pictures not readable", f"{error.filename}: {error.strerror}; make it readable") from None
    notes = [note for layout in layouts for note in layout.notes]
    notes += [*_notes(roots, found, classes), *alike_notes(where, classes)]
    notes += [
        note for root, one in zip(roots, layouts, strict=True) for note in walk_notes(str(root), one.seen, len(classes))
    ]
    catalogue = Catalogue(
        classes,
        parts["train"],
        parts["test"],
        parts["val"],
        where,
        tuple(notes),
        merged(layout.seen.tally.left_out() for layout in layouts),
        _named(folders),
        tuple(roots),
    )
    place = Place(tuple(parts["train"] for parts in folders), where)
    catalogue = with_validation(catalogue, place, how, split_val)
    catalogue.check()
    return catalogue


def _check_apart(roots: Sequence[Path]) -> None:
    """Raise `DataError` for a root that is no folder, or that is or lies in another one: pictures would come twice."""
    for root in roots:
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise DataError("No pictures", f"{root} {what}; name folders of pictures with --data DIR --data DIR")
    real = [root.resolve() for root in roots]
    for number, inner in enumerate(real):
        for other, outer in enumerate(real):
            if number != other and inner.is_relative_to(outer):
                raise DataError(
                    "Pictures twice", f"{roots[number]} is or lies in {roots[other]}; name each folder of pictures once"
                )


def _named(folders: Sequence[Mapping[PartName, Path]]) -> tuple[tuple[PartName, str], ...]:
    """The folders of each part, for people."""
    return tuple(
        (part, ", ".join(str(parts[part]) for parts in folders if part in parts))
        for part in PARTS
        if any(part in parts for parts in folders)
    )


def _in_order(found: Sequence[Classes]) -> tuple[str, ...]:
    """The classes of all roots, in the order of their folders' names."""
    folders = sorted({item for parts in found for names in parts.values() for item in names.items()})
    return tuple(dict.fromkeys(name for _, name in folders))


def _pictures(
    part: PartName,
    folders: Sequence[Mapping[PartName, Path]],
    found: Sequence[Classes],
    classes: Sequence[str],
    seen: Sequence[Seen],
) -> tuple[Sample, ...]:
    """The pictures of a part in all roots, sorted by class and path."""
    labels = {name: label for label, name in enumerate(classes)}
    return by_class(
        sample
        for parts, names, one in zip(folders, found, seen, strict=True)
        if part in parts
        for sample in pictures_of_classes(parts[part], {key: labels[name] for key, name in names[part].items()}, one)
    )


def _notes(roots: Sequence[Path], found: Sequence[Classes], classes: Sequence[str]) -> Iterator[str]:
    """What differs between the roots."""
    for root, parts in zip(roots, found, strict=True):
        if missing := sorted(set(classes).difference(*(names.values() for names in parts.values()))):
            yield f"{root} has no {join_names(missing)}"
        for part in ("test", "val"):
            if part not in parts and any(part in others for others in found):
                yield f"{root} has no `{part}`: the {part} pictures are those of the other folders"
