"""Texts on the frame of a plot: a legend, or the values at the cursor."""

from collections.abc import Iterable

from textual.content import Content

from engine.protocol import ARMS, Part
from engine.protocol.printable import printable
from tui.plots.composition import DrawnBranch
from tui.plots.curves import Curve, Trace
from tui.plots.plotview import PlotView
from tui.theme import ARM_STYLES

# As they are drawn. In ASCII each becomes what the plot has there: `tui/terminal/ascii.py`.
LINES = {"pretrained": "⠒⠒", "scratch": "╌╌"}
POINTS = {"pretrained": "●", "scratch": "○"}


def named(curve: Curve, plots: PlotView) -> str:
    """The plot's name, and how it is drawn where that is not the default."""
    smoothing = f"smoothing {plots.smoothing}" if curve.noisy and plots.smoothing != "medium" else ""
    return ", ".join(filter(None, (curve.title, "log" if curve.name in plots.log else "", smoothing)))


def legend(curve: Curve, part: Part, *, everything: bool) -> list[Content]:
    """What the lines and marks mean. Of two narrow plots beside each other, each shows one half.

    `part` names the pictures of the points.
    """
    arms = [Content.styled(f"{LINES[arm]} {arm}", ARM_STYLES[arm]) for arm in ARMS]
    kinds = [Content.styled(f"┈┈ training  ⠶ {part}  ★ best  ▴ command", "$foreground")]
    if curve.test is None:
        return arms
    return [*arms, *kinds] if everything else arms if curve.share else kinds


def reading(curve: Curve, drawn: DrawnBranch, found: Iterable[Trace], step: int, *, in_words: bool) -> Content:
    """An arm's values at a step; empty where there are none."""
    view, parts = drawn.view, list[str]()
    for trace in found:
        training, test = trace.at(step)
        if training is not None:
            parts += [trace.name, curve.text(training)]
        if test is not None:
            parts += [POINTS[view.arm], curve.text(test)]
    name = printable(drawn.run) or (view.arm if in_words else "")
    style = drawn.colour if drawn.run else ARM_STYLES[view.arm]
    words = [drawn.letter or LINES[view.arm], name, *parts]
    return Content.styled(" ".join(filter(None, words)), style) if parts else Content("")


def older_names(older: Iterable[DrawnBranch]) -> list[Content]:
    """The names of the older runs that are drawn, each with its letter on the plot; a run with both arms comes once."""
    colours = {(drawn.letter, drawn.run): drawn.colour for drawn in older}
    return [Content.styled(f"{letter} {printable(run)}", colour) for (letter, run), colour in colours.items()]


def joined(parts: Iterable[Content]) -> Content:
    """The parts in one line, without the empty ones."""
    return Content("  ").join(part for part in parts if part)


def cut(parts: Iterable[Content], width: int) -> Content:
    """The same, cut at `width`."""
    text = joined(parts)
    return text if text.cell_length <= width else text.truncate(max(width, 0), ellipsis=True)
