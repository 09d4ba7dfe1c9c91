"""`finetune-tui`: trains with the dashboard, or without it where there is no terminal; and has commands."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from engine import __version__
from engine.cli import program
from engine.errors import EngineError, UserError
from engine.protocol.streams import print_lines, say_error
from engine.service.start import settle
from tui.commands import COMMANDS
from tui.commands.overview import TITLE, check_config, overview
from tui.looks import FLAGS, add_looks_arguments, looks, need_a_screen, on_terminal

PROGRAM = "finetune-tui"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N."""
    settle()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except EngineError as error:
        say_error(error)
        return error.exit_status


def _run(words: list[str]) -> int:
    """Do what the first word says; without a command, train."""
    first = words[0] if words else ""
    if first == "train":
        return _train(words[1:])
    if first in COMMANDS:
        if COMMANDS[first].of_engine:
            return program.main(words, PROGRAM)
        status: int = import_module(f"tui.commands.{first.replace('-', '_')}").main(words[1:])
        return status
    if first in ("-h", "--help"):
        print_lines(overview(PROGRAM))
        return 0
    if first and not first.startswith("-"):
        check_config(first, first=True)  # argparse would complain about the words after a mistyped command
    return _train(words)


def _train(argv: Sequence[str]) -> int:
    parser = _parser()
    args, others = parser.parse_known_args(argv)
    if args.config is not None and not any(other.startswith("-") for other in others):
        check_config(args.config, first=False)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if args.json and args.gpus is not None:
        raise UserError(TITLE, "--json and --gpus do not go together; use torchrun -m engine train --json")
    wanted = looks(args)
    with_screen = not (args.headless or args.json) and on_terminal()
    if with_screen:
        need_a_screen("use --headless")
        usual = vars(parser.parse_args([]))
        if all(value == usual[name] or name in FLAGS for name, value in vars(args).items()):
            from tui.start_screen.begin import begin

            return begin(wanted, argv)
    from engine.service.launch import plan

    launch = plan(args)
    if args.gpus is not None:
        from engine.service import background

        if not with_screen:
            return background.run(launch, args.gpus)
        from tui.commands.attach import show

        started = background.start(launch, args.gpus)
        background.wait_for(started)
        return show(started.folder, wanted)
    if with_screen:
        from tui.dashboard import train

        return train(launch, wanted)
    from engine.cli.headless import train as train_headless

    return train_headless(launch, json_lines=args.json)


def _parser() -> argparse.ArgumentParser:
    from engine.cli.arguments import add_json_argument
    from engine.service.launch import add_run_arguments  # commands need not wait for what this loads
    from tui.commands.start import add_gpus_argument

    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} [train]",
        description="Fine-tune an image classifier. On a terminal there is a dashboard; without arguments it asks "
        f"what to train. `{PROGRAM} --help` lists the other commands.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    add_run_arguments(parser)
    add_gpus_argument(parser)
    parser.add_argument("--headless", action="store_true", help="no dashboard, a line an epoch")
    add_json_argument(parser, "no dashboard, an event a line on standard output")
    add_looks_arguments(parser)
    return parser
