"""The pictures of a resumed run: the split that it had is kept, and what has changed since is said or refused."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from engine.data.listing.picture_list import Entry, Key, PictureList, keys_of, list_of, read_list
from engine.data.samples import Catalogue, Sample
from engine.errors import DataError
from engine.protocol import Part
from engine.protocol.printable import printable

SINGULAR = {"are": "is", "were": "was", "have": "has"}

Pair = tuple[Entry, Entry]
"a picture in the run's list, and as it is now"


class Differences(NamedTuple):
    """What differs between the list of a run and its pictures as they are now."""

    gone: list[Entry]
    came: list[Entry]
    moved: list[Pair]
    "gone from one place, and there in another one with the same name and size"
    other_class: list[Pair]
    other_part: list[Pair]
    other_content: list[Pair]
    "with another size, or written since"


def kept_pictures(catalogue: Catalogue, file: Path) -> Catalogue:
    """The pictures of the run whose list is `file`, in its split; the same catalogue if there is no list.

    Pictures that came since take no part. That, and pictures with another content or part, are notes.

    Raises:
        DataError: pictures of the run are not there any more, or have another class.
    """
    if not file.exists():
        return catalogue  # an older version began the run
    try:
        before = read_list(file)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        note = f"{file} cannot be read ({error}): whether pictures have changed since the run began is not known"
        return replace(catalogue, notes=(*catalogue.notes, note))
    now = list_of(catalogue)
    if now == before:
        return catalogue
    differences = compare(before, now)
    if differences.gone or differences.moved or differences.other_class:
        raise DataError("Pictures have changed", _refusal(catalogue.where, differences))
    return _as_before(catalogue, before, tuple(_notes(differences)))


def part_as_before(catalogue: Catalogue, part: Part, file: Path) -> tuple[Sample, ...]:
    """The pictures of a part as the run had them whose list is `file`, as far as they are there.

    Pictures that came since may have changed which ones are taken for validation. Without a list: as they are now.
    """
    try:
        before = read_list(file)
    except (OSError, EOFError, ValueError, zlib.error):
        return catalogue.part(part)
    now = dict(keys_of(catalogue))
    return tuple(now[item.key] for item in before.entries if item.part == part and item.key in now)


def compare(before: PictureList, now: PictureList) -> Differences:
    """What differs between two lists."""
    old, new = ({item.key: item for item in found.entries} for found in (before, now))
    gone = [item for key, item in old.items() if key not in new]
    came = [item for key, item in new.items() if key not in old]
    places = {_name_and_size(item): item for item in came}
    moved = [(item, places[_name_and_size(item)]) for item in gone if _name_and_size(item) in places]
    elsewhere = {pair[0].key for pair in moved}, {pair[1].key for pair in moved}
    both = [(item, new[key]) for key, item in old.items() if key in new]
    return Differences(
        [item for item in gone if item.key not in elsewhere[0]],
        [item for item in came if item.key not in elsewhere[1]],
        moved,
        [pair for pair in both if pair[0].label != pair[1].label],
        [pair for pair in both if pair[0].part != pair[1].part],
        _other_content(both),
    )


def _other_content(both: Sequence[Pair]) -> list[Pair]:
    """The pictures that are other files now. A copy of all pictures has other times, which says nothing."""
    sizes = [pair for pair in both if pair[0].size != pair[1].size]
    times = [pair for pair in both if pair[0].modified != pair[1].modified]
    return times if 2 * len(times) < len(both) and len(times) > len(sizes) else sizes


def _name_and_size(item: Entry) -> tuple[str, int]:
    return item.key.path.rpartition("/")[2], item.size


def _as_before(catalogue: Catalogue, before: PictureList, notes: tuple[str, ...]) -> Catalogue:
    """The catalogue with the pictures, the classes and the split of the list."""
    paths: dict[Key, str] = {key: sample.path for key, sample in keys_of(catalogue)}
    labels = {name: label for label, name in enumerate(before.classes)}
    parts: dict[str, list[Sample]] = {"train": [], "val": [], "test": []}
    for item in before.entries:
        parts[item.part].append(Sample(paths[item.key], labels[item.label]))
    return replace(
        catalogue,
        classes=before.classes,
        train=tuple(parts["train"]),
        val=tuple(parts["val"]),
        test=tuple(parts["test"]),
        notes=(*catalogue.notes, *notes),
    )


def _notes(found: Differences) -> Iterator[str]:
    """What has changed and does not keep the run from going on."""
    if found.came:
        yield (
            f"{_pictures(found.came)} came after the run began, such as {_shown(found.came[0])}: they take no part in "
            "it; a new run would use them"
        )
    # Which pictures are taken for validation depends on all pictures, so others may come to another part.
    if found.other_part and not found.came:
        old, new = found.other_part[0]
        yield (
            f"{_pictures(found.other_part)} would be in another part now, such as {_shown(new)} ({new.part}): they "
            f"stay where they were ({old.part})"
        )
    if found.other_content:
        yield (
            f"{_pictures(found.other_content, 'have')} another content than when the run began, such as "
            f"{_shown(found.other_content[0][0])}; if they were exchanged, their classes may be wrong: a new run "
            "begins with them as they are"
        )


def _refusal(where: str, found: Differences) -> str:
    """Why the run cannot go on with the pictures as they are, and what to do."""
    words = []
    if found.gone:
        words.append(f"{_pictures(found.gone, 'are')} gone, such as {_shown(found.gone[0])}")
    if found.moved:
        old, new = found.moved[0]
        to = f" (class `{printable(new.label)}` now)" if old.label != new.label else ""
        words.append(f"{_pictures(found.moved, 'were')} moved, such as {_shown(old)}, now {_shown(new)}{to}")
    if found.other_class:
        old, new = found.other_class[0]
        words.append(
            f"{_pictures(found.other_class, 'have')} another class, such as {_shown(old)}: `{printable(old.label)}` "
            f"before, `{printable(new.label)}` now"
        )
    if found.came:
        words.append(f"{_pictures(found.came)} came, such as {_shown(found.came[0])}")
    return (
        f"{where}: since the run began, {'; '.join(words)}. Put them back as they were (or the list `data.exclude`, if "
        "that was changed) and resume again, or begin a new run"
    )


def _pictures(items: Sequence[object], verb: str = "") -> str:
    """`1 picture is` or `20 pictures are`, for the verbs `are`, `were` and `have`."""
    if len(items) == 1:
        return f"1 picture {SINGULAR.get(verb, verb)}".rstrip()
    return f"{len(items):,} pictures {verb}".rstrip()


def _shown(item: Entry) -> str:
    return printable(item.key.path)
