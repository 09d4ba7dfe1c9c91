"""The subcommands of `python -m engine`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import __version__, handmade, replay
from engine.config import load_config
from engine.errors import EngineError, UserError
from engine.journal import find_run
from engine.launch import add_run_arguments, plan


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status."""
    args = _parser().parse_args(argv)
    try:
        status: int = args.do(args)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return error.exit_status
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", description="Fine-tune an image classifier.")
    parser.add_argument("--version", action="version", version=f"finetune-tui {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    train_parser = commands.add_parser("train", help="train without a screen")
    add_run_arguments(train_parser)
    train_parser.set_defaults(do=_train)
    replay_parser = commands.add_parser("replay", help="train a run again from its journal and compare the weights")
    replay_parser.set_defaults(do=_replay)
    schedule_parser = commands.add_parser("schedule", help="write a configuration with a run's changes by hand in it")
    schedule_parser.add_argument("--out", metavar="FILE", help="the configuration's file; default: standard output")
    schedule_parser.set_defaults(do=_schedule)
    for one in (train_parser, replay_parser):
        one.add_argument("--json", action="store_true", help="write one event a line to standard output")
    for one in (replay_parser, schedule_parser):
        one.add_argument("run", metavar="RUN", help="a run: its name or its folder")
        one.add_argument("--dir", metavar="DIR", help="where runs are kept (checkpoint.dir)")
    return parser


def _train(args: argparse.Namespace) -> int:
    launch = plan(args)
    from engine.headless import train

    return train(launch, json_lines=args.json)


def _replay(args: argparse.Namespace) -> int:
    """0 where the weights are equal, 1 where they differ."""
    what = replay.plan(_folder(args))
    from engine.headless import follow

    verdicts: list[replay.Verdict | None] = []
    status = follow(lambda inbox, emit: verdicts.append(replay.play(what, inbox, emit)), json_lines=args.json)
    verdict = verdicts[0] if verdicts else None
    if verdict is None:
        return status
    for line in replay.describe(verdict):
        print(line, file=sys.stderr if args.json else sys.stdout)
    return status or (0 if verdict.equal else 1)


def _schedule(args: argparse.Namespace) -> int:
    text = handmade.script(_folder(args))
    if args.out is None:
        print(text, end="")
        return 0
    try:
        Path(args.out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError("Configuration not written", f"{args.out}: {error.strerror}; name another file") from None
    return 0


def _folder(args: argparse.Namespace) -> Path:
    root = Path(args.dir) if args.dir is not None else load_config().checkpoint.dir
    return find_run(args.run, root)
