"""`finetune-tui doctor`: says what is wrong with pictures, on a terminal with thumbnails of examples."""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from engine.cli import doctor
from engine.cli.doctor_lines import INDENT, finding_text
from tui.terminal.half_blocks import half_blocks
from tui.thumbnails import thumbnail

if TYPE_CHECKING:
    from engine.doctor.finding import Finding

THUMBNAIL = (12, 5)  # columns and rows
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
    parser.add_argument("--no-thumbnails", action="store_true", help="no pictures on the terminal")
    args = parser.parse_intermixed_args(argv)
    console = Console()
    with_thumbnails = console.is_terminal and console.color_system is not None and not args.no_thumbnails
    return doctor.run(args, partial(_with_thumbnails, console) if with_thumbnails else None)


def _with_thumbnails(console: Console, finding: "Finding", roots: tuple[Path, ...]) -> str:
    """The lines of a finding, and below them its examples as small pictures, as many as fit side by side."""
    shown = list(_fitting(finding.examples, console.width - len(INDENT)))
    if not shown:
        return finding_text(finding, roots)
    columns = [_beside([_small(path, console) for path in paths], SAME) for paths in shown]
    return "\n".join([finding_text(finding, roots), *(f"{INDENT}{line}" for line in _beside(columns, GAP))])


def _fitting(examples: Sequence[Sequence[str]], room: int) -> Iterator[Sequence[str]]:
    """The first examples that have room beside each other."""
    for paths in examples:
        room -= len(paths) * THUMBNAIL[0] + (len(paths) - 1) * len(SAME)
        if room < 0:
            return
        yield paths
        room -= len(GAP)


def _small(path: str, console: Console) -> list[str]:
    """A picture as lines; what cannot be shown is empty."""
    found = thumbnail(path)
    return [" " * THUMBNAIL[0]] * THUMBNAIL[1] if isinstance(found, str) else half_blocks(found, *THUMBNAIL, console)


def _beside(columns: Sequence[Sequence[str]], between: str) -> list[str]:
    """Pictures beside each other; `between` stands in the middle line, and as many spaces in the others."""
    middle = THUMBNAIL[1] // 2
    return [
        (between if row == middle else " " * len(between)).join(column[row] for column in columns)
        for row in range(THUMBNAIL[1])
    ]
