"""`finetune-tui view`: show a run that is over in the dashboard."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.errors import CheckpointError, UserError
from engine.protocol.ages import age
from engine.service.places import add_dir_argument, runs_folder
from engine.service.program import command
from engine.service.remote.finding import find
from engine.service.remote.reaching import how_to_reach
from engine.service.status import RunStatus, in_words, status_of
from engine.storage.journal import JOURNAL
from tui.looks import add_looks_arguments, looks, need_a_terminal

OVER = ("finished", "stopped", "failed", "lost")


def main(argv: Sequence[str]) -> int:
    """Show the run; the exit status.

    Raises:
        UserError: there is no such run, it is not over, it has nothing to show, or there is no terminal.
    """
    parser = argparse.ArgumentParser(
        prog="finetune-tui view", description="Look at a run that is over: all of the dashboard but steering."
    )
    parser.add_argument("run", metavar="RUN", help="a run's name or folder")
    add_dir_argument(parser)
    add_looks_arguments(parser)
    args = parser.parse_args(argv)
    wanted = looks(args)
    need_a_terminal("Not shown")
    folder = find(args.run, runs_folder(args))
    over = what_became(status_of(folder), folder)
    from tui.dashboard import view  # with what draws it

    return view(folder, over, wanted)


def what_became(run: RunStatus, folder: Path) -> str:
    """How the run ended, in a sentence.

    Raises:
        UserError: it is not over, or its journal has nothing to show.
    """
    if run.live:
        raise UserError("Not shown", f"{folder} is not over, it is live; use {command('attach', folder)}")
    if run.state not in OVER and run.seen is not None:
        remedy = f"use {how_to_reach(run.host, run.job, run.path)}"
        raise UserError("Not shown", f"{folder} is not over, it is {in_words(run)}; {remedy}")
    if run.state not in OVER:
        remedy = "it cannot be attached to; look at it when that has ended"
        raise UserError("Not shown", f"{folder} is in use by {run.where}, and {remedy}")
    if not run.total_steps and run.state in ("finished", "lost"):
        remedy = f"train it with {command('--resume', folder)}"
        raise CheckpointError("Not shown", f"{folder / JOURNAL} {_why_nothing(folder / JOURNAL)}; {remedy}")
    if run.state == "lost":
        seen = f", last seen on {run.host} {age(run.seen)} ago" if run.seen is not None else ""
        return f"killed at step {run.step}{seen}; go on with {command('--resume', folder)}"
    return f"this run is over: {run.state} at step {run.step}; S shows what came of it"


def _why_nothing(journal: Path) -> str:
    """Why a journal has no arm."""
    try:
        if not journal.exists():
            return "is missing"
        if not journal.is_file():
            return "is not a file"
        with journal.open("rb") as file:
            return "is damaged: no arm begins in it" if file.read(1) else "is empty"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
