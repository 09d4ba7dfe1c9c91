"""`look`: say what a run would train on, and how long it would take, before it starts.

Loads no torch until the pictures are listed.
"""

import argparse

from engine.cli.arguments import add_json_argument
from engine.cli.first_weights import first_weights, weights_lines
from engine.cli.preview import count_pictures, find, lines
from engine.protocol.streams import print_lines
from engine.recipes.choices import complete
from engine.service.launch import add_run_arguments, plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to train, and how to print the answer."""
    add_run_arguments(parser)
    add_json_argument(parser, "write an object a line to standard output")


def run(args: argparse.Namespace) -> int:
    """Print what is known of the pictures, of the weights and of the time that it takes; the exit status is 0.

    Raises:
        EngineError: the arguments cannot be followed, or the run would fail.
    """
    config = plan(args).config
    catalogue = find(config)
    print_lines(lines(count_pictures(config, catalogue), args.json))  # before torch is loaded
    print_lines(weights_lines(first_weights(complete(config)), args.json))
    if catalogue is not None:
        from engine.cli.estimate import estimate

        print_lines(lines(estimate(config, catalogue), args.json))
    return 0
