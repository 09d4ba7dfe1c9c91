"""`schedule`: write a configuration that has the changes a person made in a run."""

import argparse
from pathlib import Path

from engine.cli.arguments import add_run_name_and_dir, folder_of_run
from engine.errors import UserError
from engine.steering import schedule_export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and the file to write."""
    parser.add_argument("--out", metavar="FILE", help="the configuration's file; default: standard output")
    add_run_name_and_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Write the configuration; the exit status is 0.

    Raises:
        EngineError: there is no such run, its journal cannot be read, or the file cannot be written.
    """
    text = schedule_export.script(folder_of_run(args))
    if args.out is None:
        print(text, end="")
        return 0
    try:
        Path(args.out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError("Configuration not written", f"{args.out}: {error.strerror}; name another file") from None
    return 0
