"""The commands of `finetune-tui`: the table of them, and a module each, whose `main` loads no more than it needs."""

from typing import NamedTuple

GROUPS = ("train", "watch and steer", "before training", "after training", "for scripts")
"in the order of the help"
TRAIN, WATCH, BEFORE, AFTER, SCRIPTS = GROUPS
HIDDEN = ""


class Command(NamedTuple):
    """A command: `finetune-tui NAME`."""

    group: str
    summary: str = ""
    "what it does; empty: as the table of the engine's subcommands has it"
    of_engine: bool = False
    "whether it is the subcommand of `python -m engine`, without a module here"


COMMANDS = {
    "train": Command(TRAIN, "train with the dashboard, or by itself without a terminal"),
    "start": Command(TRAIN, "train in the background"),
    "runs": Command(WATCH, "list live and finished runs"),
    "attach": Command(WATCH, "show a live run, and steer it"),
    "view": Command(WATCH, "look at a run that is over"),
    "status": Command(WATCH, of_engine=True),
    "send": Command(WATCH, of_engine=True),
    "follow": Command(WATCH, of_engine=True),
    "doctor": Command(BEFORE),
    "look": Command(BEFORE, of_engine=True),
    "fetch": Command(BEFORE, of_engine=True),
    "models": Command(BEFORE, of_engine=True),
    "choose": Command(BEFORE),
    "lr-find": Command(BEFORE, of_engine=True),
    "predict": Command(AFTER),
    "evaluate": Command(AFTER, of_engine=True),
    "compare": Command(AFTER),
    "report": Command(AFTER, of_engine=True),
    "export": Command(AFTER, of_engine=True),
    "clinic": Command(AFTER, of_engine=True),
    "tidy": Command(AFTER, of_engine=True),
    "replay": Command(AFTER, of_engine=True),
    "schedule": Command(AFTER, of_engine=True),
    "background": Command(SCRIPTS, of_engine=True),
    "relay": Command(HIDDEN),  # for the other end of `attach`, not for people
}
"in the order of the help; the module of `a-b` is `tui.commands.a_b`, but `train` is what the program itself does"
