"""Recall, precision, F1 and mistakes of each class, the worst ones first."""

from textual.content import Content

from engine.figures.confusion import ByClass, Errors, name_of
from tui.format import percent
from tui.panels.panel import fitted, lines, plain_bar

SHARE, BAR, WIDEST_NAME = 8, 10, 24  # cells


def class_table(errors: Errors, classes: tuple[str, ...], top: int, width: int, height: int) -> Content:
    """Column titles and a line a class, from the row `top` on: recall, counts, the most frequent wrong answer.

    If there is room, precision and F1 stand between them; if there is more, a bar of the recall, too.
    """
    longest = max(map(len, (*classes, "class")))
    digits = len(str(max(errors.per_class, default=0)))
    counts = max(2 * digits + 1, 5)
    name = min(longest, WIDEST_NAME, max((width - SHARE - counts) // 3, 8))
    rest = width - name - SHARE - counts - 3
    answer = min(longest, 14) + digits + 3
    further = SHARE if rest >= 2 * SHARE + answer else 0
    rest -= 2 * further
    bar = BAR if rest >= BAR + 2 + answer else 0
    rest -= bar + 2 if bar else 0
    head = Content.assemble(
        fitted("class", name),
        "recall".rjust(SHARE),
        "right".rjust(counts + 1),
        " " * (bar + 2 if bar else 0),
        *(title.rjust(SHARE) for title in ("prec.", "F1") if further),
        "  ",
        fitted("mostly taken for", rest),
    ).stylize("$muted")
    rows = [
        Content.assemble(
            fitted(name_of(classes, row.label), name),
            _share(row.recall),
            f"{row.correct}/{row.images}".rjust(counts + 1),
            _bar(row, bar),
            *(_share(share) for share in (row.precision, row.f1) if further),
            "  ",
            _taken_for(row, classes, rest),
        )
        for row in errors.by_class[top : top + max(height - 1, 0)]
    ]
    return lines(head, *rows)


def _share(share: float | None) -> tuple[str, str]:
    return percent(share).rjust(SHARE), "bold" if share is not None else "$muted"


def _bar(row: ByClass, width: int) -> Content:
    if not width:
        return Content("")
    return Content("  ") + plain_bar(row.recall or 0.0, width, "$primary")


def _taken_for(row: ByClass, classes: tuple[str, ...], width: int) -> Content:
    if row.taken_for is None:
        return Content("")
    times = f" ({row.times})"
    name = fitted(name_of(classes, row.taken_for), max(width - len(times), 1)).rstrip()
    return Content.assemble(name, (times, "$muted"))
