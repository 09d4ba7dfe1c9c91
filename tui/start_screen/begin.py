"""`finetune-tui` without arguments: ask what to do, and go on as if that had been typed."""

import os
import signal
import sys
from collections.abc import Sequence

from engine.protocol.streams import print_lines
from tui.dashboard import on_signals, say_broken
from tui.looks import Looks


def begin(looks: Looks, flags: Sequence[str]) -> int:
    """Ask, and replace this process by the program that does it; the exit status where nothing was chosen.

    `flags` are the arguments that `looks` came from; they are added to what was chosen.
    """
    from engine.service.program import command
    from tui.start_screen.app import StartApp
    from tui.terminal.driver import TerminalDriver, own_terminal

    with own_terminal() as (screen, stray):
        app = StartApp(screen.abandon, TerminalDriver, looks=looks)
        screen.broken = app.hang_up
        on_signals(app.end_by)
        app.run(mouse=looks.mouse)
    on_signals(signal.SIG_DFL)
    say_broken(app, stray)
    if app.ended_by:
        return 128 + app.ended_by
    if app.chosen is not None:
        print_lines([f"starting {command(*app.chosen, *flags)}"])
        # The dashboard must fork before it has any threads; here, some may still wait for a disk.
        program = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]  # without `train`, too
        os.execv(sys.executable, [*program, *app.chosen, *flags])
    return app.return_code or 0
