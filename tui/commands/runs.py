"""`finetune-tui runs`: the live and the finished runs as a table. Loads no Textual."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.protocol.printable import printable
from engine.protocol.streams import print_lines
from engine.service.places import add_dir_argument, runs_folder
from engine.service.status import RunStatus, as_plain_values, status_of
from tui.format import MISSING, age, percent
from tui.runs import from_here, newest

NEWEST = 20  # rows, without --all
HEADER = ("name", "state", "arm", "epoch", "last acc.", "best acc.", "on", "age", "where")
RIGHT = ("epoch", "last acc.", "best acc.", "age")
NARROWEST = 80  # columns of the table
NAME, PLACE = 16, 12  # columns that a name and a place need to be told from others
GAP = "  "


def main(argv: Sequence[str]) -> int:
    """Print the table; the exit status.

    Raises:
        EngineError: it cannot be written.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui runs", description="List live and finished runs.")
    add_dir_argument(parser)
    parser.add_argument("--all", action="store_true", help=f"not only the {NEWEST} newest ones")
    parser.add_argument("--json", action="store_true", help="write all of them, an object a line")
    args = parser.parse_args(argv)
    print_lines(_lines(runs_folder(args), everything=args.all, as_json=args.json))
    return 0


def _lines(root: Path, everything: bool, as_json: bool) -> Iterator[str]:
    folders = newest(root)
    most = None if everything or as_json else NEWEST
    found = sorted(map(status_of, folders[:most]), key=lambda run: (run.live, run.updated or 0.0), reverse=True)
    if as_json:
        yield from (json.dumps(as_plain_values(run)) for run in found)
    elif not found:
        yield f"No runs in {root}, and no live ones elsewhere."
    else:
        yield from table(found, _width(), time.time())
        if len(folders) > len(found):
            yield f"and {len(folders) - len(found)} older ones, with --all"


def _width() -> int | None:
    """Columns of the terminal; `None` where the table goes elsewhere: there nothing is cut."""
    if not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size((NARROWEST, 24)).columns, NARROWEST)


def table(found: Sequence[RunStatus], width: int | None, now: float) -> list[str]:
    """A header, and a line for each arm of each run.

    With a `width` no line is longer: what is too long is cut, and places are left out where there is no room.
    """
    rows = [HEADER, *(tuple(map(printable, row)) for run in found for row in _rows(run, now))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    if width is not None:
        room = width - sum(widths[1:-1]) - len(GAP) * (len(HEADER) - 1)  # for names and places
        if room < min(widths[0], NAME) + min(widths[-1], PLACE):
            widths.pop()
            room += len(GAP)
            widths[0] = min(widths[0], room)
        else:
            widths[0] = min(widths[0], max(room - widths[-1], room // 2))
            widths[-1] = max(room - widths[0], 1)
    return [_line(row, widths) for row in rows]


def _rows(run: RunStatus, now: float) -> Iterator[tuple[str, ...]]:
    """A row for each arm, the current one first. All figures of a row are of its arm."""
    since = age(now - run.updated) if run.updated is not None else MISSING
    where = run.where.removeprefix("process ") or from_here(run.path)
    if not run.arms:
        yield run.name, run.state, run.arm or MISSING, f"{run.epoch}/{run.epochs}", MISSING, MISSING, "", since, where
    for arm in sorted(run.arms, key=lambda arm: arm.arm != run.arm):
        state = run.state if arm.arm == run.arm else "finished" if arm.finished else "suspended"
        accuracies = percent(arm.accuracy), percent(arm.best_accuracy), arm.part or ""
        yield run.name, state, arm.arm, f"{arm.epoch}/{arm.epochs}", *accuracies, since, where


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = []
    for name, text, width in zip(HEADER, row, widths, strict=False):
        cut = text
        if len(text) > width:  # of a name the number at its end counts, of a folder the end
            end = width - 1 if "/" in text else 4 if name == "name" else 0
            cut = f"{text[: width - 1 - end]}…{text[len(text) - end :]}"
        cells.append(cut.rjust(width) if name in RIGHT else cut.ljust(width))
    return GAP.join(cells).rstrip()
