"""A small picture as lines of text: a half block for each two pixels, one above the other. Loads no Textual."""

from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style

from tui.terminal.graphics import fit

if TYPE_CHECKING:
    from PIL import Image
    from rich.console import Console

UPPER_HALF = "▀"


def half_blocks(picture: "Image.Image", columns: int, rows: int, console: "Console") -> list[str]:
    """`rows` lines of `columns` cells with an RGB picture in their middle, in as many colours as the console has."""
    width, height = fit(picture.size, columns, rows)
    left, above = (columns - width) // 2, (rows - height) // 2
    pixels = picture.resize((width, 2 * height))
    lines = []
    for row in range(height):
        halves = ((pixels.getpixel((column, 2 * row + half)) for half in (0, 1)) for column in range(width))
        styles = (Style.from_color(*(Color.from_rgb(*rgb) for rgb in pair)) for pair in halves)  # type: ignore[misc]
        with console.capture() as capture:
            console.print(Segments(Segment(UPPER_HALF, style) for style in styles), end="")
        lines.append(" " * left + capture.get() + " " * (columns - width - left))
    blank = " " * columns
    return [blank] * above + lines + [blank] * (rows - height - above)
