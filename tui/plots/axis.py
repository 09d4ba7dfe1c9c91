"""Axes of the plots: round limits, which seldom change while values arrive, and the numbers beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tui.format import rate

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


def along(last: float, most: int) -> Axis:
    """From 0 to `last`, with whole numbers."""
    ticks = [tick for tick in _ticks(0, last, most) if tick.is_integer() and tick <= last]
    return Axis(0, last, tuple((tick, f"{tick:,.0f}") for tick in ticks))


def linear(values: Sequence[float], most: int, *, span: float | None, share: bool) -> Axis:
    """An axis around values of 0 or more, with about `most` ticks. It spans at least `span`; `None`: it begins at 0.

    With `share`, values are shares shown in per cent; if any is above a half, the axis reaches up to 100 %.
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    if share and high > 0.5:
        high = max(high, 1.0)
    low = 0.0 if span is None else max(min(low, high - span), 0.0)
    high = max(high, low + span) if span is not None else high or 1.0
    ticks = _ticks(low, high, most)
    return Axis(ticks[0], ticks[-1], tuple((tick, _name(tick, share)) for tick in ticks))


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


def _name(value: float, share: bool) -> str:
    return f"{value * 100:g}%" if share else number(value)


def _powers(low: float, high: float) -> tuple[int, int]:
    return math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `most` of them."""
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]
