"""`lr-find`: find a learning rate for a run before it starts. Keeps nothing of it."""

import argparse

from engine.cli.arguments import add_json_argument
from engine.errors import UserError
from engine.service.launch import add_run_arguments, plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to train, and how to print the answer."""
    parser.description = (
        "Train a few steps at growing learning rates, print the loss at each, and suggest a rate. Keeps nothing."
    )
    add_run_arguments(parser)
    add_json_argument(parser, "write one event a line to standard output; the last one is rates_swept")


def run(args: argparse.Namespace) -> int:
    """Find a rate; the exit status: 0 with a suggestion, 1 without one, else as `headless.run_headless` has it.

    Raises:
        EngineError: the arguments cannot be followed.
    """
    if args.resume is not None:
        remedy = "for a run that exists, pause it and use send RUN find-rate"
        raise UserError("Unclear arguments", f"lr-find looks for the rate of a new run; {remedy}")
    config = plan(args).config
    from engine.cli.finding import find_rate

    return find_rate(config, args.json)
