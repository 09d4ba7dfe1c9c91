"""`python -m engine`: read the command line and run a subcommand."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from engine import __version__
from engine.errors import EngineError
from engine.protocol.streams import say_error
from engine.service.start import settle


class Subcommand(Protocol):
    """What the module of a subcommand has. Importing it loads no torch."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the arguments of the subcommand."""

    def run(self, args: argparse.Namespace, /) -> int:
        """Do it; the exit status. Raises `EngineError` where it cannot be done."""


SUBCOMMANDS = {
    "train": "train without a screen",
    "look": "say what a run would train on, and how long it would take",
    "fetch": "download what a run needs, weights and pictures",
    "doctor": "say what is wrong with pictures before they are trained on",
    "lr-find": "find a learning rate for a run before it starts",
    "models": "list the models that can be fine-tuned",
    "choose": "try several models on your pictures, and say which one suits them",
    "predict": "label pictures with a trained model",
    "evaluate": "score a trained model on pictures, with confidence intervals",
    "compare": "say in what runs differ, and which one is better",
    "export": "write a trained model for other programs",
    "replay": "train a run again from its journal and compare the weights",
    "report": "write a run's result as an HTML file and a model card",
    "follow": "send a run to TensorBoard, Weights & Biases, MLflow or Trackio",
    "schedule": "write a configuration with a run's changes by hand in it",
    "background": "train as `finetune-tui start` does, in a run's folder",
    "status": "say where a run stands",
    "send": "steer a live run",
    "clinic": "list training pictures whose label the model contradicts",
    "tidy": "delete a run's restore points, and say what that frees",
}
"what each does, in the order of the help; the module of `lr-find` is `engine.cli.lr_find`"


def subcommand(name: str) -> Subcommand:
    """The module of a subcommand; those of the others are not loaded."""
    return cast(Subcommand, import_module(f"engine.cli.{name.replace('-', '_')}"))


def main(argv: Sequence[str] | None = None, prog: str = "python -m engine") -> int:
    """Run a subcommand; the exit status. `prog` is how the program was started."""
    settle()
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parse(words, prog)
    try:
        return subcommand(words[0]).run(args)
    except EngineError as error:
        say_error(error)
        return error.exit_status


def _parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """The arguments of the subcommand that is the first word. Options may stand between files."""
    if words and words[0] in SUBCOMMANDS:
        parser = argparse.ArgumentParser(prog=f"{prog} {words[0]}")
        subcommand(words[0]).add_arguments(parser)
        has_words = words[0] == "send"  # each with arguments of its own
        return (parser.parse_args if has_words else parser.parse_intermixed_args)(words[1:])
    parser = argparse.ArgumentParser(prog=prog, description="Fine-tune an image classifier.")
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in SUBCOMMANDS.items():
        commands.add_parser(name, help=what)
    return parser.parse_args(words)
