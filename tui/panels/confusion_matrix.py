"""The confusion matrix: a row for each class, a column for each answer."""

from typing import NamedTuple

from textual.content import Content

from engine.figures.confusion import Errors, name_of
from tui.panels.panel import fitted, lines

NARROWEST_NAME, WIDEST_NAME, WIDEST_LABEL = 8, 14, 20  # cells
SHADES = 5
HEAD = "actual, predicted"


class Grid(NamedTuple):
    """The part of the matrix that there is room for."""

    label: int
    "cells of a row's name"
    column: int
    "cells of a column"
    columns: int
    "that fit"
    rows: int
    "that fit below the titles"
    named: bool
    "whether columns show names; else they show numbers"


def grid(errors: Errors, classes: tuple[str, ...], width: int, height: int) -> Grid:
    """How the matrix fits into the room; columns show numbers where there is no room for names."""
    number = len(errors.per_class)
    digits = len(str(max((*errors.counts.values(), 0))))
    longest = max((len(name) for name in classes), default=1)
    numbered = len(str(max(number - 1, 0)))
    label = min(max(longest + numbered, len(HEAD)) + 1, WIDEST_LABEL, max(width // 3, 8))
    room = (width - label) // max(number, 1)
    least = max(digits + 2, numbered + 1)  # room for brackets around a number on the diagonal
    named = room > max(min(longest, NARROWEST_NAME), least)
    column = min(room, max(min(longest, WIDEST_NAME) + 1, least)) if named else least
    return Grid(label, column, max((width - label) // column, 1), max(height - 1, 1), named)


def confusion_matrix(errors: Errors, classes: tuple[str, ...], at: tuple[int, int], place: Grid) -> Content:
    """Titles and rows, from the row `at[1]` and the column `at[0]` on."""
    x, y = at
    number = len(errors.per_class)
    columns = range(x, min(x + place.columns, number))
    names = [name_of(classes, column) if place.named else str(column) for column in columns]
    head = Content.assemble(fitted(HEAD, place.label), *(_right(name, place.column) for name in names)).stylize(
        "$muted"
    )
    rows = [
        Content.assemble(
            fitted(_label(classes, label, place.named), place.label),
            *(_count(errors, label, column, place.column) for column in columns),
        )
        for label in range(y, min(y + place.rows, number))
    ]
    return lines(head, *rows)


def _label(classes: tuple[str, ...], label: int, named: bool) -> str:
    name = name_of(classes, label)
    return name if named else f"{label} {name}"


def _right(name: str, width: int) -> Content:
    """A name that ends where the numbers below it end: a bracket, or a blank, follows these."""
    text = fitted(name, width - 1).rstrip()
    return Content(" " * (width - 1 - text.cell_length)) + text + " "


def _count(errors: Errors, label: int, column: int, width: int) -> tuple[str, str]:
    """A number in a cell. The larger its share of the row, the stronger the colour; the diagonal has brackets."""
    count = errors.counts.get((label, column), 0)
    own = label == column
    shade = round(errors.share(label, column) ** 0.5 * SHADES)  # the root makes a few of a hundred visible, too
    colour = f" on ${'success' if own else 'error'} {shade * 12}%" if shade else ""
    text = f"[{count}]" if own else f"{count} " if count else ". "
    style = "bold" if own else "" if count else "$muted"
    return text.rjust(width), (style + colour).strip()
