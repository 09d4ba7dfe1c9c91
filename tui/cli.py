"""`finetune-tui`: with a terminal the dashboard, without one the run by itself."""

import argparse
import os
import sys
from collections.abc import Sequence

from engine import __version__
from engine.errors import EngineError
from engine.launch import Launch, add_run_arguments, plan


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit status: 0 done, 1 failed, 2 the user's mistake, 130 interrupted."""
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
    from engine.protocol import RunFailed, RunFinished
    from engine.session import LocalSession
    from tui.app import Dashboard
    from tui.terminal import own_terminal

    past = [message for message in launch.past if not isinstance(message, RunFailed | RunFinished)]
    with own_terminal() as stray:
        app = Dashboard(lambda: LocalSession(launch.config, launch.resume, past), stray)
        app.run()
    state, session = app.state, app.session
    ended = session is None or session.close(timeout=5.0 if state.live else 0.5)
    status = app.return_code or 0
    if status:
        while not stray.empty():  # the dashboard itself broke: what it said is all there is to report
            print(stray.get(), file=sys.stderr)
    if state.failure is not None:
        print(f"{state.failure.title}: {state.failure.message}", file=sys.stderr)
        status = state.failure.exit_status
    elif state.run is not None and state.view is not None:
        run, view = state.run, state.view
        print(f"{run.name}: {view.arm} is at step {view.step} of {view.total_steps}; finetune-tui --resume {run.path}")
    if not ended:  # still importing or decoding: nothing to wait for, and a normal exit would
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status
