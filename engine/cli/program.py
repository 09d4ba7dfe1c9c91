"""`python -m engine`: read the command line and run a subcommand."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from engine import __version__
from engine.errors import EngineError
from engine.protocol.streams import say_error


class Subcommand(Protocol):
    """What the module of a subcommand has. Importing it loads no torch."""

    HELP: str
    "one line for the list of subcommands"

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the arguments of the subcommand."""

    def run(self, args: argparse.Namespace, /) -> int:
        """Do it; the exit status. Raises `EngineError` where it cannot be done."""


SUBCOMMANDS = (
    "train",
    "look",
    "doctor",
    "lr-find",
    "models",
    "choose",
    "predict",
    "evaluate",
    "export",
    "replay",
    "report",
    "follow",
    "schedule",
    "background",
    "status",
    "send",
    "clinic",
    "tidy",
)
"in the order of the help; the module of `lr-find` is `engine.cli.lr_find`"


def subcommand(name: str) -> Subcommand:
    """The module of a subcommand; those of the others are not loaded."""
    return cast(Subcommand, import_module(f"engine.cli.{name.replace('-', '_')}"))


def main(argv: Sequence[str] | None = None, prog: str = "python -m engine") -> int:
    """Run a subcommand; the exit status. `prog` is how the program was started."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parse(words, prog)
    try:
        return subcommand(words[0]).run(args)
    except EngineError as error:
        say_error(error)
        return error.exit_status


def _parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """The arguments of the subcommand that is the first word. Options may stand between files."""
    if words and words[0] in SUBCOMMANDS:
        parser = argparse.ArgumentParser(prog=f"{prog} {words[0]}")
        subcommand(words[0]).add_arguments(parser)
        has_words = words[0] == "send"  # each with arguments of its own
        return (parser.parse_args if has_words else parser.parse_intermixed_args)(words[1:])
    parser = argparse.ArgumentParser(prog=prog, description="Fine-tune an image classifier.")
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in SUBCOMMANDS:
        commands.add_parser(name, help=subcommand(name).HELP)
    return parser.parse_args(words)
