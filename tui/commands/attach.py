"""`finetune-tui attach`: the dashboard of a run that another process trains, on this machine or on another one."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.errors import UserError
from engine.service.places import add_dir_argument, runs_folder
from engine.service.program import add_program_argument, command
from engine.service.remote.address import is_live
from engine.service.remote.finding import find, only_live_run
from engine.service.remote.link import Link, SocketLink
from engine.service.remote.reaching import elsewhere
from engine.service.remote.relay_link import RelayLink
from engine.service.remote.via import Via, by_command, by_ssh
from engine.service.status import in_words, status_of
from tui.looks import Looks, add_looks_arguments, looks, need_a_terminal


def main(argv: Sequence[str]) -> int:
    """Attach; the exit status.

    Raises:
        UserError: there is no such live run, or no terminal to show it on.
    """
    parser = argparse.ArgumentParser(
        prog="finetune-tui attach",
        description="Show a live run with its whole history, and steer it. Leaving it never ends it.",
    )
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="a run's name or folder, or BOX:RUN over ssh; default: the one live run"
    )
    parser.add_argument("--read-only", action="store_true", help="look, and steer nothing")
    parser.add_argument("--via", metavar="COMMAND", help="reach it by this, such as 'kubectl exec -i POD --'")
    add_dir_argument(parser)
    add_looks_arguments(parser)
    add_program_argument(parser)
    args = parser.parse_args(argv)
    wanted = looks(args)
    need_a_terminal("Not attached")
    box, colon, name = (args.run or "").partition(":")
    if args.via is not None:
        return _there(by_command(args.via), args.run or "", args, wanted, argv)
    if colon and not Path(args.run).exists():
        return _there(by_ssh(box), name, args, wanted, argv)
    return show(which(args), wanted, args.read_only)


def which(args: argparse.Namespace) -> Path:
    """The folder of the run that `RUN` and `--dir` name; without `RUN`, the only live one.

    Raises:
        UserError: there is no such run, or more than one.
    """
    root = runs_folder(args)
    return find(args.run, root) if args.run else only_live_run(root)


def show(folder: Path, looks: Looks, read_only: bool = False) -> int:
    """The dashboard of a live run of this machine; the exit status.

    Raises:
        UserError: it is not live.
    """
    if not is_live(folder):
        if there := elsewhere(folder):
            raise UserError("Not attached", f"{folder}: {there}")
        summary = status_of(folder)
        why = f": {summary.message}" if summary.message else ""
        remedy = f"go on with {command('--resume', folder)}"
        raise UserError("Not attached", f"{folder} is not being trained, it is {in_words(summary)}{why}; {remedy}")
    return _dashboard(SocketLink(folder, control=not read_only), read_only, looks)


def _there(via: Via, run: str, args: argparse.Namespace, looks: Looks, argv: Sequence[str]) -> int:
    link = RelayLink(via, run, read_only=args.read_only, program=args.program, directory=args.dir)
    return _dashboard(link, args.read_only, looks, command("attach", *argv))


def _dashboard(link: Link, read_only: bool, looks: Looks, again: str = "") -> int:
    from tui.dashboard import attach  # with what draws it

    return attach(link, "read-only" if read_only else "attached", looks, again)
