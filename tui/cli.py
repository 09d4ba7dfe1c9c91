"""`finetune-tui`: with a terminal the dashboard, without one the run by itself."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

from engine import __version__
from engine.errors import EngineError
from engine.launch import Launch, add_run_arguments, plan
from engine.unfinished import discard
from tui.format import percent

if TYPE_CHECKING:
    from tui.app import Dashboard

SWITCH_SECONDS = 0.0005  # Python's own is ten times as long
SAVING_SECONDS, IDLE_SECONDS = 60.0, 0.5  # to wait for the engine's end


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit status: 0 done, 1 failed, 2 the user's mistake, 128 + N for signal N."""
    parser = argparse.ArgumentParser(
        prog="finetune-tui", description="Fine-tune an image classifier from a terminal; without arguments, a demo."
    )
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    add_run_arguments(parser)
    parser.add_argument("--headless", action="store_true", help="no dashboard, a line an epoch")
    args = parser.parse_args(argv)
    try:
        launch = plan(args)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return error.exit_status
    if args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from engine.headless import train

        return train(launch)
    return dashboard(launch)


def dashboard(launch: Launch) -> int:
    """Show and steer the run until it is left."""
    # Late, so that --help and mistakes are answered at once.
    from engine.session import LocalSession
    from tui.app import Dashboard
    from tui.terminal import own_terminal

    # A step asks for the interpreter many times, and each time it would wait this long for the screen's drawing.
    sys.setswitchinterval(SWITCH_SECONDS)
    with own_terminal() as (screen, stray):
        app = Dashboard(lambda: LocalSession(launch.config, launch.resume), stray, screen.abandon)
        _on_signals(app.end_by)
        app.run()
    _on_signals(partial(_leave_at_once, app))
    if app.ended_by == signal.SIGHUP:
        for number in (0, 1, 2):  # there is no terminal to write to any more
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
    ended = _end(app)
    status = _say_goodbye(app, stray)
    if not ended:  # still importing or decoding: it has nothing to save, and a normal exit would wait for it
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def _leave_at_once(app: "Dashboard", number: int, frame: FrameType | None) -> None:
    """Wait for the engine no longer: what it is writing is dropped, and the checkpoint before that is whole."""
    if number == app.ended_by == signal.SIGHUP:
        return  # no second demand: a shell hands on what the terminal has sent already
    discard()
    os._exit(128 + number)


def _end(app: "Dashboard") -> bool:
    """End the engine, saving where it still trains; whether it ended."""
    if app.session is None:
        return True
    ended = app.session.close(SAVING_SECONDS if app.state.live else IDLE_SECONDS)
    for event in app.session.poll():
        app.state.fold(event)
    return ended


def _say_goodbye(app: "Dashboard", stray: "SimpleQueue[str]") -> int:
    """What a person should know once the screen is gone; the exit status."""
    state = app.state
    if app.return_code and not app.ended_by:
        print(f"The dashboard broke; please report {_keep(stray)}", file=sys.stderr)
    if state.failure is not None:
        print(f"{state.failure.title}: {state.failure.message}", file=sys.stderr)
        return state.failure.exit_status
    run, view, saved = state.run, state.view, state.checkpoint
    if run is not None and view is not None:
        best = f", best accuracy {percent(view.best.accuracy)}" if view.best else ""
        where = f"saved at step {saved.step} in {saved.path}" if saved else "not saved"
        print(f"{run.name}: {view.arm} did {view.step} of {view.total_steps} steps{best}, {where}")
        if not view.finished:
            print(f"go on with: finetune-tui --resume {run.path}")
    return 128 + app.ended_by if app.ended_by else app.return_code or 0


def _keep(stray: "SimpleQueue[str]") -> str:
    """Write the last words of a broken dashboard to a file; its name."""
    with tempfile.NamedTemporaryFile("w", prefix="finetune-tui-", suffix=".log", delete=False) as file:
        while not stray.empty():
            print(stray.get(), file=file)
    return file.name
