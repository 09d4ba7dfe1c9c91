"""Which lines of a run are drawn: accuracy and loss of both arms, and the learning rates of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engine.figures.branch import Branch
from engine.figures.series import Series
from engine.protocol import Arm
from engine.report.facts import ArmFacts, RunFacts
from engine.report.svg import Line, Mark, Plot, Point, draw
from engine.report.text import percent

COLOURS = 6  # of groups in the style sheet


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot with its legend."""

    title: str
    svg: Markup
    legend: Sequence[tuple[str, str]]
    "style and name of each line that needs one"


def charts(facts: RunFacts, key: str) -> list[Chart]:
    """The plots of a run, the most important ones first; `key` is unique in the page."""
    lanes = [marks for arm in facts.arms if (marks := _marks(facts, arm))]
    accuracy = [line for arm in facts.arms.values() for line in _scores(arm, "accuracy")]
    loss = [line for arm in facts.arms.values() for line in _scores(arm, "loss")]
    legend, about, last = _score_legend(facts), _about(facts), _last(facts)
    found = [
        _chart(
            Plot("Accuracy", f"Accuracy over epochs. {about}", accuracy, lanes, _share, epochs=last, highest=1.0),
            key,
            legend,
        ),
        _chart(Plot("Loss", f"Cross entropy over epochs. {about}", loss, lanes, _plain, epochs=last), key, legend),
    ]
    for arm in facts.arms.values():
        lines, names = _rates(arm)
        title = f"Learning rates, {arm.arm}"
        text = (
            f"The learning rate of each parameter group of the {arm.arm} arm over epochs, on a logarithmic axis; very "
            "small rates are below it."
        )
        lane = _marks(facts, arm.arm)
        plot = Plot(title, text, lines, [lane] if lane else [], _plain, logarithmic=True, epochs=last)
        found.append(_chart(plot, key, names))
    return found


def _chart(plot: Plot, key: str, legend: Sequence[tuple[str, str]]) -> Chart:
    name = "".join(letter for letter in plot.title.lower() if letter.isalpha())
    return Chart(plot.title, draw(plot, f"{key}-{name}"), legend)


def _scores(facts: ArmFacts, what: str) -> Iterator[Line]:
    """Lines of an arm's accuracy or loss: the branches that were left, training, and what was scored."""
    view = facts.view
    for number, branch in view.past.items():
        yield _scored(facts, branch, what, f"{facts.arm} left", f"{facts.arm}, branch {number}, which was left")
    trained = [(row.step / _epoch(facts), getattr(row, f"train_{what}")) for row in view.curves.history]
    yield Line(f"{facts.arm}, training pictures", trained, f"{facts.arm} train")
    yield _scored(facts, view.curves, what, f"{facts.arm} scored", f"{facts.arm}, pictures that were scored")


def _scored(facts: ArmFacts, branch: Branch, what: str, style: str, name: str) -> Line:
    points: list[Point] = [(row.step / _epoch(facts), getattr(row, what)) for row in branch.evaluations]
    return Line(name, points, style, dots=True)


def _rates(facts: ArmFacts) -> tuple[list[Line], list[tuple[str, str]]]:
    """Lines of an arm's rates, and the legend. Groups whose rates are always the same share a line."""
    shared: dict[tuple[Point, ...], list[str]] = {}
    for name, series in facts.view.curves.rates.items():
        shared.setdefault(tuple(_points(facts, series)), []).append(name)
    styles = {name: f"g{number % COLOURS}" for number, names in enumerate(shared.values()) for name in names}
    lines = [
        Line(f"{name}, branch {number}, which was left", _points(facts, series), f"{styles.get(name, 'g0')} left")
        for number, branch in facts.view.past.items()
        for name, series in branch.rates.items()
    ]
    lines += [Line(", ".join(names), points, styles[names[0]]) for points, names in shared.items()]
    return lines, [(styles[names[0]], ", ".join(names)) for names in shared.values()]


def _points(facts: ArmFacts, series: Series) -> list[Point]:
    steps, values = series.points()
    return [(step / _epoch(facts), value) for step, value in zip(steps, values, strict=True)]


def _epoch(facts: ArmFacts) -> int:
    """Steps of an epoch."""
    return max(facts.view.steps_per_epoch, 1)


def _last(facts: RunFacts) -> float:
    """Where all plots of a run end: the last epoch of both arms and all branches, begun ones included."""
    branches = [(arm, branch) for arm in facts.arms.values() for branch in (arm.view.curves, *arm.view.past.values())]
    ends = [branch.last_step / _epoch(arm) for arm, branch in branches]
    return max([*ends, *(deed.epoch for deed in facts.deeds)], default=1.0)


def _marks(facts: RunFacts, arm: Arm) -> list[Mark]:
    """The marks of what was done to an arm, numbered as in the table."""
    return [Mark(deed.epoch, number, deed.what, arm) for number, deed in enumerate(facts.deeds, 1) if deed.arm == arm]


def _score_legend(facts: RunFacts) -> list[tuple[str, str]]:
    """What the lines of accuracy and loss are."""
    names = [(f"{arm} scored", f"{arm}, {_part(facts)} pictures") for arm in facts.arms]
    names += [(f"{arm} train", f"{arm}, training pictures") for arm in facts.arms]
    left: Mapping[Arm, ArmFacts] = {arm: one for arm, one in facts.arms.items() if one.view.past}
    return names + [(f"{arm} left", f"{arm}, left by a rewind") for arm in left]


def _part(facts: RunFacts) -> str:
    return "validation" if facts.run is not None and facts.run.val_images else "test"


def _about(facts: RunFacts) -> str:
    """The ends of the curves, in words."""
    ends = [
        f"{arm} ends at {percent(one.newest.accuracy)} of the {_part(facts)} pictures"
        for arm, one in facts.arms.items()
        if one.newest is not None
    ]
    return "; ".join(ends) + "." if ends else "Nothing was scored yet."


def _share(value: float) -> str:
    return f"{value * 100:.3g} %"


def _plain(value: float) -> str:
    return f"{value:.3g}"
