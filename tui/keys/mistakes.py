"""The keys of the pane of mistakes, while it has the focus."""

from tui.keys.key import Key

MISTAKES: tuple[Key, ...] = tuple(
    Key(f"mistakes_{name}", keys, shown, label, help, rank=rank, pane="mistakes")
    for name, keys, shown, label, help, rank in (
        ("view", ("v",), "v", "view", "Show the mistakes by class, as a confusion matrix, or as pictures.", 1),
        ("copy", ("c",), "c", "copy path", "Copy the path of the chosen picture.", 2),
        ("up", ("up", "k"), "up", "move", "Choose the picture above, or scroll up.", 8),
        ("down", ("down", "j"), "down", "move", "Choose the picture below, or scroll down.", 8),
        ("left", ("left",), "left", "move", "Scroll the matrix to the left, or choose the picture before.", 8),
        ("right", ("right",), "right", "move", "Scroll the matrix to the right, or choose the next picture.", 8),
        ("page_up", ("pageup",), "pgup", "page", "Go a page up.", 9),
        ("page_down", ("pagedown",), "pgdn", "page", "Go a page down.", 9),
        ("home", ("home",), "home", "page", "Go to the first class or picture.", 9),
        ("end", ("end",), "end", "page", "Go to the last class or picture.", 9),
    )
)
