"""`background`: the process that `finetune-tui start` starts."""

import argparse
from pathlib import Path

from engine.service.launch import Launch
from engine.storage.run_folder import load_run_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder of a run, new or to be resumed, and settings that differ from its own."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="with the run's config.yaml in it")
    parser.add_argument("--resume", action="store_true", help="go on from its last checkpoint")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C")


def run(args: argparse.Namespace) -> int:
    """Train to the end; the exit status, as `headless.run_headless` has it.

    Raises:
        ConfigError: the configuration in the folder cannot be used.
    """
    config = load_run_config(args.folder, args.set)
    launch = Launch(config, resume=args.folder) if args.resume else Launch(config, prepared=args.folder)
    from engine.cli.headless import train

    return train(launch, hold=True)
