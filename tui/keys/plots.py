"""The keys of the plots, while one of them has the focus. What they change holds for all plots."""

from tui.keys.key import Key

PLOTS: tuple[Key, ...] = (
    Key("cursor_left", ("left",), "left", "cursor", "Move the cursor to the point before.", pane="plots"),
    Key("cursor_right", ("right",), "right", "cursor", "Move the cursor to the point after.", pane="plots"),
    Key(
        "cursor_first",
        ("home", "shift+left"),
        "home",
        "ends",
        "Move the cursor to the first point.",
        rank=7,
        pane="plots",
    ),
    Key(
        "cursor_last",
        ("end", "shift+right"),
        "end",
        "ends",
        "Move the cursor to the newest point.",
        rank=7,
        pane="plots",
    ),
    Key("zoom_in", ("up",), "up", "closer", "Show half of the time axis, around the cursor.", rank=5, pane="plots"),
    Key("zoom_out", ("down",), "down", "farther", "Show twice as much of the time axis.", rank=8, pane="plots"),
    Key(
        "plot_whole",
        ("a",),
        "a",
        "all epochs",
        "Draw the time axis to the planned end, or only a little beyond the newest step.",
        rank=4,
        pane="plots",
    ),
    Key("plot_axis", ("t",), "t", "epochs or steps", "Draw over steps, or over epochs.", rank=3, pane="plots"),
    Key("plot_log", ("y",), "y", "log", "Draw this plot on a logarithmic scale, or on a linear one.", pane="plots"),
    Key(
        "plot_smoothing",
        ("w",),
        "w",
        "smoothing",
        "Smooth training otherwise: not, lightly, medium, strongly. Test points are never smoothed.",
        pane="plots",
    ),
)
