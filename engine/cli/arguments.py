"""Arguments that several subcommands have."""

import argparse
import contextlib
from pathlib import Path

from engine.errors import CheckpointError
from engine.protocol import ARMS
from engine.service.places import add_dir_argument, runs_folder


def add_json_argument(parser: argparse._ActionsContainer, text: str) -> None:
    """`--json`; `text` is its help."""
    parser.add_argument("--json", action="store_true", help=text)


def add_model_name(parser: argparse.ArgumentParser) -> None:
    """`RUN|FILE`: a trained model, and where to look for it."""
    parser.add_argument("model", metavar="RUN|FILE", help="a run (its name or its folder), or a checkpoint")
    parser.add_argument("--arm", choices=ARMS, help="the arm of the run (default: the more accurate one)")
    add_dir_argument(parser)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`RUN|FILE`: a trained model, and on which device it is used."""
    add_model_name(parser)
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N or mps")
    parser.add_argument("--batch-size", type=positive, default=64, metavar="N", help="pictures at a time")


def checkpoint_of_model(args: argparse.Namespace) -> Path:
    """The checkpoint that `RUN|FILE` and `--arm` name. Loads torch.

    Raises:
        CheckpointError: there is no such run or checkpoint.
    """
    from engine.inference.choosing import choose_checkpoint

    path = Path(args.model)
    if path.is_file():
        return path
    if path.suffix == ".pt":
        raise CheckpointError("No such checkpoint", f"{path} does not exist; name a run or one of its .pt files")
    from engine.service.remote.finding import find

    return choose_checkpoint(find(args.model, runs_folder(args)), args.arm)


def positive(text: str) -> int:
    """A number above 0, for argparse."""
    with contextlib.suppress(ValueError):
        if (number := int(text)) > 0:
            return number
    raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")


def add_run_name(parser: argparse.ArgumentParser) -> None:
    """`RUN`: a run that exists already."""
    parser.add_argument("run", metavar="RUN", help="a run: its name or its folder")


def add_run_name_and_dir(parser: argparse.ArgumentParser) -> None:
    """`RUN`, and `--dir` for where to look for it."""
    add_run_name(parser)
    add_dir_argument(parser)


def folder_of_run(args: argparse.Namespace) -> Path:
    """The folder of the run that `RUN` and `--dir` name.

    Raises:
        CheckpointError: there is no such run, or there are several.
    """
    from engine.service.remote.finding import find

    return find(args.run, runs_folder(args))
