"""How a terminal draws pictures: as kitty's or sixel graphics where there are any, else as half blocks.

Names in the environment say which terminal it is. To ask the terminal itself, as textual-image does, would lose keys
that are pressed meanwhile, and wait for terminals that do not answer.
"""

import fcntl
import io
import os
import struct
import sys
import termios
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual_image.widget import HalfcellImage, SixelImage, TGPImage

    Picture = HalfcellImage | SixelImage | TGPImage
    "a widget that fills its room with the picture `image`"

Pictures = Literal["auto", "blocks", "none"]
"what the user wants: the best way there is, half blocks, or only text"
Way = Literal["kitty", "sixel", "blocks", "none"]

KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
SIXEL_TERMS = ("foot", "foot-extra", "mlterm", "contour")
SIXEL_PROGRAMS = ("WezTerm", "iTerm.app")


def way(wanted: Pictures, environment: Mapping[str, str], colours: str | None, cell: tuple[int, int]) -> Way:
    """How to draw pictures. `colours` are named as in Rich; `cell` is the size of a cell in pixels, 0 if not known."""
    if wanted == "none" or colours is None:
        return "none"
    term = environment.get("TERM", "")
    within = "TMUX" in environment or term.startswith(("screen", "tmux"))  # it does not pass graphics on
    if wanted == "blocks" or within:
        return "blocks"
    # The colour of the cells holds the number of the kitty picture.
    kitty = term in KITTY_TERMS or "KITTY_WINDOW_ID" in environment or environment.get("TERM_PROGRAM") == "ghostty"
    if kitty:
        return "kitty" if colours == "truecolor" else "blocks"
    program = environment.get("TERM_PROGRAM") or environment.get("LC_TERMINAL", "").replace("iTerm2", "iTerm.app")
    if (term in SIXEL_TERMS or program in SIXEL_PROGRAMS) and all(cell):  # a sixel picture is as large as its pixels
        return "sixel"
    return "blocks"


def cell_pixels() -> tuple[int, int]:
    """Width and height of a cell in pixels, (0, 0) where the terminal does not say."""
    try:
        assert sys.__stdout__ is not None
        size = fcntl.ioctl(sys.__stdout__.fileno(), termios.TIOCGWINSZ, bytes(8))
    except (OSError, ValueError, AssertionError):
        return 0, 0
    rows, columns, width, height = struct.unpack("HHHH", size)
    return (width // columns, height // rows) if rows and columns else (0, 0)


def picture(how: Way, cell: tuple[int, int]) -> "Picture":
    """An empty picture that is drawn this way; `cell` is the size of a cell in pixels."""
    if all(cell):
        os.environ |= {"TEXTUAL_CELL_WIDTH": str(cell[0]), "TEXTUAL_CELL_HEIGHT": str(cell[1])}
    # If it sees a terminal while it is imported, it asks that, and takes answer and keys away from Textual.
    terminal, sys.__stdout__ = sys.__stdout__, io.StringIO()  # type: ignore[misc, assignment]
    try:
        from textual_image.widget import HalfcellImage, SixelImage, TGPImage
    finally:
        sys.__stdout__ = terminal  # type: ignore[misc]
    return TGPImage() if how == "kitty" else SixelImage() if how == "sixel" else HalfcellImage()


def fit(size: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows of the largest picture of that shape that fits; a cell is twice as high as wide."""
    width, height = size
    scale = min(columns / width, 2 * rows / height)
    return max(round(width * scale), 1), max(round(height * scale / 2), 1)
