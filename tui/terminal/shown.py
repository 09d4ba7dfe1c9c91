"""Knows what the terminal shows, cell by cell, and sends only the cells that differ.

Textual sends a line again from the left edge of its widget to the changed cell, each piece with its whole style.
Loads no Textual: it only reads the escape codes that are written (ECMA-48, and xterm's colours).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size

SYNC_BEGIN, SYNC_END = (
    "\x1b[?2026h",
    "\x1b[?2026l",
)  # what is between them is shown in one step
NEAR = 4  # so few cells cost no more to send again than to jump over
SEEN_ON_BLANKS = frozenset(("4", "7", "9", "21", "53"))  # lines above, through and below the text, and reverse

_PLACE = re.compile(r"\x1b\[(\d+);(\d+)H")
# A style, or text. The effect of anything else is not known.
_PIECES = re.compile(r"\x1b\[([\d;]*)m|([^\x00-\x1f\x7f-\x9f]+)|(.)", re.DOTALL)


class Style(NamedTuple):
    """How a cell looks, as parameters of SGR."""

    attributes: frozenset[str]
    foreground: str
    background: str


PLAIN = Style(frozenset(), "", "")


class Cell(NamedTuple):
    """A cell of the terminal. Behind a wide character there is a cell with an empty text."""

    text: str
    style: Style

    def looks_like(self, other: "Cell | None") -> bool:
        """Whether the two look the same. Of a blank only the background is seen."""
        return (
            self is other
            or self == other
            or (other is not None and self.text == other.text == " " and self._seen() == other._seen())
        )

    def _seen(self) -> Style:
        style = self.style
        return style if style.attributes & SEEN_ON_BLANKS else Style(frozenset(), "", style.background)


class Row(dict[int, Cell]):
    """Cells by their columns."""

    uneven = False
    "whether a character is not one cell wide; terminals do not agree on the widths of such characters"


class Chunk(NamedTuple):
    """What was written of a row at once."""

    column: int
    text: str
    "escape codes included"
    end: int
    "the column after it"


class Shown:
    """The cells of the terminal, as far as they are known."""

    def __init__(self) -> None:
        self._forget()
        self._begun = False

    def _forget(self) -> None:
        """Take all cells for unknown."""
        self._rows: dict[int, Row] = {}
        self._last: dict[int, Chunk] = {}
        "what was written last to each row: when a dialog opens, Textual writes the same several times"
        self._cursor = (0, 0)

    def needed(self, written: str) -> str:
        """What to send so that the terminal shows `written`; empty if it shows that already."""
        if written == SYNC_BEGIN:
            self._begun = True
            return ""
        if written == SYNC_END:
            nothing, self._begun = self._begun, False
            return "" if nothing else written
        begin, self._begun = SYNC_BEGIN if self._begun else "", False
        cursor, frame = self._cursor, self._read(written)
        if frame is None:
            self._forget()
            return begin + written
        changes = "".join(_changes(self._rows, frame))
        if not changes and self._cursor == cursor:
            self._begun = bool(begin)
            return ""
        return f"{begin}{changes}\x1b[{self._cursor[0]};{self._cursor[1]}H"

    def _read(self, written: str) -> dict[int, Row] | None:
        """The written cells, without rows that are surely shown already; `None` where the effect is not known."""
        rows: dict[int, Row] = {}
        placed: list[str] = []
        for line in written.split("\n"):
            text, *placed = _PLACE.split(line)
            if text:  # its place is not known
                return None
            for y, x, text in zip(map(int, placed[::3]), map(int, placed[1::3]), placed[2::3], strict=True):
                last = self._last.get(y)
                if last is None or (last.column, last.text) != (x, text):
                    if (end := _write(rows.setdefault(y, Row()), x, text)) is None:
                        return None
                    last = Chunk(x, text, end)
                if text:
                    self._last[y] = last
                self._cursor = y, last.end
        return rows if placed else None


def _write(row: Row, x: int, written: str) -> int | None:
    """Put the cells into a row; the column after them, `None` where the effect is not known."""
    codes = ""
    for sgr, text, other in _PIECES.findall(written):
        if other:
            return None
        if text:
            x = _put(row, x, text, _cells(codes))
        else:
            codes = "" if sgr in ("", "0") else f"{codes};{sgr}" if codes else sgr
    return None if codes else x


def _put(row: Row, x: int, text: str, cells: "_Cells") -> int:
    if text.isascii() or all(get_character_cell_size(character) == 1 for character in set(text)):
        row.update(zip(range(x, x + len(text)), map(cells.__getitem__, text), strict=True))
        return x + len(text)
    row.uneven = True
    for character in text:
        width = get_character_cell_size(character)
        if width == 0:  # it combines with the character before it
            if x - 1 in row:
                row[x - 1] = Cell(row[x - 1].text + character, cells.style)
            continue
        row[x] = cells[character]
        for more in range(1, width):
            row[x + more] = cells[""]
        x += width
    return x


def _changes(shown: dict[int, Row], wanted: dict[int, Row]) -> Iterator[str]:
    """The codes that send the cells that differ, from the top; note those as shown."""
    style = PLAIN
    for y, cells in sorted(wanted.items()):
        before = shown.setdefault(y, Row())
        uneven = before.uneven or cells.uneven  # then the whole row is sent
        at = -1
        for x in sorted(x for x, cell in cells.items() if cell.text and (uneven or not cell.looks_like(before.get(x)))):
            cell = cells[x]
            near = [before.get(place) for place in range(at, x)] if 0 <= at < x <= at + NEAR else []
            if near and not uneven and all(c is not None and c.style == style and c.text.isascii() for c in near):
                yield "".join(c.text for c in near if c is not None)
            elif at != x:
                yield f"\x1b[{x - at}C" if 0 <= at < x else f"\x1b[{y};{x}H"
            if not cell.looks_like(Cell(cell.text, style)):
                yield _turn(style, cell.style)
                style = cell.style
            yield cell.text
            at = x + 1 if cell.text.isascii() or not uneven else -1
        before.update(cells)
        before.uneven = uneven and any(len(cell.text) != 1 for cell in before.values())
    if style != PLAIN:
        yield "\x1b[m"


@lru_cache(4096)
def _turn(before: Style, after: Style) -> str:
    """The code that changes one style to another."""
    lost = before.attributes - after.attributes or any(
        old and not new for old, new in zip(before[1:], after[1:], strict=True)
    )
    start = PLAIN if lost else before
    codes = [*(("0",) if lost and after != PLAIN else ()), *sorted(after.attributes - start.attributes)]
    codes += [new for old, new in zip(start[1:], after[1:], strict=True) if new != old]
    return f"\x1b[{';'.join(codes)}m"


class _Cells(dict[str, Cell]):
    """Cells of one style by their texts. Each is made once, as a screen has thousands."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style = style

    def __missing__(self, text: str) -> Cell:
        return self.setdefault(text, Cell(text, self.style))


@lru_cache(4096)
def _cells(codes: str) -> _Cells:
    return _Cells(_style(codes))


@lru_cache(4096)
def _style(codes: str) -> Style:
    """The style that the parameters of SGR give after a reset."""
    attributes, colours, left = set[str](), {"3": "", "4": ""}, codes.split(";") if codes else []
    while left:
        code = left.pop(0)
        if code in ("38", "48"):
            more = left[: 2 if left[0] == "5" else 4]
            del left[: len(more)]
            colours[code[0]] = ";".join((code, *more))
        elif (len(code) == 2 and code[0] in "349") or len(code) == 3:
            colours["4" if code.startswith(("4", "10")) else "3"] = code
        else:
            attributes.add(code)
    return Style(frozenset(attributes), colours["3"], colours["4"])
