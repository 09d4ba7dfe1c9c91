"""The endings of picture files, and what is needed to read them. Loads neither torch nor Pillow."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Extra:
    """An optional library that reads a format."""

    name: str
    "of the extra in `pyproject.toml`"
    module: str
    "the library, as Python imports it"

    @property
    def installed(self) -> bool:
        """Whether the library is there."""
        return _installed(self.module)

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install 'finetune-tui[{self.name}]'"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of picture file."""

    name: str
    "for people"
    endings: tuple[str, ...]
    "in small letters, with the dot"
    extra: Extra | None = None
    "the library that reads it, if Pillow alone does not"


HEIF = Kind("HEIC", (".heic", ".heif", ".hif"), Extra("heif", "pillow_heif"))
JPEG_XL = Kind("JPEG XL", (".jxl",), Extra("jxl", "pillow_jxl"))
KINDS = (
    Kind("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")),
    Kind("PNG", (".png", ".apng")),
    Kind("PPM", (".ppm", ".pgm", ".pbm", ".pnm")),
    Kind("BMP", (".bmp",)),
    Kind("TIFF", (".tif", ".tiff")),
    Kind("WebP", (".webp",)),
    Kind("GIF", (".gif",)),
    Kind("AVIF", (".avif",)),
    Kind("JPEG 2000", (".jp2", ".j2k", ".jpx")),
    HEIF,
    JPEG_XL,
)
ENDINGS: dict[str, Kind] = {ending: kind for kind in KINDS for ending in kind.endings}


def readable(ending: str) -> bool:
    """Whether files with this ending, such as `.jpg`, are read on this machine. Capital letters are the same."""
    kind = ENDINGS.get(ending.lower())
    return kind is not None and (kind.extra is None or kind.extra.installed)


def remedy(ending: str) -> str:
    """What to install to read files with this ending; empty if nothing is missing, or nothing would help."""
    kind = ENDINGS.get(ending.lower())
    if kind is None or kind.extra is None or kind.extra.installed:
        return ""
    return kind.extra.command


def readable_endings() -> tuple[str, ...]:
    """All endings that are read on this machine, the most usual one of each kind first."""
    return tuple(sorted(filter(readable, ENDINGS), key=lambda ending: ENDINGS[ending].endings.index(ending)))


@cache
def _installed(module: str) -> bool:
    return find_spec(module) is not None
