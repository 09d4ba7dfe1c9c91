"""`finetune-tui` without arguments: ask what to do, and go on as if that had been typed."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from engine.errors import EngineError
from engine.protocol.streams import print_lines
from tui.commands import COMMANDS
from tui.dashboard import attempt, on_signals, say_broken
from tui.looks import Looks
from tui.start_screen.filled import Answer, answer
from tui.start_screen.recipe import check
from tui.terminal.parent import Leash, attended


def begin(looks: Looks, flags: Sequence[str]) -> int:
    """Ask, and do it; where a run fails before its first step, ask again. The exit status of what was done last.

    `flags` are the arguments that `looks` came from; they are added to what was chosen.
    """
    from engine.service.program import command

    chosen, why = None, ""
    while True:
        # In a child: the process that forks the dashboard must have no threads, and here some may wait for a disk.
        ended = attended(partial(_ask, looks, chosen, why), "The start screen was ended by {}; nothing is lost")
        if not ended.told:
            return ended.status
        chosen = answer(json.loads(ended.told))
        print_lines([f"starting {command(*chosen.words, *flags)}"])
        if chosen.words[0] in COMMANDS:
            program = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]  # without `train`, too
            os.execv(sys.executable, [*program, *chosen.words, *flags])
        try:
            ended = attempt(check(chosen.words), looks)
        except EngineError as error:
            why = str(error)
            continue
        if not ended.told:
            return ended.status
        why = ended.told


def _ask(looks: Looks, failed: Answer | None, why: str, leash: Leash) -> int:
    """Show the start screen, and tell what was chosen, if something was; the exit status."""
    from tui.start_screen.app import StartApp
    from tui.terminal.driver import TerminalDriver, own_terminal

    with own_terminal() as (screen, stray):
        app = StartApp(screen.abandon, TerminalDriver, looks=looks, failed=failed, why=why)
        screen.broken = app.hang_up
        on_signals(app.end_by)
        leash.when_dropped(app.hang_up)
        app.run(mouse=looks.mouse)
    on_signals(signal.SIG_DFL)
    say_broken(app, stray)
    if app.ended_by:
        return 128 + app.ended_by
    if app.answer is not None:
        leash.tell(json.dumps(app.answer.as_plain_values()))
    return app.return_code or 0
