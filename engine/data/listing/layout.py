"""Which folders below a root are the parts of a data set, and which are its classes. Lists folders, opens no file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.listing.class_names import is_text, nfc
from engine.data.listing.kinds import FOLDERS_BESIDE, LINKS_UP, LOOSE, LOOSE_ROOT, is_hidden
from engine.data.listing.part_names import PartName, part_of
from engine.data.listing.walk import Seen, is_picture, is_table, leads_up
from engine.data.samples import join_names
from engine.errors import DataError
from engine.protocol.printable import printable

MOST_DEEPER = 3  # folders within each other that are looked through for the parts or the classes


class NoClassesError(DataError):
    """A folder has fewer class folders than are needed."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a folder has."""

    path: Path
    folders: tuple[str, ...]
    "without those of other programs, sorted"
    hidden: tuple[str, ...]
    "the folders of other programs"
    files: tuple[str, ...]
    links_up: tuple[str, ...] = ()
    "the links to a folder that they lie in"

    @property
    def has_pictures(self) -> bool:
        """Whether there are pictures directly in it."""
        return any(map(is_picture, self.files))


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of the parts; without parts, that of the training pictures is the one of the classes itself."""

    parts: Mapping[PartName, Path]
    notes: tuple[str, ...] = ()
    "what was guessed, a sentence each"
    seen: Seen = field(default_factory=Seen, compare=False)
    "what else lies there"


def content(folder: Path) -> Content:
    """The folders and files of a folder.

    Raises:
        OSError: it cannot be read.
    """
    folders, hidden, files, links_up = [], [], [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _is_folder(entry):
                files.append(entry.name)
            elif is_hidden(entry.name):
                hidden.append(entry.name)
            elif entry.is_symlink() and leads_up(str(folder), entry.name):
                links_up.append(entry.name)
            else:
                folders.append(entry.name)
    return Content(folder, tuple(sorted(folders)), tuple(sorted(hidden)), tuple(files), tuple(sorted(links_up)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one. A link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def find_layout(root: Path, least: int = 2) -> Layout:
    """The parts below a root, which may lie some folders deeper.

    With `least` 2 the classes may lie deeper, too: a single folder that has only folders is no class. With 1 it is.

    Raises:
        DataError: two folders are the same part, or there are other parts but no training pictures.
        OSError: a folder cannot be read.
    """
    here, notes, seen = content(root), list[str](), Seen()
    parts = _parts(here, notes)
    for _ in range(MOST_DEEPER):
        inner = _only_folder(here) if not parts else None
        if inner is None:
            break
        inner_parts = _parts(inner, notes)
        if not inner_parts and (least < 2 or here.has_pictures or inner.has_pictures or not inner.folders):
            break
        _count(here, seen, keep=(inner.path.name,))
        here, parts = inner, inner_parts
    if here.path != root:
        what = "parts" if parts else "class folders"
        below = printable(str(here.path.relative_to(root)))
        deep = len(here.path.relative_to(root).parts)
        notes.append(f"{printable(str(root))}: the {what} are {deep} folder{'s' * (deep > 1)} deeper, in `{below}`")
    if parts and least > 1:
        parts = {part: _class_level(folder, root, notes, seen) for part, folder in parts.items()}
    if parts:
        _count(here, seen, keep=[name for name in here.folders if part_of(name)])
    return Layout(parts or {"train": here.path}, tuple(notes), seen)


def class_folders(root: Path, least: int, seen: Seen) -> dict[str, str]:
    """The class folders by name, sorted, each with the name of its class in NFC.

    Raises:
        DataError: there are fewer classes than `least` (1 or 2), or a name is not UTF-8.
        OSError: the folder cannot be read.
    """
    here = content(root)
    if odd := [name for name in here.folders if not is_text(name)]:
        raise DataError("Unprintable class", f"{root}: the name of {printable(odd[0])} is not UTF-8; rename the folder")
    found = {name: nfc(name) for name in here.folders}
    if len(set(found.values())) < least:
        names = f"only `{printable(here.folders[0])}`" if found else f"none found, {_without_folders(here)}"
        needed = ("one class folder is", "two class folders are")[least - 1]
        raise NoClassesError(
            "Too few classes",
            f"{root}: at least {needed} needed, {names}{' found' * bool(found)}; put the pictures of each class into a "
            f"folder named after it",
        )
    _count(here, seen, keep=here.folders, loose=True)
    return found


def _without_folders(here: Content) -> str:
    """What there is where there are no class folders."""
    pictures = sum(map(is_picture, here.files))
    if pictures:
        return f"but {pictures:,} picture{'s' * (pictures != 1)} outside of any"
    return f"and no pictures among {len(here.files):,} files" if here.files else "and no files"


def _only_folder(here: Content) -> Content | None:
    """The content of the only folder; `None` if there is another number of folders."""
    return content(here.path / here.folders[0]) if len(here.folders) == 1 else None


def _parts(here: Content, notes: list[str]) -> dict[PartName, Path]:
    """The folders of the parts; none if there are none, or if all that could be parts are classes."""
    found: dict[PartName, list[str]] = {}
    for name in here.folders:
        if part := part_of(name):
            found.setdefault(part, []).append(name)
    for part, names in found.items():
        if len(names) > 1:
            raise DataError(
                "Two folders for one part",
                f"{here.path}: {join_names(list(map(printable, names)))} both mean the part `{part}`; "
                "rename or remove one of them",
            )
    parts = {part: here.path / names[0] for part, names in found.items()}
    others = [name for name in here.folders if part_of(name) is None]
    tables = any(is_table(name) for name in here.files)
    if set(parts) == {"train"} and others and not tables and not content(parts["train"]).folders:
        notes.append(
            f"{here.path}: `{found['train'][0]}` is taken as a class like {join_names(others[:1])}, because it has "
            "no class folders"
        )
        return {}
    if parts and "train" not in parts:
        other = next(iter(found.values()))[0]
        raise NoClassesError(
            "No training pictures",
            f"{here.path} has `{printable(other)}` but no `train`; add it with the same classes",
        )
    return parts


def _class_level(folder: Path, root: Path, notes: list[str], seen: Seen) -> Path:
    """The folder that has the class folders of a part: itself, or one that lies alone within it."""
    here = content(folder)
    for _ in range(MOST_DEEPER):
        inner = _only_folder(here)
        if inner is None or here.has_pictures or inner.has_pictures or not inner.folders:
            break
        _count(here, seen, keep=here.folders)
        here = inner
    if here.path != folder:
        notes.append(f"{root}: the class folders are deeper, in `{printable(str(here.path.relative_to(root)))}`")
    return here.path


def _count(here: Content, seen: Seen, keep: tuple[str, ...] | list[str], loose: bool = False) -> None:
    """Count what a folder has besides the folders `keep`; `loose`: it should have class folders only."""
    for name in here.hidden:
        seen.tally.add_folder(str(here.path), name)
    for name in here.links_up:
        seen.tally.add(LINKS_UP, str(here.path), name)
    for name in here.folders:
        if name not in keep:
            seen.tally.add(FOLDERS_BESIDE, str(here.path), name)
    for name in sorted(here.files):
        if is_picture(name):
            seen.tally.add(LOOSE if loose else LOOSE_ROOT, str(here.path), name)
        else:
            seen.tally.add_file(str(here.path), name)
