"""`train`: train a run without a screen."""

import argparse

from engine.cli.arguments import add_json_argument
from engine.service.launch import add_run_arguments, plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to train, and what to print."""
    add_run_arguments(parser)
    add_json_argument(parser, "write one event a line to standard output")


def run(args: argparse.Namespace) -> int:
    """Train to the end; the exit status, as `headless.run_headless` has it.

    Raises:
        EngineError: the arguments cannot be followed.
    """
    launch = plan(args)
    from engine.cli.headless import train

    return train(launch, json_lines=args.json)
