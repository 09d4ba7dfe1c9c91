"""Where runs are kept: the argument `--dir`, and the folder that it names. Loads no configuration by itself."""

import argparse
from pathlib import Path


def add_dir_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--dir`: where to look for runs."""
    parser.add_argument("--dir", metavar="DIR", help="where runs are kept (checkpoint.dir)")


def runs_folder(args: argparse.Namespace) -> Path:
    """The folder that `--dir` names, else the default of `checkpoint.dir`."""
    if args.dir is not None:
        return Path(args.dir)
    from engine.config import load_config

    return load_config().checkpoint.dir
