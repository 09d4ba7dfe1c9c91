"""`python -m engine`: read the command line and run a subcommand."""

import argparse
import sys
from collections.abc import Sequence
from typing import Protocol

from engine import __version__
from engine.cli import (
    background,
    choose,
    evaluate,
    export,
    follow,
    look,
    lr_find,
    models,
    predict,
    replay,
    report,
    schedule,
    send,
    status,
    train,
)
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
    "models": models,
    "choose": choose,
    "predict": predict,
    "evaluate": evaluate,
    "export": export,
    "replay": replay,
    "report": report,
    "follow": follow,
    "schedule": schedule,
    "background": background,
    "status": status,
    "send": send,
}


def main(argv: Sequence[str] | None = None, prog: str = "python -m engine") -> int:
    """Run a subcommand; the exit status. `prog` is how the program was started."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parse(words, prog)
    try:
        return SUBCOMMANDS[words[0]].run(args)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return error.exit_status


def _parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """The arguments of the subcommand that is the first word. Options may stand between files."""
    if words and words[0] in SUBCOMMANDS:
        parser = argparse.ArgumentParser(prog=f"{prog} {words[0]}")
        SUBCOMMANDS[words[0]].add_arguments(parser)
        has_words = words[0] == "send"  # each with arguments of its own
        return (parser.parse_args if has_words else parser.parse_intermixed_args)(words[1:])
    parser = argparse.ArgumentParser(prog=prog, description="Fine-tune an image classifier.")
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, subcommand in SUBCOMMANDS.items():
        commands.add_parser(name, help=subcommand.HELP)
    return parser.parse_args(words)
