"""Which terminals ring, show a title and show notifications, by what the environment says of them.

To ask the terminal itself would lose keys that are pressed meanwhile. A new terminal is a row of `TERMINALS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a terminal understands."""

    bell: bool = False
    title: bool = False
    "OSC 2, and the stack of titles of XTWINOPS"
    notify: Literal["", "9", "777"] = ""
    "the number of the OSC that shows a notification on the desktop"


NOTHING = Abilities()
PLAIN = Abilities(bell=True, title=True)
ITERM, URXVT = Abilities(bell=True, title=True, notify="9"), Abilities(bell=True, title=True, notify="777")
LIKE_XTERM = ("xterm", "alacritty", "st", "konsole", "contour", "mlterm", "vte", "gnome", "tmux")
"how the names of terminals begin that know what xterm knows"


def _term(*beginnings: str) -> Callable[[Environment], bool]:
    """Whether `TERM` is one of these names, alone or before a hyphen."""
    return lambda found: any(
        found.get("TERM", "") == name or found.get("TERM", "").startswith(f"{name}-") for name in beginnings
    )


def _has(name: str) -> Callable[[Environment], bool]:
    return lambda found: bool(found.get(name))


def _program(*names: str) -> Callable[[Environment], bool]:
    return lambda found: found.get("TERM_PROGRAM", "") in names


# The first row that fits counts. tmux and screen come before the terminal that they run in, whose variables they keep:
# tmux passes OSC 9 and 777 on only where `allow-passthrough` was switched on, which it is not by itself.
TERMINALS: tuple[tuple[str, Callable[[Environment], bool], Abilities], ...] = (
    ("no terminal to speak of", lambda found: found.get("TERM", "") in ("", "dumb", "unknown"), NOTHING),
    ("Linux console", _term("linux"), NOTHING),
    ("tmux", _has("TMUX"), PLAIN),
    ("GNU screen", _has("STY"), Abilities(bell=True)),
    ("kitty", lambda found: _has("KITTY_WINDOW_ID")(found) or _term("xterm-kitty")(found), ITERM),
    ("ghostty", lambda found: _program("ghostty")(found) or _term("xterm-ghostty")(found), ITERM),
    ("WezTerm", _program("WezTerm"), ITERM),
    ("iTerm2", lambda found: _program("iTerm.app")(found) or found.get("LC_TERMINAL") == "iTerm2", ITERM),
    ("Windows Terminal", _has("WT_SESSION"), ITERM),
    ("foot", _term("foot"), URXVT),
    ("urxvt", _term("rxvt"), URXVT),
    ("GNOME's and others of VTE", _has("VTE_VERSION"), URXVT),
    ("xterm and what says so", _term(*LIKE_XTERM), PLAIN),
    ("screen or tmux at the other end of ssh", _term("screen"), Abilities(bell=True)),
)


def abilities(environment: Environment) -> Abilities:
    """What the terminal of this environment understands; nothing where it is not known."""
    return next((known for _, fits, known in TERMINALS if fits(environment)), NOTHING)
