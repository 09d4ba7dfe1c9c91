"""What came of a run, row by row: a label and a text each. Loads no Textual."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.figures.arm import ArmView
from engine.figures.best import Best, Score, better_arm
from engine.figures.confusion import ByClass, Errors, name_of
from engine.protocol import ARMS, PART_NAMES, other_arm
from engine.protocol.best import BEST
from engine.protocol.counting import plural
from engine.protocol.printable import printable
from engine.report.comparison import verdict
from engine.report.facts import Deed
from engine.storage.tidying import Leftover
from tui.format import clock, mebibytes, percent
from tui.runs import from_here
from tui.state import UiState

WORST, DEEDS = 3, 4  # classes and changes that are named


class Row(NamedTuple):
    """A line of the summary."""

    label: str
    text: str


class OnDisk(NamedTuple):
    """What only the run's folder says; each part may be missing, with the reason."""

    deeds: Sequence[Deed] | str
    leftover: Leftover | str


def headline(state: UiState) -> str:
    """How it ended, in a sentence."""
    view, failure = state.view, state.failure
    if failure is not None:
        return f"The run failed. {failure.title}: {failure.message}"
    if view is None:
        return state.over
    done = f"{view.arm} did {view.step:,} of {view.total_steps:,} steps"
    if view.finished:
        other = other_arm(view.arm)
        untrained = "" if other in state.arms or state.locked else f"; the {other} arm has not been trained"
        best = winner(state) if len(state.arms) > 1 else None
        better = f"; the best weights are those of {best.arm}" if best is not None else ""
        return f"{view.arm} is done: {view.step:,} steps{untrained}{better}"
    return f"The run ended before its epochs were done: {done}"


def winner(state: UiState) -> ArmView | None:
    """The arm whose best weights are to be used."""
    arm = better_arm({arm: view.best_weights.best() for arm, view in state.arms.items()})
    return state.arms[arm] if arm is not None else None


def best_file(state: UiState, view: ArmView) -> Path:
    """The file of an arm's best weights."""
    return Path(state.run.path if state.run is not None else "") / view.arm / BEST


def rows(state: UiState, disk: OnDisk | None) -> Iterator[Row]:
    """All of it. `disk` is `None` while the folder is being read."""
    bests = {arm: state.arms[arm].best_weights.best() for arm in ARMS if arm in state.arms}
    if between := verdict(bests.get("pretrained"), bests.get("scratch")):
        yield Row("difference", between)
    for arm, best in bests.items():
        yield from _of_arm(state, state.arms[arm], best)
    if (view := winner(state)) is not None and (best := bests[view.arm]) is not None:
        yield Row("worst classes", _worst(state, view, best))
    if disk is None:
        yield Row("by hand", "reading the journal…")
        return
    yield Row("by hand", disk.deeds if isinstance(disk.deeds, str) else _by_hand(disk.deeds))
    yield Row("on the disk", disk.leftover if isinstance(disk.leftover, str) else _takes(disk.leftover))


def takes(found: Leftover) -> str:
    """How many restore points there are, and what deleting them frees."""
    return f"{plural(len(found.points), 'restore point')}, {mebibytes(found.bytes)} MiB"


def _of_arm(state: UiState, view: ArmView, best: Best | None) -> Iterator[Row]:
    """The best and the last weights of an arm, each with its file, and its time."""
    if best is None:
        yield Row(view.arm, "nothing was scored")
    else:
        tested = "" if best.tested is None else f", {_scored(best.tested)}"
        file = _shown(best_file(state, view))
        yield Row(view.arm, f"best {_scored(best.chosen)}{tested} (epoch {best.epoch}): {file}")
    last, saved = view.curves.evaluations[-1:], view.saved
    figure = f" {percent(last[0].accuracy)}" if last and saved is not None and last[0].step == saved.step else ""
    where = "not saved" if saved is None else f"last{figure} (step {saved.step:,}): {_shown(Path(saved.path))}"
    history = view.curves.history
    spent = f" · {clock(history[-1].seconds)} for {len(history)} of {view.epochs} epochs" if history else ""
    yield Row("", f"{where}{spent}")


def _scored(score: Score) -> str:
    return f"{percent(score.accuracy)} of {score.images:,} {PART_NAMES[score.part]} pictures"


def _shown(path: Path) -> str:
    return printable(from_here(str(path)))


def _worst(state: UiState, view: ArmView, best: Best) -> str:
    if best.confusion is None:
        return f"not known of these weights of {view.arm}; v scores them"
    classes = state.run.classes if state.run is not None else ()
    wrong = [row for row in Errors(best.confusion).by_class if row.images and row.correct < row.images]
    return " · ".join(_class(row, classes) for row in wrong[:WORST]) or "none: all pictures are classified correctly"


def _class(row: ByClass, classes: tuple[str, ...]) -> str:
    taken = f" (mostly predicted as {name_of(classes, row.taken_for)})" if row.taken_for is not None else ""
    return f"{name_of(classes, row.label)} {percent(row.recall)}{taken}"


def _by_hand(deeds: Sequence[Deed]) -> str:
    found = [deed for deed in deeds if deed.by_hand]
    told = [printable(deed.what) + (f" (epoch {deed.epoch:.3g})" if deed.arm is not None else "") for deed in found]
    more = f"{len(told) - DEEDS} earlier ones, then " if len(told) > DEEDS else ""
    return more + " · ".join(told[-DEEDS:]) if told else "nothing was changed"


def _takes(found: Leftover) -> str:
    return f"{takes(found)} that only a rewind needs" if found.points else "no restore points"
