"""The keys of the pane that shows the machine: how often the screen is drawn."""

from tui.keys.key import Key

SYSTEM: tuple[Key, ...] = (
    Key(
        "draw_faster",
        ("+", "="),
        "+",
        "refresh",
        "Draw more often: every 10, 5, 2, 1, 0.5, 0.2, 0.1 s; the plots half as often, at most once a second.",
        pane="system",
    ),
    Key(
        "draw_slower",
        ("-",),
        "-",
        "refresh",
        "Draw less often, where the terminal is far away: up to every 10 s; keys are answered at once all the same.",
        pane="system",
    ),
)
