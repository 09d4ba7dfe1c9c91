"""Recall, precision, F1 and mistakes of each class, the worst ones first."""

from typing import NamedTuple

from textual.content import Content

from engine.figures.confusion import ByClass, Errors, name_of
from tui.format import percent
from tui.panels.panel import fitted, lines

SHARE, BAR, WIDEST_NAME, GAP = 8, 10, 24, 2  # cells
ANSWER = "predicted as"
GOOD, POOR = 0.8, 0.5  # recall from which a bar is green, below which it is red


class _Columns(NamedTuple):
    """Cells of each column; 0: it is left out."""

    name: int
    bar: int
    counts: int
    further: int
    "of precision, and of F1"
    answer: int


def class_table(errors: Errors, classes: tuple[str, ...], top: int, width: int, height: int) -> Content:
    """Column titles and a line a class, from the row `top` on: a bar of the recall and the recall.

    As there is room: counts, the most frequent wrong answer, precision and F1.
    """
    place = _columns(errors, classes, width)
    head = Content.assemble(
        fitted("class", place.name),
        " " * place.bar,
        "recall".rjust(SHARE),
        "correct".rjust(place.counts) if place.counts else "",
        *(title.rjust(place.further) for title in ("prec.", "F1") if place.further),
        fitted(" " * GAP + ANSWER, place.answer) if place.answer else "",
    ).stylize("$muted")
    rows = [
        Content.assemble(
            fitted(name_of(classes, row.label), place.name),
            _bar(row, place.bar),
            _share(row.recall),
            f"{row.correct}/{row.images}".rjust(place.counts) if place.counts else "",
            *(_share(share) for share in (row.precision, row.f1) if place.further),
            _predicted_as(row, classes, place.answer),
        )
        for row in errors.by_class[top : top + max(height - 1, 0)]
    ]
    return lines(head, *rows)


def _columns(errors: Errors, classes: tuple[str, ...], width: int) -> _Columns:
    """The columns that there is room for."""
    longest = min(max(map(len, (*classes, "class"))), WIDEST_NAME)
    digits = len(str(max(errors.per_class, default=0)))
    counts, answer = max(2 * digits + 3, 9), min(longest, 14) + digits + 3 + GAP
    name = min(longest, max(width // 3, 8))
    rest = width - name - SHARE
    bar = min(BAR, rest - 1) if rest > 3 else 0
    rest -= bar
    counts = counts if rest >= counts else 0
    rest -= counts
    further = SHARE if rest >= 2 * SHARE + answer else 0
    rest -= 2 * further
    if rest < len(ANSWER) + GAP:
        name, rest = min(longest, name + rest), 0
    return _Columns(name, bar, counts, further, rest)


def _share(share: float | None) -> tuple[str, str]:
    return percent(share).rjust(SHARE), "bold" if share is not None else "$muted"


def _bar(row: ByClass, width: int) -> Content:
    """A thin bar of the recall, red to green, after a gap of a cell."""
    if width < 2:
        return Content("")
    recall = row.recall or 0.0
    filled = round(recall * (width - 1))
    style = "$success" if recall >= GOOD else "$error" if recall < POOR else "$warning"
    return Content.assemble(" ", ("━" * filled, style), ("─" * (width - 1 - filled), "$border"))


def _predicted_as(row: ByClass, classes: tuple[str, ...], width: int) -> Content:
    if row.taken_for is None or not width:
        return Content("")
    times = f" ({row.times})"
    name = fitted(name_of(classes, row.taken_for), max(width - GAP - len(times), 1)).rstrip()
    return Content.assemble(" " * GAP, name, (times, "$muted"))
