"""`tidy`: delete the restore points of runs, which only a rewind needs. Loads no torch."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.protocol.printable import printable
from engine.protocol.streams import print_lines
from engine.report.text import mebibytes, plural
from engine.service.places import add_dir_argument, runs_folder
from engine.service.tidying import tidy
from engine.storage.tidying import Leftover, leftover


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and whether anything is deleted."""
    parser.description = (
        "Delete the restore points of runs that have ended. The best and the last weights, what was saved by hand and "
        "the ends of branches stay: training can go on, but a rewind can no longer go back to what was deleted."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run: its name or its folder")
    parser.add_argument("--dry-run", action="store_true", help="delete nothing, only say what would be deleted")
    add_dir_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Delete them, and say what was deleted; the exit status 0.

    Raises:
        UserError: there is no such run, it is being trained, or a file cannot be deleted.
    """
    from engine.service.remote.finding import find

    root = runs_folder(args)
    for folder in [find(name, root) for name in args.runs]:
        print_lines(_lines(folder, leftover(folder) if args.dry_run else tidy(folder), dry_run=args.dry_run))
    return 0


def _lines(folder: Path, found: Leftover, *, dry_run: bool) -> Iterator[str]:
    name = printable(folder.resolve().name)
    if not found.points:
        yield f"{name}: no restore points to delete"
    else:
        did, frees = ("would delete", "which frees") if dry_run else ("deleted", "which freed")
        yield f"{name}: {did} {plural(len(found.points), 'restore point')}, {frees} {mebibytes(found.bytes)}"
    yield f"{name}: kept {', '.join(printable(str(path.relative_to(folder))) for path in found.kept) or 'nothing'}"
