"""The program's command line, written as it was started, so that a person can copy and run it."""

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "finetune-tui"


def command(*words: object) -> str:
    """`finetune-tui` with arguments: by its name if the shell finds it, else by its path from here."""
    return " ".join(_quoted(word) for word in [*_program(), *map(str, words)])


def add_program_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--program`: what finetune-tui is called on another machine."""
    parser.add_argument(
        "--program", metavar="FILE", default=NAME, help="finetune-tui there, where it is not on the PATH"
    )


def _program() -> list[str]:
    """The program that was started or, in a process of `python -m engine`, the one that is installed beside it."""
    started = Path(sys.argv[0] or NAME)
    if started.name != NAME:
        started = Path(sys.executable).with_name(NAME)
    if not started.exists():
        return [sys.executable, "-m", "tui"]
    found = shutil.which(NAME)
    if found is not None and Path(found).samefile(started):
        return [NAME]
    relative = os.path.relpath(started)
    return [str(started.absolute()) if relative.startswith(os.pardir) else relative]


def _quoted(word: str) -> str:
    """The word, quoted for a shell where needed; `~/` stays outside the quotes."""
    if word.startswith("~/"):
        return f"~/{shlex.quote(word[2:])}" if word[2:] else word
    return shlex.quote(word)
