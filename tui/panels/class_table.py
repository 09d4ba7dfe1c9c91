"""Accuracy and mistakes of each class, the worst ones first."""

from textual.content import Content

from tui.figures.confusion import ByClass, Errors, name_of
from tui.format import percent
from tui.panels.panel import fitted, lines, plain_bar

ACCURACY, BAR, WIDEST_NAME = 8, 10, 24  # cells


def class_table(errors: Errors, classes: tuple[str, ...], top: int, width: int, height: int) -> Content:
    """Column titles and a line a class, from the row `top` on: accuracy, counts, the most frequent wrong answer."""
    longest = max(map(len, (*classes, "class")))
    digits = len(str(max(errors.per_class, default=0)))
    counts = max(2 * digits + 1, 5)
    name = min(longest, WIDEST_NAME, max((width - ACCURACY - counts) // 3, 8))
    rest = width - name - ACCURACY - counts - 3
    share = BAR if rest >= BAR + 2 + min(longest, 14) + digits + 3 else 0
    rest -= share + 2 if share else 0
    head = Content.assemble(
        fitted("class", name),
        "test".rjust(ACCURACY),
        "right".rjust(counts + 1),
        " " * (share + 2 if share else 0),
        "  ",
        fitted("mostly taken for", rest),
    ).stylize("$muted")
    rows = [
        Content.assemble(
            fitted(name_of(classes, row.label), name),
            (percent(row.accuracy).rjust(ACCURACY), "bold" if row.accuracy is not None else "$muted"),
            f"{row.correct}/{row.images}".rjust(counts + 1),
            _bar(row, share),
            "  ",
            _taken_for(row, classes, rest),
        )
        for row in errors.by_class[top : top + max(height - 1, 0)]
    ]
    return lines(head, *rows)


def _bar(row: ByClass, width: int) -> Content:
    if not width:
        return Content("")
    return Content("  ") + plain_bar(row.accuracy or 0.0, width, "$primary")


def _taken_for(row: ByClass, classes: tuple[str, ...], width: int) -> Content:
    if row.taken_for is None:
        return Content("")
    times = f" ({row.times})"
    name = fitted(name_of(classes, row.taken_for), max(width - len(times), 1)).rstrip()
    return Content.assemble(name, (times, "$muted"))
