"""The last guard of the terminal: nothing that a widget draws has a character that the terminal would obey."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from engine.protocol.printable import printable


class NoControls(LineFilter):
    """Leaves such characters out: they have no width, and what a panel shows of outside has them as text already."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without control and format characters."""
        return [
            segment if segment.text.isprintable() else Segment(_without(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def _without(text: str) -> str:
    return "".join(character for character in text if printable(character) == character)
