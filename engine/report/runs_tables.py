"""The comparison of runs as tables of text, for a terminal and for a pipe: nothing is cut."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.figures.best import Score
from engine.protocol.printable import printable
from engine.report.facts import ArmFacts
from engine.report.runs_compared import Against, Compared, RunsCompared
from engine.report.text import MISSING, points

GAP = "  "


@dataclass(frozen=True, slots=True)
class Table:
    """A table; a row that belongs to a run begins with the letter of that."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[str] = frozenset()
    "the columns, by their headers, whose cells are aligned to the right"

    def lines(self) -> Iterator[str]:
        """The header and the rows, with aligned columns."""
        rows = [self.header, *(tuple(map(printable, row)) for row in self.rows)]
        widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [
                " " * (width - _width(text)) + text if name in self.right else text + " " * (width - _width(text))
                for name, text, width in zip(self.header, row, widths, strict=True)
            ]
            yield GAP.join(cells).rstrip()


def tables(compared: RunsCompared) -> list[Table]:
    """What the runs are and came to; the notes belong below."""
    return [_runs(compared.runs), _results(compared.runs), *_differences(compared)]


def _runs(runs: Sequence[Compared]) -> Table:
    rows = []
    for run in runs:
        facts = run.facts
        counts = " / ".join(f"{count:,}" for count in facts.parts.values()) or MISSING
        state = f"{facts.status.state}, live" if facts.status.live else facts.status.state
        rows.append((run.letter, facts.name, facts.status.model or MISSING, counts, state, f"{run.by_hand}"))
    header = ("", "run", "model", "train / val / test", "state", "by hand")
    return Table("runs", header, tuple(rows), frozenset({"train / val / test", "by hand"}))


def _results(runs: Sequence[Compared]) -> Table:
    header = ("", "arm", "best (epoch)", "on", "test", "last (epoch)", "epochs", "time")
    rows = tuple((run.letter, *_result(arm)) for run in runs for arm in run.arms)
    return Table("accuracy", header, rows, frozenset(header[2:]) - {"on"})


def _result(arm: ArmFacts) -> tuple[str, ...]:
    best, last = arm.best, arm.newest
    part = best.chosen.part if best is not None else last.part if last is not None else MISSING
    epoch = arm.view.curves.evaluations[-1].epoch if last is not None else 0
    return (
        arm.arm,
        _scored(best.chosen if best is not None else None, best.epoch if best is not None else 0),
        part,
        f"{best.tested.accuracy:.1%}" if best is not None and best.tested is not None else MISSING,
        _scored(last, epoch),
        f"{len(arm.view.curves.history)}/{arm.view.epochs}",
        _duration(arm.seconds),
    )


def _scored(score: Score | None, epoch: int) -> str:
    return MISSING if score is None else f"{score.accuracy:.1%} ({epoch})"


def _duration(seconds: float | None) -> str:
    """On a clock, which is aligned: `0:07`, `12:34`, `3:04:05`."""
    if seconds is None:
        return MISSING
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _differences(compared: RunsCompared) -> Iterator[Table]:
    if compared.base is None or not compared.against:
        return
    base, arm = compared.base
    header = ("", "arm", "points", "95 % interval", "verdict", "on")
    rows = tuple((one.run.letter, one.arm, *_difference(one)) for one in compared.against)
    yield Table(f"difference from {base.letter} {arm}, best accuracy", header, rows, frozenset({"points"}))


def _difference(one: Against) -> tuple[str, ...]:
    found = one.difference
    if found is None:
        return MISSING, MISSING, "cannot be compared", MISSING
    word = "may be chance" if found.may_be_chance else "more than chance"
    sizes = dict.fromkeys(f"{score.images:,}" for score in (found.first, found.second))
    doubt = "" if one.same_pictures else ", same?" if one.same_pictures is None else ", others"
    on = f"{' and '.join(sizes)} {found.part}{doubt}"
    return points(found.by), f"{points(found.low)} to {points(found.high)}", word, on


def settings_table(compared: RunsCompared) -> Table:
    """In which settings the runs differ."""
    header = ("setting", *(run.letter for run in compared.runs))
    rows = tuple((one.key, *one.values) for one in compared.settings)
    known = all(run.facts.config is not None for run in compared.runs)
    same = "settings: all are the same" if known else "settings: no difference is known"
    title = "settings that differ" if rows else same
    return Table(title, header, rows)


def _width(text: str) -> int:
    """Columns of a terminal that a text takes; letters of East Asia take two (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
