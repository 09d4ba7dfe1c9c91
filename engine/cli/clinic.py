"""`clinic`: list the training pictures of a run whose labels the model contradicts, and write a list of corrections."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import add_json_argument, add_run_name_and_dir, folder_of_run, positive
from engine.protocol import ARMS
from engine.protocol.printable import json_line, printable
from engine.protocol.streams import print_lines

if TYPE_CHECKING:
    from engine.arms.doubtful import Doubtful  # loads torch
    from engine.protocol import Suspect


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, how many pictures, and where they go."""
    parser.description = (
        "List the training pictures whose label the model contradicted in training, the worst first, as of the newest "
        "checkpoint. Pictures that somebody has judged in the label clinic are not among them."
    )
    add_run_name_and_dir(parser)
    parser.add_argument("--arm", choices=ARMS, help="the arm of the run (default: the one that was trained last)")
    parser.add_argument("--number", type=positive, default=100, metavar="N", help="pictures at most (default: 100)")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="write a list for data.exclude that gives each of them the class that the model prefers; check it first",
    )
    add_json_argument(parser, "write an object a picture to standard output")


def run(args: argparse.Namespace) -> int:
    """Print the pictures; the exit status is 0.

    Raises:
        EngineError: there is no such run, it has kept nothing of its labels, or the list cannot be written.
    """
    from engine.arms.doubtful import doubtful_of

    folder = folder_of_run(args)
    found = doubtful_of(folder, args.arm, args.number)
    if args.write is not None:
        _write(args.write, found)
    if args.json:
        print_lines([json_line(asdict(one) | _names(one, found.classes)) for one in found.suspects])
    else:
        print_lines([*_table(found.suspects, found.classes), "", _sum(found)])
    return 0


def _names(one: "Suspect", classes: Sequence[str]) -> dict[str, str]:
    return {"label": classes[one.label], "other": classes[one.other]}


def _table(suspects: "Sequence[Suspect]", classes: Sequence[str]) -> Iterator[str]:
    """A line a picture, with titles above."""
    classes = [printable(name) for name in classes]
    width = max(len("model says"), *map(len, classes))
    yield f"{'margin':>8}  {'loss':>6}  {'seen':>5}  {'class':<{width}}  {'model says':<{width}}  picture"
    for one in suspects:
        label, other = classes[one.label], classes[one.other]
        yield f"{one.margin:>8.2f}  {one.loss:>6.2f}  {one.seen:>5}  {label:<{width}}  {other:<{width}}  {one.path}"


def _sum(found: "Doubtful") -> str:
    shown = f", the worst {len(found.suspects):,} are listed" if len(found.suspects) < found.contradicted else ""
    return f"{found.where}: {found.contradicted:,} of {found.pictures:,} labels contradicted{shown}"


def _write(file: Path, found: "Doubtful") -> None:
    """Add what the model contradicts to a list, which may be there already."""
    from engine.data.adding import add_lines, kept_lines

    add_lines(file, kept_lines(file, "--write"), found.corrections, "--write")
