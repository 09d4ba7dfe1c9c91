"""`follow`: send a run to a tracker of experiments, while it trains or later. Loads no torch."""

import argparse
import signal
import time

from engine.cli.arguments import add_run_name_and_dir, folder_of_run
from engine.protocol.streams import say as say_line
from engine.sinks.trackers import TRACKERS, check_trackers

LOOK_SECONDS, RETRY_SECONDS = 1.0, 30.0
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the tracker, and where the tracker keeps it."""
    parser.description = (
        "Send a run to a tracker of experiments: all that it has recorded, and then what it records, until its end. "
        "The run need not be live. What was sent before is not sent again."
    )
    parser.add_argument("--to", required=True, choices=TRACKERS, help="the tracker")
    parser.add_argument(
        "--store", default="", metavar="PLACE", help="where the tracker keeps it: a folder or, of MLflow, an address"
    )
    parser.add_argument("--project", default="finetune-tui", metavar="NAME", help="project or experiment there")
    add_run_name_and_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Follow the run to its end; the exit status: 0, or 130 if it was interrupted.

    Raises:
        UserError: there is no such run, or the tracker's library is missing.
        EngineError: the run is over, and the tracker did not take all of it.
    """
    folder = folder_of_run(args)
    check_trackers([args.to])
    from engine.sinks.follow import Follower
    from engine.sinks.tracking import Wanted

    wanted = Wanted(str(folder.resolve().parent / "trackers"), args.store, args.project)

    def say(text: str) -> None:
        say_line(f"{args.to}: {text}")

    def wait(failed: bool) -> None:
        time.sleep(RETRY_SECONDS if failed else LOOK_SECONDS)

    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        Follower(folder, args.to, lambda: TRACKERS[args.to].connect(wanted), say, wait).follow()
    except KeyboardInterrupt:
        say("ended before the run; the same command goes on")
        return INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
