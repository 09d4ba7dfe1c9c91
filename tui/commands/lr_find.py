"""`finetune-tui lr-find`: find a learning rate for a run before it starts."""

import argparse
from collections.abc import Sequence

from engine.cli import lr_find


def main(argv: Sequence[str]) -> int:
    """Find a rate; the exit status: 0 with a suggestion, 1 without one, 2 for a mistake of the user.

    Raises:
        EngineError: the arguments cannot be followed.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui lr-find")
    lr_find.add_arguments(parser)
    return lr_find.run(parser.parse_args(argv))
