"""`finetune-tui choose`: tries several models, and trains the best one if the user agrees."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from engine.cli import choose


def main(argv: Sequence[str]) -> int:
    """Try the models; the exit status as `choose.run` has it, unless the best model is trained.

    Raises:
        EngineError: the arguments cannot be followed.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui choose")
    choose.add_arguments(parser)

    def train(words: Sequence[str]) -> NoReturn:
        # The dashboard must fork before it has any threads, and before CUDA is in use.
        program = sys.orig_argv[: len(sys.orig_argv) - len(argv) - 1]
        os.execv(sys.executable, [*program, *words])

    return choose.run(parser.parse_args(argv), train)
