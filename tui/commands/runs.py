"""`finetune-tui runs`: the live and the finished runs, of this machine or of several, as a table. Loads no Textual."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.errors import UserError
from engine.protocol.streams import print_lines, say
from engine.service.places import add_dir_argument, runs_folder
from engine.service.program import add_program_argument
from engine.service.status import as_plain_values, is_trained, status_of
from tui.commands.runs_table import NARROWEST, Listed, table
from tui.runs import newest

NEWEST = 20  # runs of a machine, without --all


def main(argv: Sequence[str]) -> int:
    """Print the table; the exit status: 1 if a machine that was asked does not answer.

    Raises:
        EngineError: it cannot be written, or a machine is named wrongly.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui runs", description="List live and finished runs.")
    add_dir_argument(parser)
    parser.add_argument("--all", action="store_true", help=f"not only the {NEWEST} newest ones")
    parser.add_argument("--json", action="store_true", help="write all of them, an object a line")
    parser.add_argument("--newest", type=int, metavar="N", help="so many, also with --json")
    parser.add_argument("--on", metavar="BOX,BOX", help="the runs of these machines, in one list, over ssh")
    parser.add_argument("--via", metavar="COMMAND", help="with --on: reach BOX by this, with {} for its name")
    add_program_argument(parser)
    args = parser.parse_args(argv)
    if args.via is not None and args.on is None:
        raise UserError("Unclear arguments", "--via says how to reach the machines of --on; add --on BOX,BOX")
    most = args.newest if args.newest is not None else None if args.all or args.json else NEWEST
    if args.on is not None:
        return _elsewhere(args, most)
    root = runs_folder(args)
    print_lines(_lines(root, most, as_json=args.json))
    return 0


def _lines(root: Path, most: int | None, *, as_json: bool) -> Iterator[str]:
    folders = newest(root)
    found = _in_order(Listed(status_of(folder)) for folder in folders[:most])
    if as_json:
        yield from _objects(found)
    elif not found:
        yield f"No runs in {root}, and no live ones elsewhere."
    else:
        yield from table(found, _width(), time.time())
        if len(folders) > len(found):
            yield f"and {len(folders) - len(found)} older ones, with --all"


def _elsewhere(args: argparse.Namespace, most: int | None) -> int:
    """Print the runs of the machines `--on`; 1 if one of them does not answer, else 0."""
    from engine.service.remote.boxes import ask  # late: it builds checks for what comes
    from engine.service.remote.via import by_command, by_ssh

    boxes = list(dict.fromkeys(box.strip() for box in args.on.split(",") if box.strip()))
    if not boxes:
        raise UserError("Unclear arguments", f"--on `{args.on}` names no machine; use --on BOX,BOX")
    ways = [by_ssh(box, unattended=True) if args.via is None else by_command(args.via, box) for box in boxes]
    words = [args.program, "runs", "--json", *(["--newest", str(most)] if most is not None else [])]
    answers = ask(ways, [*words, *(["--dir", args.dir] if args.dir is not None else [])])
    found = _in_order(Listed(run, answer.box) for answer in answers for run in answer.runs)
    if args.json:
        print_lines(_objects(found))
    elif found:
        print_lines(table(found, _width(), time.time(), hosts=True))
    elif not any(answer.problem for answer in answers):
        print_lines([f"No runs on {', '.join(boxes)}."])
    problems = [answer for answer in answers if answer.problem]
    for answer in problems:
        say(f"{answer.box}: {answer.problem}")
    return 1 if problems else 0


def _in_order(found: Iterable[Listed]) -> list[Listed]:
    """Those that are trained now first, then the newest."""
    return sorted(found, key=lambda listed: (is_trained(listed.run), listed.run.updated or 0.0), reverse=True)


def _objects(found: Iterable[Listed]) -> Iterator[str]:
    for run, box in found:
        yield json.dumps(as_plain_values(run) | ({"box": box} if box else {}))


def _width() -> int | None:
    """Columns of the terminal; `None` where the table goes elsewhere: there nothing is cut."""
    if not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size((NARROWEST, 24)).columns, NARROWEST)
