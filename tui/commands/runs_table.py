"""The table of `finetune-tui runs`: how runs become lines that fit a terminal. Loads no Textual."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.protocol.ages import age
from engine.protocol.printable import printable
from engine.service.status import RunStatus, in_words
from tui.format import MISSING, percent
from tui.runs import from_here

HEADER = ("name", "state", "arm", "epoch", "last acc.", "best acc.", "on", "age", "where")
HOST = "host"
RIGHT = ("epoch", "last acc.", "best acc.", "age")
NARROWEST = 80  # columns of the table
NAME, PLACE = 16, 12  # columns that a name and a place need to be told from others
GAP = "  "


class Listed(NamedTuple):
    """A run in the table."""

    run: RunStatus
    box: str = ""
    "the machine that was asked for it; empty: this one"


def table(found: Sequence[Listed], width: int | None, now: float, *, hosts: bool = False) -> list[str]:
    """A header, and a line for each arm of each run; with `hosts`, the machine that was asked comes first.

    With a `width` no line is longer: what is too long is cut, and places are left out where there is no room. Then a
    line below the table says which runs are on other machines.
    """
    header = ((HOST,) if hosts else ()) + HEADER
    if width is None:
        return _table(header, found, None, now, full=True)
    whole = _table(header, found, None, now, full=True)
    if max(map(len, whole)) <= width:
        return whole
    lines = _table(header, found, width, now, full=False)
    away = [f"{listed.run.name}: {in_words(listed.run)}" for listed in found if listed.run.seen is not None]
    return [*lines, *(_cut(printable(line), width) for line in away)]


def _table(header: Sequence[str], found: Sequence[Listed], width: int | None, now: float, *, full: bool) -> list[str]:
    hosts = header[0] == HOST
    cells = ((*((listed.box,) if hosts else ()), *row) for listed in found for row in _rows(listed, now, full=full))
    rows = [tuple(header), *(tuple(map(printable, row)) for row in cells)]
    widths = {name: max(len(row[column]) for row in rows) for column, name in enumerate(header)}
    if width is not None:
        widths = _fitting(widths, width)
    return [_line(dict(zip(header, row, strict=True)), widths) for row in rows]


def _fitting(widths: Mapping[str, int], width: int) -> dict[str, int]:
    """The columns that there is room for, and how wide each may be."""
    fitting = dict(widths)

    def room(*names: str) -> int:
        """What the other columns leave for these."""
        return width - sum(of for name, of in fitting.items() if name not in names) - len(GAP) * (len(fitting) - 1)

    if (both := room("name", "where")) >= min(fitting["name"], NAME) + min(fitting["where"], PLACE):
        fitting["name"] = min(fitting["name"], max(both - fitting["where"], both // 2))
        fitting["where"] = max(both - fitting["name"], 1)
        return fitting
    del fitting["where"]
    wanted = min(fitting["name"], NAME)
    if HOST in fitting and room("name") < wanted:  # the best accuracy says more than the last one
        del fitting["last acc."]
        fitting[HOST] = min(fitting[HOST], max(room(HOST, "name") - wanted, len(HOST)))
    fitting["name"] = min(fitting["name"], room("name"))
    return fitting


def _rows(listed: Listed, now: float, *, full: bool) -> Iterator[tuple[str, ...]]:
    """A row for each arm, the current one first. All figures of a row are of its arm."""
    run = listed.run
    since = age(now - run.updated) if run.updated is not None else MISSING
    where = run.where.removeprefix("process ") or (run.path if listed.box else from_here(run.path))
    now_is = in_words(run) if full else run.state
    if not run.arms:
        yield run.name, now_is, run.arm or MISSING, f"{run.epoch}/{run.epochs}", MISSING, MISSING, "", since, where
    for arm in sorted(run.arms, key=lambda arm: arm.arm != run.arm):
        state = now_is if arm.arm == run.arm else "finished" if arm.finished else "suspended"
        accuracies = percent(arm.accuracy), percent(arm.best_accuracy), arm.part or ""
        yield run.name, state, arm.arm, f"{arm.epoch}/{arm.epochs}", *accuracies, since, where


def _line(row: Mapping[str, str], widths: Mapping[str, int]) -> str:
    cells = []
    for name, width in widths.items():
        text = row[name]  # of a name the number at its end counts, of a folder the end
        text = _cut(text, width, width - 1 if "/" in text else 4 if name == "name" else 0)
        cells.append(text.rjust(width) if name in RIGHT else text.ljust(width))
    return GAP.join(cells).rstrip()


def _cut(text: str, width: int, end: int = 0) -> str:
    """A text in `width` columns; of a longer one, its last `end` columns are kept, too."""
    return text if len(text) <= width else f"{text[: width - 1 - end]}…{text[len(text) - end :]}"
