"""`finetune-tui`: with a terminal the dashboard, without one the run by itself; and what is done with other runs."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from engine import __version__
from engine.errors import EngineError
from engine.launch import add_run_arguments, plan

# Each is a module with a `main`, which loads no more than it needs.
COMMANDS = {
    "start": ("tui.start", "train in the background"),
    "attach": ("tui.attach", "show a live run, and steer it"),
    "runs": ("tui.runs", "list live and finished runs"),
    "relay": ("tui.relay", ""),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words and words[0] in COMMANDS:
            status: int = import_module(COMMANDS[words[0]][0]).main(words[1:])
            return status
        return _run(words)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return error.exit_status


def _run(argv: Sequence[str]) -> int:
    others = "; ".join(f"finetune-tui {name}: {what}" for name, (_, what) in COMMANDS.items() if what)
    parser = argparse.ArgumentParser(
        prog="finetune-tui",
        description="Fine-tune an image classifier from a terminal; without arguments, a demo.",
        epilog=f"{others}. Each has a --help.",
    )
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    add_run_arguments(parser)
    add_gpus_argument(parser)
    parser.add_argument("--headless", action="store_true", help="no dashboard, a line an epoch")
    args = parser.parse_args(argv)
    launch = plan(args)
    on_terminal = not args.headless and sys.stdin.isatty() and sys.stdout.isatty()
    if args.gpus is not None:
        from engine import background

        if not on_terminal:
            return background.run(launch, args.gpus)
        from tui.attach import show

        started = background.start(launch, args.gpus)
        background.wait_for(started)
        return show(started.folder)
    if on_terminal:
        from tui.dashboard import train

        return train(launch)
    from engine.headless import train as train_headless

    return train_headless(launch)


def add_gpus_argument(parser: argparse.ArgumentParser) -> None:
    """How many processes are to train, each on a GPU of its own."""
    parser.add_argument("--gpus", type=int, metavar="N", help="train on N GPUs of this machine, with torchrun")
