"""Axes of the plots: round limits, which seldom change while values arrive, and the numbers beside them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.format import rate

ROOM = 1.05  # of what is trained so far, that the x axis has at least
ENDS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15)  # of the x axis, times a power of ten
FAR = 3  # times the distance from the lowest value to nearly all others, beyond which a value lies far above
NEARLY_ALL = 0.9
MOST_NUMBERS = 5  # beside the y axis
FINE = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # distances of these numbers, times a power of ten
DECADES = 4  # most that a log axis spans: a rate that falls to 0 would take all the room


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`. `ticks` are values and their names."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies: 0 is `low`, 1 is `high`. A value outside is drawn at the edge."""
        low, high, value = (math.log10(v) if self.log else v for v in (self.low, self.high, max(value, self.low)))
        return min((value - low) / (high - low), 1.0)

    def share(self, value: float) -> float:
        """Where a value lies on a linear axis: 0 is `low`, 1 is `high`; others lie outside."""
        return (value - self.low) / (self.high - self.low)

    def above(self, value: float) -> bool:
        """Whether a value lies beyond the upper end."""
        return value > self.high * (1 + 1e-9)


def along(first: float, last: float, most: int) -> Axis:
    """From `first` to `last`, with about `most` round numbers, whole ones where there are several."""
    ticks = [tick for tick in _ticks(first, last, most) if first <= tick <= last]
    whole = [tick for tick in ticks if tick.is_integer()]
    ticks = whole if len(whole) > 2 else ticks
    return Axis(first, last, tuple((tick, f"{tick:,.10g}") for tick in ticks))


def a_little_more(value: float) -> float:
    """A round number a little above a positive value; it grows in steps, so that the axis seldom changes."""
    power = 10.0 ** math.floor(math.log10(value * ROOM))
    return next(power * factor for factor in ENDS if power * factor >= value * ROOM)


def linear(values: Sequence[float], rows: int, *, span: float | None, share: bool) -> Axis:
    """An axis around values of 0 or more over `rows` rows, with three to five numbers, each exactly on a row.

    It spans at least `span`; `None`: it begins at 0. A few values far above all others do not count. With `share`,
    values are shares shown in per cent; if any is above a half, the axis reaches up to 100 %.
    """
    low, high = min(values, default=0.0), _highest(values)
    full = share and high > 0.5
    if full:
        high = max(high, 1.0)
    low = 0.0 if span is None else max(min(low, high - span), 0.0)
    high = max(high, low + span) if span is not None else high or 1.0
    gaps = max(rows - 1, 1)
    apart = math.ceil(gaps / (MOST_NUMBERS - 1))  # rows from one number to the next
    steps = _steps((high - low) * apart / gaps, FINE)
    step = next(step for step in steps if _fits(low, high, step * gaps / apart, step))
    if full:  # the numbers count from the top
        low = round(high - step * gaps / apart, 12)
        ticks = [round(high - step * number, 12) for number in range(gaps // apart + 1)][::-1]
    else:
        low = round(math.floor(low / step + 1e-9) * step, 12)
        high = round(low + step * gaps / apart, 12)
        ticks = [round(low + step * number, 12) for number in range(gaps // apart + 1)]
    return Axis(low, high, tuple((tick, _name(tick, share)) for tick in ticks if tick >= 0))


def logarithmic(values: Sequence[float], most: int, *, share: bool) -> Axis | None:
    """An axis around the values above 0, with about `most` ticks; `None` where there are no such values."""
    above = [value for value in values if value > 0]
    if not above:
        return None
    high = max(above)
    low = max(min(above), high / 10**DECADES)
    nice = [mantissa * 10.0**power for power in range(*_powers(low, high)) for mantissa in (1, 2, 5)]
    first = max(place for place, value in enumerate(nice) if value <= low * 1.001)
    last = min(place for place, value in enumerate(nice) if value >= high * 0.999)
    if first == last:
        first, last = first - 1, last + 1
    inside = nice[first : last + 1]
    tens = [value for value in inside if math.log10(value) % 1 < 1e-9]
    ticks = inside if len(inside) <= most or len(tens) < 2 else tens
    ticks = ticks[:: math.ceil(len(ticks) / most)]
    return Axis(inside[0], inside[-1], tuple((tick, _name(tick, share)) for tick in ticks), log=True)


def number(value: float) -> str:
    """A number in a few characters: `0.5`, `20`, `1e-4`."""
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else rate(value)


def _highest(values: Sequence[float]) -> float:
    """The highest value that is not far above nearly all others."""
    ordered = sorted(values)
    if not ordered:
        return 1.0
    low, usual = ordered[0], ordered[math.ceil(NEARLY_ALL * (len(ordered) - 1))]
    limit = low + FAR * (usual - low)
    return max(value for value in ordered if value <= limit or value <= usual)


def _name(value: float, share: bool) -> str:
    return f"{value * 100:g}%" if share else number(value)


def _powers(low: float, high: float) -> tuple[int, int]:
    return math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `most` of them."""
    step = next(_steps((high - low) / max(most - 1, 1)))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _steps(least: float, factors: Sequence[float] = (1, 2, 5)) -> Iterator[float]:
    """Round distances, from the first one that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    while True:
        yield from (power * factor for factor in factors if power * factor >= least * 0.999)
        power *= 10


def _fits(low: float, high: float, length: float, step: float) -> bool:
    """Whether an axis of a length contains all from `low` to `high` if it begins at a multiple of `step`."""
    return math.floor(low / step + 1e-9) * step + length >= high - 1e-9
