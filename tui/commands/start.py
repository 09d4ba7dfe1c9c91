"""`finetune-tui start`: train in the background."""

import argparse
from collections.abc import Sequence

from engine.protocol.streams import print_lines
from engine.service.launch import add_run_arguments, plan


def main(argv: Sequence[str]) -> int:
    """Start a run, print its name, and wait only until it can be attached to.

    Raises:
        EngineError: it cannot be started.
    """
    parser = argparse.ArgumentParser(
        prog="finetune-tui start",
        description="Train in the background: prints the run's name and returns. `finetune-tui attach` shows it.",
    )
    add_run_arguments(parser)
    add_gpus_argument(parser)
    args = parser.parse_args(argv)
    from engine.service import background

    started = background.start(plan(args), args.gpus)
    print_lines([started.folder.name])
    background.wait_for(started)
    return 0


def add_gpus_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--gpus`: how many processes train, each on a GPU of its own."""
    parser.add_argument("--gpus", type=int, metavar="N", help="train on N GPUs of this machine, with torchrun")
