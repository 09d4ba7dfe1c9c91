"""Writes the pictures of a collection as a folder per class. Nothing is lost: files stay files, others become PNG."""

import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from engine.data.library.collection import Collection, Item
from engine.data.library.source import NOTES
from engine.data.listing.kinds import is_hidden
from engine.data.reading.decoder import as_rgb
from engine.data.samples import EXTENSIONS
from engine.errors import DataError

PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
ENDINGS = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "PPM": ".ppm",
    "GIF": ".gif",
    "AVIF": ".avif",
    "JPEG2000": ".jp2",
}


def write(collection: Collection, folder: Path) -> Iterator[int]:
    """Write the pictures into `folder/<part>/<class>/`, and the notes. Yields how many are done, after each.

    Raises:
        OSError: the folder cannot be written.
        DataError: two classes would share a folder.
    """
    names = _folder_names(collection.classes)
    renamed = [
        f"the class `{old}` is called `{new}`" for old, new in zip(collection.classes, names, strict=True) if old != new
    ]
    for number, item in enumerate(collection.items):
        target = folder / item.part / names[item.label]
        target.mkdir(parents=True, exist_ok=True)
        stem = Path(item.name).stem
        _put(item, target, f"{number:07}-{stem}" if stem else f"{number:07}")
        yield number + 1
    notes = [*collection.notes, *renamed]
    (folder / NOTES).write_text("".join(f"{note}\n" for note in notes), encoding="utf-8")


def _put(item: Item, target: Path, name: str) -> None:
    """Write one picture; a format that training does not read, or a file without its ending, becomes PNG."""
    picture = item.picture
    if isinstance(picture, Path) and picture.suffix.lower() in EXTENSIONS:
        shutil.copyfile(picture, target / f"{name}{picture.suffix.lower()}")
        return
    content = picture.read_bytes() if isinstance(picture, Path) else picture
    if isinstance(content, bytes):
        if ending := _ending(content):
            (target / f"{name}{ending}").write_bytes(content)
            return
        content = Image.open(io.BytesIO(content))
    if content.mode not in PNG_MODES:
        content = as_rgb(content)
    content.save(target / f"{name}.png")


def _ending(content: bytes) -> str:
    """The ending of a file's format; empty if training does not read it. A file that is no picture is kept, too."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return ENDINGS.get(picture.format or "", "")
    except OSError:
        return ".jpg"  # the run will name it and skip it


def _folder_names(classes: Sequence[str]) -> list[str]:
    """Names of folders for the classes."""
    names = []
    for name in classes:
        plain = "".join("_" if letter in "/\\" or ord(letter) < 32 else letter for letter in name).strip() or "_"
        names.append(f"_{plain}" if is_hidden(plain) else plain)
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(
            "Classes with one name", f"two classes would be called `{twice[0]}`; export the data set yourself"
        )
    return names
