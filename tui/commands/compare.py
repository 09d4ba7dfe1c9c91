"""`finetune-tui compare`: several runs beside each other, on a terminal with their curves."""

import argparse
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine.cli import compare
from tui.looks import Looks, add_looks_arguments, looks, need_a_screen, on_terminal


def main(argv: Sequence[str]) -> int:
    """Compare runs; the exit status.

    Raises:
        EngineError: there is no such run, its journal cannot be read, or there are not two.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui compare")
    compare.add_arguments(parser)
    parser.add_argument("--plain", action="store_true", help="print the tables, as in a pipe")
    add_looks_arguments(parser)
    args = parser.parse_intermixed_args(argv)
    wanted = looks(args)
    with_screen = on_terminal() and not (args.plain or args.json)
    if with_screen:
        need_a_screen("use --plain")
    return compare.run(args, partial(_show, wanted) if with_screen else None)


def _show(looks: Looks, folders: Sequence[Path]) -> int:
    """Show the comparison until it is closed."""
    from tui.comparing import ComparingApp
    from tui.dashboard import on_signals, say_broken
    from tui.terminal.driver import TerminalDriver, own_terminal

    with own_terminal() as (screen, stray):
        app = ComparingApp(folders, looks, screen.abandon, TerminalDriver)
        screen.broken = app.hang_up
        on_signals(app.end_by)
        app.run(mouse=looks.mouse)
    on_signals(signal.SIG_DFL)
    say_broken(app, stray)
    return 128 + app.ended_by if app.ended_by else app.return_code or 0
