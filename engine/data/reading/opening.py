"""Opens a picture file with Pillow, in the known formats only, and says why a file cannot be read."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from engine.data.reading import large
from engine.data.reading.formats import HEIF, JPEG_XL
from engine.data.reading.jpeg_xl import jpeg_xl_size
from engine.data.reading.signatures import what_it_is

# Pillow warns of harmless defects, and a warning would damage the screen. The filter is for the whole process, because
# `warnings.catch_warnings` is not safe in threads.
warnings.filterwarnings("ignore", module=r"PIL\.")
# Pillow registers its formats at the first picture. Do it here, before several threads open pictures.
Image.init()
# Pillow's own limit refuses panoramas, and is for the whole process, too. `large` has a limit of its own.
if Image.MAX_IMAGE_PIXELS is not None:
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, large.MAX_PIXELS)


def _register_extras() -> list[str]:
    """Tell Pillow of the installed libraries for further formats. Returns their names of these formats."""
    found = []
    if HEIF.extra is not None and HEIF.extra.installed:
        import_module("pillow_heif").register_heif_opener()
        found.append("HEIF")
    if JPEG_XL.extra is not None and JPEG_XL.extra.installed:
        import_module("pillow_jxl")  # it registers itself
        found.append("JXL")
    return found


# Pillow recognises a file by its content, so a `.jpg` may have any of these formats. Other formats are refused:
# some of them start programs (EPS starts Ghostscript), and nobody trains on them.
FORMATS: tuple[str, ...] = tuple(
    name
    for name in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "GIF", "AVIF", "JPEG2000", *_register_extras())
    if name in Image.OPEN
)


class UnreadablePictureError(Exception):
    """A file cannot be decoded as a picture. The text gives the reason in one line."""


class MissingPictureError(UnreadablePictureError):
    """There is no such file."""


@contextmanager
def opened(path: str) -> Iterator[Image.Image]:
    """An opened picture, of which only the head has been read. Errors in the `with` block are errors of the picture.

    Raises:
        UnreadablePictureError: the file is missing, damaged, too large or no picture.
    """
    try:
        if "JXL" in FORMATS:
            _check_jpeg_xl(path)
        with Image.open(path, formats=FORMATS) as picture:
            large.check_pixels(*picture.size)
            yield picture
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingPictureError(error.strerror) from None
    except Exception as error:  # decoders raise many kinds of errors for damaged bytes
        raise UnreadablePictureError(_reason(path, error)) from None


def _check_jpeg_xl(path: str) -> None:
    with Path(path).open("rb") as file:
        size = jpeg_xl_size(file.read(4096))
    if size is not None:
        large.check_pixels(*size)


def _reason(path: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, (UnidentifiedImageError, RuntimeError)):  # RuntimeError: libjxl, and it names no cause
        return what_it_is(path) if Path(path).is_file() else "not a file"
    if isinstance(error, MemoryError):
        return "too large for the memory"
    if isinstance(error, Image.DecompressionBombError) and (found := re.search(r"(\d+) pixels", str(error))):
        size = large.megapixels(int(found[1]))
        return f"{size} megapixels; at most {large.megapixels(large.MAX_PIXELS)} can be read"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
