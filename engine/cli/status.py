"""`status`: say where a run stands. Loads no torch."""

import argparse
import json
from dataclasses import replace

from engine.cli.arguments import add_json_argument, add_run_name_and_dir, folder_of_run
from engine.protocol.streams import print_lines
from engine.service.judging import verdict_in
from engine.service.status import as_plain_values, status_of
from engine.service.status_lines import describe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and how to print the answer."""
    add_json_argument(parser, "write one object to standard output")
    add_run_name_and_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Print the status of the run; the exit status is 0.

    Raises:
        EngineError: there is no such run, or the answer cannot be written.
    """
    folder = folder_of_run(args)
    status = replace(status_of(folder), verdict=verdict_in(folder))
    print_lines([json.dumps(as_plain_values(status))] if args.json else describe(status))
    return 0
