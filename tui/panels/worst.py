"""The most confident mistakes as text: the chosen one, and the others in a list."""

from pathlib import PurePath

from textual.content import Content

from engine.figures.confusion import Errors, name_of
from engine.protocol import Mistake
from engine.protocol.printable import printable
from tui.format import ending, percent
from tui.panels.panel import fitted, lines

LABEL, SHARE, WITH_FILE = 11, 7, 44  # cells
DETAILS = 6  # lines of the chosen one
NARROWEST_TEXT, GAP = 22, 2  # cells beside a picture


def worst(errors: Errors, classes: tuple[str, ...], chosen: int, width: int, height: int, *, why: str = "") -> Content:
    """The chosen picture: its class, the wrong answer, and `why` it is not shown; below, as many others as fit."""
    mistakes = errors.worst
    mistake = mistakes[chosen]
    details = [
        _detail("actual", Content.assemble((name_of(classes, mistake.label), "bold $success")), width),
        _detail("predicted", Content.assemble((name_of(classes, mistake.predicted), "bold $error")), width),
        _detail("confidence", Content.assemble((percent(mistake.confidence), "bold")), width),
        _detail("mistake", Content(f"{chosen + 1} of {_all(errors)}"), width),
        Content(ending(mistake.path, width)),
        Content.assemble((why, "$muted")),
    ]
    room = height - DETAILS
    if room < 2:
        return lines(*details)
    first = _first(len(mistakes), chosen, room)
    return lines(
        *details,
        *(
            _row(mistakes[number], classes, number == chosen, width)
            for number in range(first, min(first + room, len(mistakes)))
        ),
    )


def room_for_picture(width: int, height: int) -> tuple[int, int, bool]:
    """Columns and rows for the chosen picture, and whether the text is below it; 0 columns: there is no room."""
    beside, above = min(width // 2, width - NARROWEST_TEXT - GAP, 2 * height), min(width, 2 * (height - DETAILS))
    if above > 1.5 * beside:
        return above, above // 2, True
    return (beside, min((beside + 1) // 2, height), False) if beside >= 4 else (0, 0, False)


def at_row(number: int, chosen: int, height: int, y: int) -> int:
    """Which of `number` mistakes is in row `y`; where there is none, the chosen one."""
    room = height - DETAILS
    at = _first(number, chosen, room) + y - DETAILS
    return at if room >= 2 and DETAILS <= y < height and at < number else chosen


def _first(number: int, chosen: int, room: int) -> int:
    return min(max(chosen - room // 2, 0), max(number - room, 0))


def _all(errors: Errors) -> str:
    """How many mistakes have their pictures, and how many there are."""
    pictured, every = len(errors.worst), errors.images - errors.correct
    return f"{pictured:,}" if pictured >= every else f"{pictured:,} ({every:,} in all)"


def _detail(label: str, value: Content, width: int) -> Content:
    return (Content.assemble((label.ljust(LABEL), "$muted")) + value).truncate(width, ellipsis=True)


def _row(mistake: Mistake, classes: tuple[str, ...], chosen: bool, width: int) -> Content:
    """Confidence, class, predicted class and, where there is room, the file."""
    columns = 3 if width >= WITH_FILE else 2
    name = max(min((width - SHARE - 1) // columns - 2, 20), 6)
    text = Content.assemble(
        ">" if chosen else " ",
        percent(mistake.confidence).rjust(SHARE),
        "  ",
        fitted(name_of(classes, mistake.label), name),
        "  ",
        fitted(name_of(classes, mistake.predicted), name),
        ("  " + printable(PurePath(mistake.path).name) if columns == 3 else "", "" if chosen else "$muted"),
    )
    return text.truncate(width, ellipsis=True, pad=chosen).stylize("bold reverse" if chosen else "")
