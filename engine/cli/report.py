"""`report`: a run as one HTML file that opens offline, and as a model card. Loads no torch."""

import argparse
from pathlib import Path

from engine.protocol.streams import print_lines, say
from engine.service.places import add_dir_argument, runs_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and where the report is put."""
    parser.description = (
        "Write report.html, a file that needs nothing from elsewhere, and MODEL_CARD.md. With several runs the page "
        "compares them, and the card is about the first one."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run: its name or its folder")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where to put it; default: the first run's folder")
    add_dir_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report, print the paths of its files, and say on standard error what it lacks; the exit status.

    Raises:
        UserError: there is no such run, its journal cannot be read, or the report cannot be written.
        EngineError: the paths cannot be printed.
    """
    from engine.service.remote.finding import find

    root = runs_folder(args)
    folders = list({folder.resolve(): folder for folder in (find(name, root) for name in args.runs)}.values())
    # Late: they are needed for nothing else, and take longer than all of the above.
    from engine.report.page import section
    from engine.report.reading import read_run
    from engine.report.writing import write_report

    sections = [section(read_run(folder), number) for number, folder in enumerate(folders, 1)]
    files = write_report(sections, args.output if args.output is not None else folders[0])
    for one in sections:
        for sentence in one.notices:
            say(f"{one.facts.name}: {sentence}")
    if len(sections) > 1:
        say(f"{files[-1].name} is about {sections[0].facts.name}, the first run")
    print_lines(map(str, files))
    return 0
