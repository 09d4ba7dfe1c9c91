"""`send`: send a command to a live run. Loads no torch."""

import argparse

from engine.cli.arguments import add_run_name, folder_of_run
from engine.protocol import bounds
from engine.service import send
from engine.service.places import add_dir_argument
from engine.service.words import add_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and a subcommand for each command that it can be sent."""
    parser.description = "Steer a live run."
    add_run_name(parser)
    add_words(parser, _add_common_arguments)


def run(args: argparse.Namespace) -> int:
    """Send the command; 0 where it was done, or sent without waiting, else 1.

    Raises:
        UserError: the run is not live.
    """
    return send.send(folder_of_run(args), args, wait=not args.no_wait, seconds=args.timeout)


def _add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    parser.add_argument(
        "--timeout",
        type=bounds.real_argument(bounds.seconds),
        default=send.SECONDS,
        metavar="S",
        help="seconds to wait; default: %(default)g",
    )
    add_dir_argument(parser)
