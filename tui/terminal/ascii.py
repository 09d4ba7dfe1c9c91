"""The screen in ASCII, for terminals and fonts without other characters; each is replaced by one of the same width."""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

UNKNOWN = "?"

_ALIKE = {
    "+": "╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝╒╕╘╛",
    "|": "│┃║╎┆┊▕",
    "-": "─━═╴╶–—‐−▔┄",
    "=": "╍┅",
    "#": "█▉▊▋▌▐▅▆▇▀▄■▓",
    ":": "▍▎▏▒",
    "_": "▁▂▃",
    ".": "…·░⋮┈",
    "O": "●⬤◉",
    "o": "○◌◦•",
    "^": "▴▲△↑",
    "v": "▾▼▽↓",
    ">": "▸▶→›»❯",
    "<": "◂◀←‹«❮",
    "x": "×✕✗",
    "V": "✓✔",
    "*": "★☆✱" + "".join(map(chr, range(0x2801, 0x2900))),  # braille: a plot's lines
    " ": "\u00a0\u2800°",
    "'": "‘’",
    '"': "“”",
    "~": "±≈",
    "/": "╱▞",
    "\\": "╲▚",
    "X": "╳",
}
# In the legend of a plot each line has the mark that `tui/plots/strokes.py` has for it: `┈` training, `╌` dashed lines.
TABLE = str.maketrans({character: plain for plain, others in _ALIKE.items() for character in others} | {"╌": "+"})


@lru_cache(4096)
def translated(text: str) -> str:
    """The text in ASCII, with the same width in cells."""
    text = text.translate(TABLE)
    if text.isascii():
        return text
    return "".join(c if c.isascii() else UNKNOWN * cell_len(c) for c in text)


class Ascii(LineFilter):
    """Translates what widgets draw."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [Segment(translated(text), style, control) for text, style, control in segments]
