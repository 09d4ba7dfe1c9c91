"""`fetch`: download what a run needs before it starts. Loads torch when the pictures are there."""

import argparse
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from engine.cli.arguments import add_json_argument
from engine.cli.first_weights import first_weights, weights_lines
from engine.config import RunConfig
from engine.data.sources import LISTS, find_catalogue
from engine.protocol import Loading, encode
from engine.protocol.streams import print_lines
from engine.recipes.choices import complete
from engine.service.launch import add_run_arguments, plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What would be trained, and how to print the progress."""
    parser.description = (
        "Download the pretrained weights and the data set of a run, as on a machine that has a network, for a run on "
        "one that has none. What is on this machine already stays as it is."
    )
    add_run_arguments(parser)
    add_json_argument(parser, "write the progress as one event a line to standard output, and the weights at the end")


def run(args: argparse.Namespace) -> int:
    """Download; the exit status is 0.

    Raises:
        EngineError: the arguments cannot be followed, or something cannot be downloaded; no part of a file is left.
    """
    config = complete(plan(args).config)
    before = {number: signal.signal(number, _leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        last = ""
        for event in _fetching(config):
            if args.json:
                print_lines([encode(event)])
            elif event.what != last:
                print_lines([event.what])
            last = event.what
        print_lines(weights_lines(first_weights(config), args.json))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _fetching(config: RunConfig) -> Iterator[Loading]:
    """Fetch all that is not here, first the pictures."""
    if config.data.source not in LISTS:
        yield from find_catalogue(config.data, config.seed)
    yield Loading(f"looking at {config.model.name}")
    from engine.models import fetch

    yield from fetch(config.model, config.init)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End by way of `finally`, which removes the parts of a file."""
    sys.exit(128 + number)
