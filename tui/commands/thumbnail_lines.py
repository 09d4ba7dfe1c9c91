"""Small pictures between the lines of a command, where standard output is a terminal with colours."""

import argparse

from rich.console import Console

from tui.terminal.half_blocks import half_blocks
from tui.thumbnails import thumbnail

THUMBNAIL = (12, 5)  # columns and rows
NOTHING = [" " * THUMBNAIL[0]] * THUMBNAIL[1]
"the lines in place of a picture that cannot be shown"


def add_thumbnails_argument(parser: argparse.ArgumentParser) -> None:
    """Whether pictures are drawn."""
    parser.add_argument("--no-thumbnails", action="store_true", help="no pictures on the terminal")


def console_of(args: argparse.Namespace) -> Console | None:
    """The terminal to draw on; `None` if no pictures are drawn."""
    console = Console()
    drawn = console.is_terminal and console.color_system is not None and not args.no_thumbnails
    return console if drawn else None


def picture_lines(path: str, console: Console) -> list[str]:
    """A picture file as `THUMBNAIL` lines."""
    found = thumbnail(path)
    return list(NOTHING) if isinstance(found, str) else half_blocks(found, *THUMBNAIL, console)
