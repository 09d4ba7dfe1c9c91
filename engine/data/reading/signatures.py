"""What a file is by its first bytes. It is asked only when a file cannot be read, to say why. Loads no Pillow."""

import re
from pathlib import Path

from engine.data.reading.formats import HEIF, JPEG_XL, Kind

FIRST = 512  # bytes that are looked at
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_PICTURES = (  # formats that are read; such a file is damaged, or of a rare kind
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
)
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a zip file"),
    (b"version https://git-lfs", "a pointer of Git LFS; fetch the files with `git lfs pull`"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"\x93NUMPY", "an array of NumPy"),
)


def what_it_is(path: str) -> str:
    """What a file that cannot be opened as a picture is, as the reason why; it begins with a small letter."""
    with Path(path).open("rb") as file:
        first = file.read(FIRST)
    if not first:
        return "the file is empty"
    kind = _kind_with_extra(first)
    if kind is not None and kind.extra is not None and not kind.extra.installed:
        return f"this is a {kind.name} file; to read it, {kind.extra.command}"
    if name := kind.name if kind is not None else _of_table(first, _PICTURES) or _in_containers(first):
        article = "an" if name.startswith("A") else "a"
        return f"this is {article} {name} file, and it is damaged or of a kind that cannot be read"
    if other := _of_table(first, _OTHERS) or _as_text(first):
        return f"not a picture in a known format: it is {other}"
    return "not a picture in a known format"


def _kind_with_extra(first: bytes) -> Kind | None:
    if first[4:8] == b"ftyp" and first[8:12] in _HEIF_BRANDS and b"avif" not in first[8:64]:
        return HEIF
    if first.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return JPEG_XL
    return None


def _of_table(first: bytes, table: tuple[tuple[bytes, str], ...]) -> str:
    return next((name for start, name in table if first.startswith(start)), "")


def _in_containers(first: bytes) -> str:
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "WebP"
    return "AVIF" if first[4:8] == b"ftyp" and b"avif" in first[8:64] else ""


def _as_text(first: bytes) -> str:
    if first[4:8] == b"ftyp":
        return "a video"
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"(<\?xml.*)?(<!--.*)?(<!doctype svg.*)?<svg", start, re.DOTALL):
        return "an SVG drawing"
    return "a web page" if start.startswith((b"<!doctype html", b"<html", b"<head")) else ""
