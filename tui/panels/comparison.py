"""Both arms side by side, as in the lesson's table, while they are trained."""

from textual.content import Content

from engine.figures.arm import ArmView
from engine.metrics import METRICS
from engine.metrics.interval import difference
from engine.protocol import ARMS, Arm, AverageScored, EvalDone
from tui.format import MISSING, percent
from tui.panels.panel import Panel, lines, row
from tui.state import UiState
from tui.theme import ARM_STYLES

LABEL, COLUMN = 15, 11
Scored = EvalDone | AverageScored | None
ALL = 8  # rows, without that of the time, which is the least important; it is there before further metrics
ENOUGH = 0.9  # of an arm's best accuracy
ROWS = ("after epoch 1", "now", "best", "90 % of best in", "epochs for that", "epochs", "time")
LEVEL = 3  # rows above that of the difference, which is between the best accuracies


class Comparison(Panel):
    """Accuracy after the first epoch, now, and at best; the difference; the time to 90 % of the best."""

    def wanted_rows(self, state: UiState) -> int:
        """All of its lines, if that leaves enough room for the plots."""
        further = len(_further(state))
        return ALL + further + bool(further) if self.roomy else 0

    def text(self, state: UiState, now: float) -> Content:
        """Titles and eight rows, the most important ones first. The title says whether the difference may be chance."""
        bests = [view.best if (view := state.arms.get(arm)) is not None else None for arm in ARMS]
        enough = ENOUGH * max((best.accuracy for best in bests if best is not None), default=0.0)
        columns = [_figures(state.arms.get(arm), enough) for arm in ARMS]
        tested = max((best.images for best in bests if best is not None), default=0)
        rows = [
            row((label, LABEL, "$muted"), *((column[number], -COLUMN, "bold") for column in columns))
            for number, label in enumerate(ROWS)
        ]
        between, word = _difference(*bests, both=len(state.arms) == len(ARMS) or bool(state.locked))
        title = f"comparison ({state.part} accuracy)"
        titles = (f"{title}: {word}", f"comparison: {word}", "comparison") if word else (title, "comparison")
        room = self.size.width - 4  # the digit, and a corner
        self.title(next((title for title in titles if len(title) <= room), titles[-1]))
        return lines(
            row((f"{tested:,} tested" if tested else "", LABEL, "$muted"))
            + Content.assemble(*(part for arm in ARMS for part in _name(arm, arm == state.arm))),
            *rows[:LEVEL],
            row(("difference", LABEL, "$muted"), (between, -2 * COLUMN, "bold" if word else "$muted")),
            *rows[LEVEL:],
            *(_metric(name, state) for name in _further(state)),
        )


def _further(state: UiState) -> list[str]:
    """Names of the headline metrics beside loss and accuracy that the newest evaluations have."""
    newest = [view.curves.evaluations[-1].metrics for view in state.arms.values() if view.curves.evaluations]
    return [name for name, metric in METRICS.items() if metric.headline and any(name in values for values in newest)]


def _metric(name: str, state: UiState) -> Content:
    """A row with a metric at the newest evaluation of each arm."""
    known, cells = METRICS[name], []
    for arm in ARMS:
        evaluations = state.arms[arm].curves.evaluations if arm in state.arms else []
        value = evaluations[-1].metrics.get(name) if evaluations else None
        cells.append(MISSING if value is None else known.text(value))
    return row((known.title(name), LABEL, "$muted"), *((cell, -COLUMN, "bold") for cell in cells))


def _name(arm: Arm, is_current: bool) -> tuple[str, tuple[str, str]]:
    return " " * (COLUMN - len(arm)), (arm, f"bold {'underline ' if is_current else ''}{ARM_STYLES[arm]}")


def _difference(best: Scored, other: Scored, *, both: bool) -> tuple[str, str]:
    """By how many points the first one is better, with an interval of 95 %, and what that means in words."""
    if best is None or other is None:
        return "" if best is other else MISSING if both else "m trains the other arm", ""
    of, of_other = max(best.images, 1), max(other.images, 1)
    low, high = difference(round(best.accuracy * of), of, round(other.accuracy * of_other), of_other)
    between = f"{_points(best.accuracy - other.accuracy)} ({_points(low)} to {_points(high)})"
    return between, "may be chance" if low <= 0 <= high else "beyond chance"


def _points(share: float) -> str:
    return f"{share * 100:+.{0 if abs(share) >= 0.9995 else 1}f}"


def _figures(view: ArmView | None, enough: float) -> tuple[str, ...]:
    """The cells of an arm, in the order of `ROWS`; `enough` is the accuracy that both are to reach."""
    if view is None:
        return (MISSING,) * len(ROWS)
    curves = view.curves
    scores, history, then = curves.evaluations, curves.history, curves.reached(enough)
    return (
        percent(next((score.accuracy for score in scores if score.step == view.steps_per_epoch), None)),
        percent(scores[-1].accuracy if scores else None),
        percent(view.best.accuracy if view.best else None),
        _seconds(curves.seconds_at(then.step) if then else None),
        f"{then.step / view.steps_per_epoch:.3g}" if then else MISSING,
        f"{len(history)} of {view.epochs}",
        _seconds(history[-1].seconds if history else None),
    )


def _seconds(seconds: float | None) -> str:
    return MISSING if seconds is None else f"{seconds:,.{1 if seconds < 99.95 else 0}f} s"
