"""`finetune-tui relay`: a run's events and commands over the standard streams, for `attach` at the other end."""

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Sequence

from engine import __version__
from engine.errors import EngineError
from engine.protocol import Command, Hello, decode, encode
from engine.protocol.wire import VERSION
from engine.service.places import add_dir_argument
from engine.service.remote.link import SocketLink
from tui.commands.attach import which

MOST_STEPS = 4000  # of the history: a plot has fewer points, and the line may be slow


def main(argv: Sequence[str]) -> int:
    """Send the events of the run, and take commands for it, until either end leaves; the exit status.

    Raises:
        UserError: there is no such live run.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui relay", description="The far end of `attach`.")
    parser.add_argument("run", nargs="?", metavar="RUN")
    parser.add_argument("--read-only", action="store_true")
    add_dir_argument(parser)
    args = parser.parse_args(argv)
    link = SocketLink(which(args), control=not args.read_only, most_steps=MOST_STEPS)
    threading.Thread(target=_commands, args=(link,), name="commands", daemon=True).start()
    try:
        print(encode(Hello(VERSION, __version__)), flush=True)
        for event in link.events():
            print(encode(event), flush=True)
    except BrokenPipeError:  # the other end has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _commands(link: SocketLink) -> None:
    for line in sys.stdin:
        with contextlib.suppress(EngineError):
            command = decode(line)
            if isinstance(command, Command):
                link.send(command)
    link.close()
