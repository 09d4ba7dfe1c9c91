"""`finetune-tui`: trains with the dashboard, or without it where there is no terminal; and has subcommands."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from engine import __version__
from engine.cli import program
from engine.errors import EngineError
from engine.protocol.streams import say_error
from tui.commands import COMMANDS, OF_THE_ENGINE
from tui.looks import FLAGS, add_looks_arguments, looks, need_a_screen, on_terminal

PROGRAM = "finetune-tui"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words and words[0] in COMMANDS:
            status: int = import_module(f"tui.commands.{words[0].replace('-', '_')}").main(words[1:])
            return status
        if words and words[0] in OF_THE_ENGINE:
            return program.main(words, PROGRAM)
        return _run(words)
    except EngineError as error:
        say_error(error)
        return error.exit_status


def _run(argv: Sequence[str]) -> int:
    from engine.service.launch import add_run_arguments, plan  # subcommands need not wait for what this loads
    from tui.commands.start import add_gpus_argument

    known = COMMANDS | {name: program.subcommand(name).HELP for name in OF_THE_ENGINE}
    others = "; ".join(f"{PROGRAM} {name}: {what}" for name, what in known.items() if what)
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Fine-tune an image classifier from a terminal; without arguments it asks what to train.",
        epilog=f"{others}. Each has a --help.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    add_run_arguments(parser)
    add_gpus_argument(parser)
    parser.add_argument("--headless", action="store_true", help="no dashboard, a line an epoch")
    add_looks_arguments(parser)
    args = parser.parse_args(argv)
    wanted = looks(args)
    with_screen = not args.headless and on_terminal()
    if with_screen:
        need_a_screen("use --headless")
        usual = vars(parser.parse_args([]))
        if all(value == usual[name] or name in FLAGS for name, value in vars(args).items()):
            from tui.start_screen.begin import begin

            return begin(wanted, argv)
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

    return train_headless(launch)
