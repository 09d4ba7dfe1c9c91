"""Which panes are shown in a terminal of some size, and where. Loads no Textual."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import NamedTuple

GUTTER = 1  # cells between columns
NARROW, WIDE = 110, 160  # columns below which `NARROWER` holds, from which `WIDER` holds
BARS = 3  # rows of the terminal above and below the panes: first line, message, keys
TALL = 34  # rows of a terminal from which the main panes have half of it
MAIN = 20  # rows of the main panes; more only where nothing else can use them


class Place(NamedTuple):
    """Where a pane lies, in cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Want:
    """The room that a pane wants, in cells; rows without its frame, columns with it."""

    name: str
    rank: int
    "panes with smaller ranks are shown first"
    width: int
    "the pane is of no use below it"
    least: int
    "fewest rows of any use"
    rows: int = 0
    "rows of its text; 0: it uses what it gets"
    weight: int = 0
    "its part of the rows that are left over, relative to others"
    most: int = 0
    "columns of its text; 0: it uses what it gets"
    stretch: int = 1
    "its part of the columns that are left over, relative to others"
    main: bool = False
    "these panes have half of the terminal's rows, or `MAIN`, where that leaves the others what they need"


Column = tuple[str, ...]
"names of panes below each other"
Bands = tuple[tuple[Column, ...], ...]

# Columns that lie side by side, from the top. Those that are too wide together lie below each other.
NARROWER: Bands = (
    (("accuracy",), ("loss",)),
    (("lr",), ("gradient",)),
    (("mistakes",),),
    (("progress",), ("comparison",)),
    (("rates",), ("system",)),
    (("log",),),
)
NORMAL: Bands = (
    (("accuracy",), ("loss",)),
    (("lr",), ("gradient",)),
    (("progress", "rates"), ("comparison", "system"), ("mistakes", "log")),
)
WIDER: Bands = (
    (("accuracy",), ("loss",), ("mistakes",)),
    (("lr",), ("gradient",)),
    (("progress",), ("comparison",), ("rates", "system"), ("log",)),
)


def arrange(
    width: int,
    height: int,
    wants: Sequence[Want],
    *,
    frame: int,
    chosen: Mapping[str, bool] | None = None,
    zoomed: str = "",
) -> dict[str, Place]:
    """The places of the panes that there is room for, in reading order; `frame`: rows of a pane's frame.

    `chosen` has the panes that the user has switched on (True) or off, in the order of the keys pressed. Those that are
    on come before all others, the last one first. A pane that is `zoomed` is alone.
    """
    if zoomed:
        return {zoomed: Place(0, 0, width, height)}
    chosen = chosen or {}
    if any(chosen.values()):  # then nothing else comes first
        wants = [replace(want, main=False) for want in wants]
    known = {want.name: want for want in wants}
    presses = {name: number for number, (name, on) in enumerate(chosen.items(), 1) if on}
    ranked = sorted(wants, key=lambda want: (-presses.get(want.name, 0), want.rank))
    shown: set[str] = set()
    bands: list[_Band] = []
    for want in ranked:
        if chosen.get(want.name, True):
            trial = _bands(width, known, shown | {want.name})
            # A pane that comes later takes no row from those that are shown already.
            needed = sum(band.needed(frame, new=want.name) for band in trial)
            if not shown or needed + _lacking(trial, height, frame) <= height:
                shown, bands = shown | {want.name}, trial
    return _places(width, bands, _heights(height, bands, frame), frame)


@dataclass(frozen=True, slots=True)
class _Band:
    """Columns of panes side by side."""

    columns: list[list[Want]]

    def least(self, frame: int) -> int:
        """Rows below which a pane is of no use."""
        return max(sum(want.least + frame for want in column) for column in self.columns)

    def needed(self, frame: int, new: str = "") -> int:
        """Rows for all text; a pane that is `new` has the fewest that are of use."""
        return max(
            sum((want.least if want.name == new else max(want.least, want.rows)) + frame for want in column)
            for column in self.columns
        )

    @property
    def weight(self) -> int:
        return max(want.weight for column in self.columns for want in column)

    @property
    def main(self) -> bool:
        return any(want.main for column in self.columns for want in column)

    def widths(self, width: int) -> list[int]:
        """Columns with nothing but text get what their text takes, if there is room, the others share the rest."""
        widths = [max(want.width for want in column) for column in self.columns]
        left = width - sum(widths) - GUTTER * (len(widths) - 1)
        most = [
            max(want.most for want in column) if all(want.most for want in column) else 0 for column in self.columns
        ]
        capped = [number for number, cap in enumerate(most) if cap]
        for place, number in enumerate(capped):
            # Equal parts of what is left, so that no column starves another one.
            more = min(max(most[number] - widths[number], 0), max(left, 0) // (len(capped) - place))
            widths[number] += more
            left -= more
        stretch = [
            0 if cap else max(want.stretch for want in column) for cap, column in zip(most, self.columns, strict=True)
        ]
        return [own + more for own, more in zip(widths, _shares(left, stretch), strict=True)]


def _shares(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts of an amount in proportion to the weights; equal ones if all weights are 0."""
    weights = weights if any(weights) else [1] * len(weights)
    ends = [amount * end // sum(weights) for end in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(ends)]


def _bands(width: int, known: Mapping[str, Want], shown: Collection[str]) -> list[_Band]:
    """The shown panes, in bands that fit the width."""
    bands: list[_Band] = []
    for columns in NARROWER if width < NARROW else NORMAL if width < WIDE else WIDER:
        band: list[list[Want]] = []
        for names in columns:
            column = [known[name] for name in names if name in shown and name in known]
            if not column:
                continue
            widths = [max(want.width for want in other) for other in (*band, column)]
            if band and sum(widths) + GUTTER * len(band) > width:
                bands.append(_Band(band))
                band = []
            band.append(column)
        if band:
            bands.append(_Band(band))
    return bands


def _lacking(bands: Sequence[_Band], height: int, frame: int) -> int:
    """Rows that the first band with main panes needs beyond its least ones, to have half of the terminal."""
    least = next((band.least(frame) for band in bands if band.main), None)
    if least is None or len(bands) == 1 or height + BARS < TALL:
        return 0
    return max(min((height + BARS) // 2, MAIN) - least, 0)


def _heights(height: int, bands: list[_Band], frame: int) -> list[int]:
    """Rows of each band: the fewest it needs; half of the terminal for the main one; its text; a part of the rest."""
    heights = [band.least(frame) for band in bands]
    left = max(height - sum(heights), 0)
    main = next((number for number, band in enumerate(bands) if band.main), None)
    for number in sorted(range(len(bands)), key=lambda number: number != main):
        wanted = _lacking(bands, height, frame) if number == main else bands[number].needed(frame) - heights[number]
        more = min(max(wanted, 0), left)
        heights[number] += more
        left -= more
    weights = [band.weight for band in bands]
    if bands and not any(weights):
        weights[-1] = 1
    return [min(own + more, height) for own, more in zip(heights, _shares(left, weights) if bands else (), strict=True)]


def _places(width: int, bands: list[_Band], heights: list[int], frame: int) -> dict[str, Place]:
    places: dict[str, Place] = {}
    top = 0
    for band, rows in zip(bands, heights, strict=True):
        x = 0
        for column, cells in zip(band.columns, band.widths(width), strict=True):
            y = top
            for want, own in zip(column, _heights(rows, [_Band([[want]]) for want in column], frame), strict=True):
                places[want.name] = Place(x, y, min(cells, width), own)
                y += own
            x += cells + GUTTER
        top += rows
    return places
