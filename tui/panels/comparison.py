"""Both arms side by side, as in the lesson's table, while they are trained; where there is room, the best is large."""

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.renderables.digits import Digits

from engine.figures.arm import ArmView
from engine.metrics import METRICS
from engine.metrics.interval import difference
from engine.protocol import ARMS, Arm, AverageScored, EvalDone
from tui.format import MISSING, percent
from tui.panels.panel import Panel, lines, row
from tui.state import UiState
from tui.theme import ARM_STYLES

LABEL, COLUMN = 13, 12
Scored = EvalDone | AverageScored | None
MANY, ALL = 8, 12  # rows that it asks for where the terminal is high, and where it has at least so many rows:
HIGH = 45
LARGE = 3  # rows of large digits
ENOUGH = 0.9  # of an arm's best accuracy
LATER = ("time to 90 %", "90 % at epoch", "epochs", "time")
"rows below the difference: seconds until 90 % of the best accuracy of both, and so on"
INTERVAL = " (95 % CI)"
SURE, UNSURE = f"significant{INTERVAL}", f"may be chance{INTERVAL}"


class Comparison(Panel):
    """Best accuracy, the difference with its interval, now, after the first epoch, the time to 90 % of the best."""

    def wanted_rows(self, state: UiState) -> int:
        """Its most important lines, if that leaves enough room for the plots."""
        further, rows = len(_further(state)), ALL if self.app.size.height >= HIGH else MANY
        return rows + further if self.roomy else 0

    def text(self, state: UiState, now: float) -> Content:
        """Titles and rows, the most important ones first. The title says whether the difference may be chance."""
        bests = [view.best if (view := state.arms.get(arm)) is not None else None for arm in ARMS]
        between, word = _difference(*bests, both=len(state.arms) == len(ARMS) or bool(state.locked))
        self._entitle(state, word)
        cells = [_cells(state.arms.get(arm), bests) for arm in ARMS]
        own = {label: [column[label] for column in cells] for label in cells[0]}
        rows = {label: _row(label, values) for label, values in own.items()}
        rows["difference"] = row(
            ("diff., points" if word else "difference", LABEL, "$muted"),
            (between, -2 * COLUMN, "bold" if word else "$muted"),
        )
        large = self.roomy
        top = (
            ("in epoch", "difference", "now", "after epoch 1")
            if large
            else ("after epoch 1", "now", "best", "difference")
        )
        return lines(
            _titles(state, bests),
            *(_large(bests, ascii=self.host.looks.ascii) if large else ()),
            *(rows[label] for label in (*top, *LATER)),
            *(_metric(name, state) for name in _further(state)),
        )

    def _entitle(self, state: UiState, word: str) -> None:
        """The name on the frame; as there is room, which accuracies they are, and what the difference means."""
        name, told = f"comparison ({state.part} accuracy)", f"difference {word}"
        short = word.removesuffix(INTERVAL)
        titles = (f"{name}: {told}", *(f"comparison: {said}" for said in (told, word, short))) if word else (name,)
        room = self.size.width - 4  # the digit, and a corner
        self.title(next((title for title in titles if len(title) <= room), "comparison"))


def _titles(state: UiState, bests: list[Scored]) -> Content:
    tested = max((best.images for best in bests if best is not None), default=0)
    return row((f"{tested:,} tested" if tested else "", LABEL, "$muted")) + Content.assemble(
        *(part for arm in ARMS for part in _arm_name(arm, arm == state.arm))
    )


def _row(label: str, values: list[str]) -> Content:
    return row((label, LABEL, "$muted"), *((value, -COLUMN, "bold") for value in values))


def _large(bests: list[Scored], *, ascii: bool) -> list[Content]:
    """The best accuracies in digits of three rows, without the sign: the label has it. In ASCII they are small."""
    columns = [_digits(best, large=not ascii) for best in bests]
    return [
        row(
            ("best, %" if number == 1 else "", LABEL, "$muted"),
            *((column[number], -COLUMN, f"bold {ARM_STYLES[arm]}") for arm, column in zip(ARMS, columns, strict=True)),
        )
        for number in range(LARGE)
    ]


def _digits(best: Scored, *, large: bool) -> list[str]:
    if best is None:
        return ["", MISSING, ""]
    figure = "100" if best.accuracy >= 0.9995 else f"{best.accuracy * 100:.1f}"
    if not large:
        return ["", figure, ""]
    drawn = Digits(figure).render(Style(bold=True))
    return "".join(piece.text for piece in drawn if isinstance(piece, Segment)).splitlines()[:LARGE]


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
    return _row(known.title(name), cells)


def _arm_name(arm: Arm, is_current: bool) -> tuple[str, tuple[str, str]]:
    return " " * (COLUMN - len(arm)), (arm, f"bold {'underline ' if is_current else ''}{ARM_STYLES[arm]}")


def _difference(best: Scored, other: Scored, *, both: bool) -> tuple[str, str]:
    """By how many points the first one is better, with an interval of 95 %, and what that means in words."""
    if best is None or other is None:
        return "" if best is other else MISSING if both else "m trains the other arm", ""
    of, of_other = max(best.images, 1), max(other.images, 1)
    low, high = difference(round(best.accuracy * of), of, round(other.accuracy * of_other), of_other)
    between = f"{_points(best.accuracy - other.accuracy)} ({_points(low)} to {_points(high)})"
    return between, UNSURE if low <= 0 <= high else SURE


def _points(share: float) -> str:
    return f"{share * 100:+.{0 if abs(share) >= 0.9995 else 1}f}"


def _cells(view: ArmView | None, bests: list[Scored]) -> dict[str, str]:
    """The figures of an arm, by the label of their row."""
    labels = ("after epoch 1", "now", "best", "in epoch", *LATER)
    if view is None:
        return dict.fromkeys(labels, MISSING)
    enough = ENOUGH * max((best.accuracy for best in bests if best is not None), default=0.0)
    curves = view.curves
    scores, history, then = curves.evaluations, curves.history, curves.reached(enough)
    figures = (
        percent(next((score.accuracy for score in scores if score.step == view.steps_per_epoch), None)),
        percent(scores[-1].accuracy if scores else None),
        percent(view.best.accuracy if view.best else None),
        str(view.best.epoch) if view.best else MISSING,
        _seconds(curves.seconds_at(then.step) if then else None),
        f"{then.step / view.steps_per_epoch:.3g}" if then else MISSING,
        f"{len(history)} of {view.epochs}",
        _seconds(history[-1].seconds if history else None),
    )
    return dict(zip(labels, figures, strict=True))


def _seconds(seconds: float | None) -> str:
    return MISSING if seconds is None else f"{seconds:,.{1 if seconds < 99.95 else 0}f} s"
