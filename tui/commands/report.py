"""`finetune-tui report`: a run's result as an HTML file and a model card. Loads no Textual."""

import argparse
from collections.abc import Sequence

from engine.cli import report


def main(argv: Sequence[str]) -> int:
    """Write the report; the exit status: 0, or 2 for a mistake of the user.

    Raises:
        EngineError: there is no such run, or the report cannot be written.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui report")
    report.add_arguments(parser)
    return report.run(parser.parse_intermixed_args(argv))
