"""`python -m engine`: read the command line and run a subcommand."""

import argparse
import sys
from collections.abc import Sequence
from typing import Protocol

from engine import __version__
from engine.cli import background, look, lr_find, replay, schedule, send, status, train
from engine.errors import EngineError


class Subcommand(Protocol):
    """What the module of a subcommand has. Importing it loads no torch."""

    HELP: str
    "one line for the list of subcommands"

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the arguments of the subcommand."""

    def run(self, args: argparse.Namespace, /) -> int:
        """Do it; the exit status. Raises `EngineError` where it cannot be done."""


SUBCOMMANDS: dict[str, Subcommand] = {
    "train": train,
    "look": look,
    "lr-find": lr_find,
    "replay": replay,
    "schedule": schedule,
    "background": background,
    "status": status,
    "send": send,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status."""
    args = _parser().parse_args(argv)
    try:
        return SUBCOMMANDS[args.command].run(args)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", description="Fine-tune an image classifier.")
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, subcommand in SUBCOMMANDS.items():
        subcommand.add_arguments(commands.add_parser(name, help=subcommand.HELP))
    return parser
