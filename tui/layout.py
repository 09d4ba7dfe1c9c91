"""Which panes are shown in a terminal of some size, and where. Loads no Textual."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

GUTTER = 1  # cells between panes beside each other
WIDE = 160  # columns from which panes lie in three columns


class Place(NamedTuple):
    """Where a pane lies, in cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Want:
    """The room that a pane wants, in cells, without its frame."""

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


Bands = tuple[tuple[str, ...], ...]

# Panes that lie side by side, from the top. Those that are too wide together lie below each other.
NORMAL: Bands = (
    ("loss", "accuracy"),
    ("lr", "gradient"),
    ("mistakes",),
    ("progress", "comparison"),
    ("rates", "system"),
    ("log",),
)
WIDER: Bands = (
    ("loss", "accuracy", "mistakes"),
    ("lr", "gradient", "log"),
    ("progress", "comparison", "rates", "system"),
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
    known = {want.name: want for want in wants}
    presses = {name: number for number, (name, on) in enumerate(chosen.items(), 1) if on}
    ranked = sorted(wants, key=lambda want: (-presses.get(want.name, 0), want.rank))
    shown: set[str] = set()
    bands: list[list[Want]] = []
    for want in ranked:
        if chosen.get(want.name, True):
            trial = _bands(width, known, shown | {want.name})
            # A pane that comes later takes no row from those that are shown already.
            needed = sum(max(w.least if w is want else max(w.least, w.rows) for w in band) + frame for band in trial)
            if not shown or needed <= height:
                shown, bands = shown | {want.name}, trial
    return _places(width, bands, _heights(height, bands, frame))


def _bands(width: int, known: Mapping[str, Want], shown: Collection[str]) -> list[list[Want]]:
    """The shown panes, in bands that fit the width."""
    bands: list[list[Want]] = []
    for names in WIDER if width >= WIDE else NORMAL:
        band: list[Want] = []
        for name in names:
            if name not in shown or name not in known:
                continue
            want = known[name]
            widest = max((other.width for other in band), default=0)
            if band and (max(widest, want.width) + GUTTER) * (len(band) + 1) - GUTTER > width:
                bands.append(band)
                band = []
            band.append(want)
        if band:
            bands.append(band)
    return bands


def _heights(height: int, bands: list[list[Want]], frame: int) -> list[int]:
    """Rows of each band: first the fewest it needs, then what its text needs, then its part of the rest."""
    heights = [max(want.least for want in band) + frame for band in bands]
    left = height - sum(heights)
    for place, band in enumerate(bands):
        more = min(max(max(want.rows for want in band) + frame - heights[place], 0), max(left, 0))
        heights[place] += more
        left -= more
    weights = [max(want.weight for want in band) for band in bands]
    if left > 0 and sum(weights) == 0 and bands:
        weights[-1] = 1
    shares = [left * sum(weights[:number]) // max(sum(weights), 1) for number in range(len(bands) + 1)]
    return [min(own + after - before, height) for own, (before, after) in zip(heights, pairwise(shares), strict=True)]


def _places(width: int, bands: list[list[Want]], heights: list[int]) -> dict[str, Place]:
    places: dict[str, Place] = {}
    y = 0
    for band, rows in zip(bands, heights, strict=True):
        edges = [number * (width + GUTTER) // len(band) for number in range(len(band) + 1)]
        for want, (left, right) in zip(band, pairwise(edges), strict=True):
            places[want.name] = Place(left, y, right - GUTTER - left, rows)
        y += rows
    return places
