"""Arguments that several subcommands have."""

import argparse
from pathlib import Path

from engine.service.launch import add_dir_argument, runs_folder
from engine.service.remote.finding import find


def add_json_argument(parser: argparse.ArgumentParser, text: str) -> None:
    """`--json`; `text` is its help."""
    parser.add_argument("--json", action="store_true", help=text)


def add_run_name(parser: argparse.ArgumentParser) -> None:
    """`RUN`: a run that exists already."""
    parser.add_argument("run", metavar="RUN", help="a run: its name or its folder")


def add_run_name_and_dir(parser: argparse.ArgumentParser) -> None:
    """`RUN`, and `--dir` for where to look for it."""
    add_run_name(parser)
    add_dir_argument(parser)


def folder_of_run(args: argparse.Namespace) -> Path:
    """The folder of the run that `RUN` and `--dir` name.

    Raises:
        CheckpointError: there is no such run, or there are several.
    """
    return find(args.run, runs_folder(args))
