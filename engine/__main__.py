"""`python -m engine`: the engine for scripts."""

import argparse
import sys
from collections.abc import Sequence

from engine import __version__
from engine.errors import EngineError
from engine.launch import add_run_arguments, plan


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m engine", description="Fine-tune an image classifier.")
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    train_parser = commands.add_parser("train", help="train without a screen")
    add_run_arguments(train_parser)
    train_parser.add_argument("--json", action="store_true", help="write one event a line to standard output")
    args = parser.parse_args(argv)
    try:
        launch = plan(args)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return error.exit_status
    from engine.headless import train

    return train(launch, json_lines=args.json)


if __name__ == "__main__":
    sys.exit(main())
