"""The subcommands of `python -m engine`."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import __version__
from engine.cli import look, replay
from engine.errors import EngineError, UserError
from engine.protocol.streams import print_lines
from engine.service import send
from engine.service.launch import Launch, add_dir_argument, add_run_arguments, plan, runs_folder
from engine.service.remote.finding import find
from engine.service.status import describe, status_of
from engine.steering import schedule_export
from engine.storage.run_folder import load_run_config


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
    look_parser = commands.add_parser("look", help="say what a run would train on, and how long it would take")
    add_run_arguments(look_parser)
    look_parser.add_argument("--json", action="store_true", help="write an object a line to standard output")
    look_parser.set_defaults(do=_look)
    replay_parser = commands.add_parser("replay", help="train a run again from its journal and compare the weights")
    replay_parser.set_defaults(do=_replay)
    schedule_parser = commands.add_parser("schedule", help="write a configuration with a run's changes by hand in it")
    schedule_parser.add_argument("--out", metavar="FILE", help="the configuration's file; default: standard output")
    schedule_parser.set_defaults(do=_schedule)
    background_parser = commands.add_parser("background", help="train as `finetune-tui start` does, in a run's folder")
    background_parser.add_argument("folder", metavar="FOLDER", type=Path, help="with the run's config.yaml in it")
    background_parser.add_argument("--resume", action="store_true", help="go on from its last checkpoint")
    background_parser.add_argument("--set", action="append", default=[], metavar="A.B=C")
    background_parser.set_defaults(do=_background)
    status_parser = commands.add_parser("status", help="say where a run stands")
    status_parser.add_argument("--json", action="store_true", help="write one object to standard output")
    status_parser.set_defaults(do=_status)
    send_parser = commands.add_parser("send", help="steer a live run", description="Steer a live run.")
    send_parser.set_defaults(do=_send)
    for one in (train_parser, replay_parser):
        one.add_argument("--json", action="store_true", help="write one event a line to standard output")
    for one in (replay_parser, schedule_parser, status_parser, send_parser):
        one.add_argument("run", metavar="RUN", help="a run: its name or its folder")
    for one in (replay_parser, schedule_parser, status_parser):
        add_dir_argument(one)
    send.add_words(send_parser, _add_sending)
    return parser


def _add_sending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    parser.add_argument(
        "--timeout", type=float, default=send.SECONDS, metavar="S", help="seconds to wait; default: %(default)g"
    )
    add_dir_argument(parser)


def _train(args: argparse.Namespace) -> int:
    launch = plan(args)
    from engine.cli.headless import train

    return train(launch, json_lines=args.json)


def _look(args: argparse.Namespace) -> int:
    config = plan(args).config
    catalogue = look.find(config)
    print_lines(look.lines(look.told(config, catalogue), args.json))  # before torch is loaded
    if catalogue is not None:
        from engine.cli.estimate import estimate

        print_lines(look.lines(estimate(config, catalogue), args.json))
    return 0


def _background(args: argparse.Namespace) -> int:
    config = load_run_config(args.folder, args.set)
    launch = Launch(config, resume=args.folder) if args.resume else Launch(config, prepared=args.folder)
    from engine.cli.headless import train

    return train(launch, hold=True)


def _replay(args: argparse.Namespace) -> int:
    """0 where the weights are equal, 1 where they differ."""
    what = replay.plan(_folder(args))
    from engine.cli.headless import follow

    verdicts: list[replay.Verdict | None] = []
    status = follow(lambda inbox, emit: verdicts.append(replay.play(what, inbox, emit)), json_lines=args.json)
    verdict = verdicts[0] if verdicts else None
    if verdict is None:
        return status
    for line in replay.describe(verdict):
        print(line, file=sys.stderr if args.json else sys.stdout)
    return status or (0 if verdict.equal else 1)


def _schedule(args: argparse.Namespace) -> int:
    text = schedule_export.script(_folder(args))
    if args.out is None:
        print(text, end="")
        return 0
    try:
        Path(args.out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError("Configuration not written", f"{args.out}: {error.strerror}; name another file") from None
    return 0


def _status(args: argparse.Namespace) -> int:
    summary = status_of(_folder(args))
    print_lines([json.dumps(dataclasses.asdict(summary))] if args.json else describe(summary))
    return 0


def _send(args: argparse.Namespace) -> int:
    return send.send(_folder(args), args, wait=not args.no_wait, seconds=args.timeout)


def _folder(args: argparse.Namespace) -> Path:
    return find(args.run, runs_folder(args))
