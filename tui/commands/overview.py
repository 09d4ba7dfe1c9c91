"""What commands there are, for the help, and what a word that is no command may have meant."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from engine.cli.program import SUBCOMMANDS
from engine.errors import UserError
from engine.protocol.printable import printable
from engine.service.program import command
from tui.commands import COMMANDS, GROUPS

TITLE = "Unclear arguments"
ALIKE = 0.7  # from here on, by difflib's ratio, a word may be another one with mistakes in it


def overview(program: str) -> Iterator[str]:
    """The lines of the help: all commands in groups. They fit 80 columns."""
    yield f"usage: {program} [COMMAND] [ARGUMENTS]"
    yield ""
    yield "Fine-tune an image classifier from a terminal. Without arguments it asks what"
    yield "to train. Without a command it trains: the arguments are those of `train`."
    width = max(map(len, COMMANDS))
    for group in GROUPS:
        yield from ("", f"{group}:")
        for name, known in COMMANDS.items():
            if known.group == group:
                yield f"  {name:<{width}}  {known.summary or SUBCOMMANDS[name]}"
    yield ""
    yield f"{program} COMMAND --help says what a command takes. For example:"
    yield ""
    yield f"  {program} --data ~/pictures --model resnet18"
    yield f"  {program} predict RUN photo.jpg"
    yield ""
    yield f"options: -h, --help: show this; --version: show the version of {program}"


def check_config(given: str, *, first: bool) -> None:
    """Refuse what is given as CONFIG if it is a mistyped command, or one that does not come `first`.

    Raises:
        UserError: no file has that name, and no configuration could; the message says what may be meant.
    """
    if given in COMMANDS and not first:
        raise UserError(TITLE, f"`{given}` is a command, and comes first: {command(given)} ...")
    if not re.fullmatch(r"[\w-]+", given) or Path(given).is_file():  # a name with a dot or a slash is a file's
        return
    known = [name for name, of in COMMANDS.items() if of.group]
    if near := difflib.get_close_matches(given.lower(), known, n=1, cutoff=ALIKE):
        raise UserError(TITLE, f"`{printable(given)}` is not a command; did you mean `{near[0]}`?")
    if Path(given).is_dir():
        raise UserError(TITLE, f"`{printable(given)}` is a folder; to train on it, use {command('--data', given)}")
    listed = f"{command('--help')} lists the commands"
    raise UserError(TITLE, f"`{printable(given)}` is neither a command nor a file of settings; {listed}")
