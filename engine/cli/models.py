"""`models`: list the backbones that `--model` takes. Loads torch when the arguments have been read."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from engine.cli.arguments import add_json_argument
from engine.errors import UserError, WeightsError
from engine.protocol.streams import Stream, output_failed, say

if TYPE_CHECKING:
    from engine.models.listing import ModelFacts  # which loads torch

MOST = 40  # rows without --all: to count the parameters takes a moment for each
UNKNOWN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which models, and how to print them."""
    parser.description = (
        "List models by name, with their parameters, the side of their pictures, their accuracy on ImageNet where the "
        "library says it, and whether their pretrained weights are on this machine."
    )
    parser.add_argument(
        "pattern", nargs="?", default="", metavar="PATTERN", help="a part of the name, or a pattern like 'timm/vit_*'"
    )
    parser.add_argument("--all", action="store_true", help=f"not only the first {MOST}")
    add_json_argument(parser, "write an object a model to standard output")


def run(args: argparse.Namespace) -> int:
    """Print the list; the exit status is 0.

    Raises:
        UserError: no model has such a name.
        EngineError: the list cannot be written.
    """
    from engine.models.listing import facts_of

    names, note = _names(args.pattern)
    if note:
        say(note)
    if not names:
        raise UserError("No such model", f"no model has {args.pattern!r} in its name; try a shorter part of it")
    shown = names if args.all else names[:MOST]
    output, width = Stream(sys.stdout, output_failed), max(map(len, shown))
    if not args.json:
        print(f"{'model':<{width}}  parameters  pictures   top-1  weights", file=output, flush=True)
    for name in shown:  # as they come: a large model takes a moment
        facts = facts_of(name)
        print(json.dumps(asdict(facts)) if args.json else _row(facts, width), file=output, flush=True)
    if len(names) > len(shown):
        say(f"and {len(names) - len(shown)} more, with --all")
    return 0


def _names(pattern: str) -> tuple[list[str], str]:
    """The names, and why those of a family are missing."""
    from engine.models.listing import matching_names

    names: list[str] = []
    try:
        for name in matching_names(pattern):
            names.append(name)  # noqa: PERF402 - those before an error are kept
    except WeightsError as error:
        return names, f"without those of timm: {error.message}"
    return names, ""


def _row(facts: "ModelFacts", width: int) -> str:
    parameters = UNKNOWN if facts.parameters is None else f"{facts.parameters / 1e6:.1f} M"
    accuracy = UNKNOWN if facts.accuracy is None else f"{facts.accuracy:.1%}"
    size = UNKNOWN if facts.image_size is None else f"{facts.image_size}"
    return f"{facts.name:<{width}}  {parameters:>10}  {size:>8}  {accuracy:>6}  {facts.weights}"
