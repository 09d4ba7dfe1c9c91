"""Opens a picture file and measures it."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.reading import decoder
from engine.data.reading.opening import FORMATS, UnreadablePictureError
from engine.doctor.record import COLOUR_SIDE, RECORD, SIDE, Rows, hash_bytes, key_of, seal

DECODED_SIDE = 64
"pixels of the short side at least: JPEG files are decoded at a reduced scale, but read to their end"
ORIENTATION, MAKER, MODEL = 0x0112, 0x010F, 0x0110
TURNED = (5, 6, 7, 8)
"EXIF orientations in which width and height change places"


def measure(path: str) -> Rows:
    """The row of a picture, of shape (). One that cannot be decoded has the reason in `error`."""
    row = np.zeros((), RECORD)
    row["key"] = key_of(path)
    try:
        status = Path(path).stat()
        row["bytes"], row["mtime"] = status.st_size, status.st_mtime_ns
        data = Path(path).read_bytes()
        row["content"] = hash_bytes(data)
        _read_header(data, row)
        _read_pixels(decoder.read(path, shorter=DECODED_SIDE)[0], row)
    except UnreadablePictureError as error:
        row["error"] = str(error).encode()
    except OSError as error:
        row["error"] = (error.strerror or str(error)).encode()
    seal(row)
    return row


def _read_header(data: bytes, row: Rows) -> None:
    """Write what the file says of itself, as far as Pillow knows its format."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            row["format"], row["mode"] = (picture.format or "").encode(), picture.mode.encode()
            row["width"], row["height"] = picture.size
            exif = picture.getexif()
            if exif.get(ORIENTATION) in TURNED:
                row["height"], row["width"] = picture.size
            camera = " ".join(str(exif[tag]).strip("\0 ") for tag in (MAKER, MODEL) if tag in exif)
            row["camera"] = camera.encode("utf-8", "replace")
    except Exception:  # a damaged header breaks Pillow in any way; the decoder says what is wrong
        return


def _read_pixels(picture: Image.Image, row: Rows) -> None:
    """Write the small pictures of an RGB picture, and its contrast."""
    row["contrast"] = max(high - low for low, high in picture.getextrema())  # type: ignore[misc]
    if not row["width"]:  # a format that only the decoder knows
        row["width"], row["height"] = picture.size
    small = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    luma, *colours = small.convert("YCbCr").split()
    row["grey"] = np.asarray(luma)
    box = SIDE // COLOUR_SIDE
    for channel, colour in enumerate(colours):
        row["colour"][channel] = np.asarray(colour.reduce(box)).astype(np.int16) - 128
