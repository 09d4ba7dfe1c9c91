"""How the screen looks and how often it is drawn: the flags of every command that opens it. Loads no Textual."""

import argparse
import difflib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import UserError
from engine.service.program import command

PACES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"seconds between two drawings of the numbers, as keys change them"
OWN_THEMES = ("finetune", "finetune-light", "finetune-16")


@dataclass(frozen=True, slots=True)
class Looks:
    """What the user asked for, or what fits the terminal."""

    ascii: bool = False
    "whether only ASCII characters are drawn"
    theme: str = ""
    "by name; empty: what fits the terminal's colours"
    refresh: float = 1.0
    "seconds between two drawings of the numbers"
    plots: float = 2.0
    "the same for the plots and for other panes that are expensive to send"
    low_bandwidth: bool = False
    "whether as little as possible is sent: 16 colours, no animation"
    notify: bool = True
    "whether the terminal rings and notifies at the end of a run, and its window is named after the run"
    mouse: bool = True
    "whether the mouse is the screen's; else the terminal selects text with it, as usual"

    @property
    def pictures(self) -> bool:
        """Whether pictures are drawn."""
        return not (self.low_bandwidth or self.ascii)


USUAL = Looks()
FLAGS = ("ascii", "theme", "refresh", "lowbw", "no_notify", "no_mouse")
"names of the arguments that change only how the screen looks, not what it shows"


def add_looks_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the screen, which `looks` reads."""
    group = parser.add_argument_group("the screen")
    group.add_argument(
        "--ascii", action="store_true", help="draw with ASCII characters alone, as where the locale is not UTF-8"
    )
    group.add_argument(
        "--theme", metavar="NAME", default="", help=f"colours: {', '.join(OWN_THEMES)}, or one of Textual's"
    )
    group.add_argument(
        "--refresh", type=float, metavar="S", help="seconds between two drawings of the numbers; default: 1"
    )
    group.add_argument(
        "--lowbw", action="store_true", help="send little: numbers every 3 s, plots every 15 s, 16 colours, no pictures"
    )
    group.add_argument(
        "--no-notify", action="store_true", help="no bell, notification and window title, also where the terminal can"
    )
    group.add_argument(
        "--no-mouse", action="store_true", help="leave the mouse to the terminal, which then selects text with it"
    )


def looks(args: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> Looks:
    """What the arguments and the environment ask for.

    Raises:
        UserError: there is no such theme, or the screen would be drawn too seldom or too often.
    """
    slow = args.lowbw
    refresh = args.refresh if args.refresh is not None else 3.0 if slow else 1.0
    if not PACES[0] <= refresh <= 3600:  # refuses nan, too
        raise UserError("No such refresh", f"--refresh {refresh:g}: use {PACES[0]:g} to 3600 seconds")
    if args.theme:
        _check(args.theme)
    plots = 15.0 if slow and args.refresh is None else plots_pace(refresh)
    plain = args.ascii or not _unicode(environment)
    return Looks(plain, args.theme, refresh, plots, slow, not args.no_notify, not args.no_mouse)


def plots_pace(refresh: float) -> float:
    """Seconds between two drawings of the plots, where the numbers are drawn every `refresh` seconds."""
    return max(2 * refresh, 1.0)


def next_pace(refresh: float, slower: bool) -> float:
    """The next of `PACES`, or the last one."""
    if slower:
        return next((pace for pace in PACES if pace > refresh), max(PACES[-1], refresh))
    return next((pace for pace in reversed(PACES) if pace < refresh), min(PACES[0], refresh))


def need_a_terminal(title: str) -> None:
    """Refuse to show a run where there is no terminal; `title` is that of the refusal.

    Raises:
        UserError: there is no terminal, or it cannot show a screen.
    """
    status = command("status", "RUN")
    if not on_terminal():
        raise UserError(
            title, f"there is no terminal to show a run on; use a terminal (ssh -t), or {status} in a script"
        )
    need_a_screen(f"use {status}")


def on_terminal() -> bool:
    """Whether standard input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def need_a_screen(remedy: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to open a screen on a terminal that would show escape codes as text.

    Raises:
        UserError: it is such a terminal.
    """
    if environment.get("TERM") == "dumb":
        raise UserError("No screen", f"this terminal cannot show one (TERM=dumb); {remedy}")


def _check(theme: str) -> None:
    from textual.theme import BUILTIN_THEMES  # late: most programs start without it

    known = [*OWN_THEMES, *BUILTIN_THEMES]
    if theme not in known:
        near = difflib.get_close_matches(theme.lower(), known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"use {', '.join(known)}"
        raise UserError("No such theme", f"--theme {theme}: {hint}")


def _unicode(environment: Mapping[str, str]) -> bool:
    """Whether the locale's encoding is UTF-8; where no locale is set, it is taken to be."""
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(name))), "UTF-8")
    return "utf8" in locale.lower().replace("-", "")
