"""`finetune-tui doctor`: says what is wrong with pictures, on a terminal with thumbnails of examples."""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from engine.cli import doctor
from engine.cli.doctor_lines import INDENT, finding_text
from tui.commands.thumbnail_lines import THUMBNAIL, add_thumbnails_argument, console_of, picture_lines

if TYPE_CHECKING:
    from engine.doctor.finding import Finding

GAP = "  "
SAME = " = "
"between two pictures that show the same"


def main(argv: Sequence[str]) -> int:
    """Look at pictures; the exit status: 0, 1 if something is bad, 2 for a mistake of the user.

    Raises:
        EngineError: there are no such pictures, or the list cannot be written.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui doctor")
    doctor.add_arguments(parser)
    add_thumbnails_argument(parser)
    args = parser.parse_intermixed_args(argv)
    console = console_of(args)
    return doctor.run(args, partial(_with_thumbnails, console) if console is not None else None)


def _with_thumbnails(console: Console, finding: "Finding", roots: tuple[Path, ...]) -> str:
    """The lines of a finding, and below them its examples as small pictures, as many as fit side by side."""
    shown = list(_fitting(finding.examples, console.width - len(INDENT)))
    if not shown:
        return finding_text(finding, roots)
    columns = [_beside([picture_lines(path, console) for path in paths], SAME) for paths in shown]
    return "\n".join([finding_text(finding, roots), *(f"{INDENT}{line}" for line in _beside(columns, GAP))])


def _fitting(examples: Sequence[Sequence[str]], room: int) -> Iterator[Sequence[str]]:
    """The first examples that have room beside each other."""
    for paths in examples:
        room -= len(paths) * THUMBNAIL[0] + (len(paths) - 1) * len(SAME)
        if room < 0:
            return
        yield paths
        room -= len(GAP)


def _beside(columns: Sequence[Sequence[str]], between: str) -> list[str]:
    """Pictures beside each other; `between` stands in the middle line, and as many spaces in the others."""
    middle = THUMBNAIL[1] // 2
    return [
        (between if row == middle else " " * len(between)).join(column[row] for column in columns)
        for row in range(THUMBNAIL[1])
    ]
