"""The keys of the screen itself: panes, other screens, ways to leave. Each names an action of the app."""

from tui import refusals as no
from tui.keys.key import Key
from tui.panes import PANES

SCREEN: tuple[Key, ...] = (
    *(
        Key(
            f"pane_{pane.name}",
            (pane.digit,),
            pane.digit,
            "panes",
            f"Show the pane {pane.name}, or hide it. {pane.help}",
            rank=2,
        )
        for pane in PANES
    ),
    Key(
        "reset_panes",
        ("R",),
        "R",
        "usual panes",
        "Show the panes again that fit this terminal, as at the start; what the digits changed is forgotten.",
        rank=9,
    ),
    Key(
        "zoom",
        ("enter", "z"),
        "z",
        "zoom",
        "Give the pane that has the focus the whole screen, or the first plot; once more gives it back.",
        rank=3,
    ),
    Key(
        "leave_pane",
        ("escape",),
        "Esc",
        "back",
        "Leave the cursor, the zoom, or the pane, one after the other.",
        rank=9,
    ),
    Key(
        "older_runs",
        ("o",),
        "o",
        "older runs",
        "Choose older runs to draw on the plots, too, or to compare with this one.",
        rank=5,
    ),
    Key(
        "label",
        ("i",),
        "i",
        "label",
        "Label a picture of yours with the best weights of this run, while it is paused or over.",
        refusal=no.no_label,
        rank=6,
    ),
    Key(
        "clinic",
        ("L",),
        "L",
        "labels",
        "Look at training pictures whose label the model contradicts, and say what is right.",
        refusal=no.no_clinic,
        rank=9,
    ),
    Key(
        "summary",
        ("S",),
        "S",
        "summary",
        "Show what came of a run that has ended, and what can be done next.",
        refusal=no.not_over,
        rank=3,
    ),
    Key("log", ("l",), "l", "log", "Read everything the run has said so far.", rank=4),
    Key("help", ("?", "h"), "?", "help", "Show what the keys do and what the numbers mean.", rank=0),
    Key(
        "detach",
        ("D",),
        "D",
        "detach",
        "Leave the screen and let training go on in the background; `finetune-tui attach` shows it again.",
        refusal=no.without_run,
        rank=2,
    ),
    Key(
        "suspend",
        ("ctrl+z",),
        "ctrl+z",
        "suspend",
        "Give the terminal back to the shell until `fg`; training waits meanwhile. D lets it go on instead.",
        rank=9,
        in_dialogs=True,
    ),
    Key("leave", ("q",), "q", "quit", "Leave; while training it asks first, and saving is what it offers.", rank=0),
)
