"""Numbers as short texts, whose widths seldom change."""

import math
from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

from engine.protocol.ages import age
from engine.protocol.printable import printable

MISSING = "–"
NOT_AVAILABLE = "n/a"
_HEIGHTS = "▁▂▃▄▅▆▇"  # a whole cell would touch the line above
_EIGHTHS = " ▏▎▍▌▋▊▉"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 0..1 as per cent: `95.3 %`; a dash where there is none yet."""
    return MISSING if share is None else f"{share * 100:.{digits}f} %"


def clock(seconds: float | None) -> str:
    """A duration as on a clock: `0:07`, `12:34`, `3:04:05`; a dash where it is not known."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(seconds: float) -> str:
    """How long ago, changing rarely: `just now`, `20 s ago`, `3 min ago`."""
    if seconds < 10:
        return "just now"
    return f"{age(seconds // 10 * 10 if seconds < 60 else seconds)} ago"


def elapsed(seconds: float) -> str:
    """How long something has taken so far: `3 s`, `1:05`; empty within the first second."""
    return "" if seconds < 1 else f"{int(seconds)} s" if seconds < 60 else clock(int(seconds))


def coarse(seconds: float) -> float:
    """A time that is left, rounded: the longer it is, the less exactly it can be known."""
    unit = 1 if seconds < 60 else 5 if seconds < 600 else 60
    return round(seconds / unit) * unit if math.isfinite(seconds) else seconds


def count(number: int) -> str:
    """A count in three digits: `512`, `2.05 k`, `341 k`, `11.2 M`."""
    value = float(number)
    for unit in ("", " k", " M", " G"):
        if value < 999.5 or unit == " G":
            digits = 0 if not unit or value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{digits}f}{unit}"
        value /= 1000
    raise AssertionError("the last unit returns")


def rate(value: float) -> str:
    """A learning rate: `5e-5`, `1.25e-3`, `0.05`, `2`, `100`, `0`."""
    if value == 0:
        return "0"
    if 0.01 <= value < 99_999:
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def gibibytes(size: int | None) -> str:
    """Memory in GiB without its unit: `3.1`, `80`."""
    if size is None:
        return NOT_AVAILABLE
    value = size / 2**30
    return f"{value:.1f}" if value < 99.5 else f"{value:.0f}"


def mebibytes(size: float) -> str:
    """An amount in MiB without its unit: `0.3`, `44.7`, `1,234`."""
    value = size / 2**20
    return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def speed(per_second: float) -> str:
    """A throughput in three digits: `9.43`, `31.2`, `312`, `12,300`."""
    if per_second <= 0 or not math.isfinite(per_second):
        return "0"
    digits = 2 - math.floor(math.log10(per_second))
    return f"{round(per_second, digits):,.{min(max(digits, 0), 2)}f}"


def bar(share: float, width: int) -> tuple[str, str]:
    """The filled and the empty part of a bar of `width` cells, to an eighth of a cell."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, part = divmod(eighths, 8)
    filled = "█" * whole + (_EIGHTHS[part] if part else "")
    return filled, " " * (width - len(filled))


def sparkline(values: Sequence[float], width: int) -> str:
    """The course of some values in at most `width` cells, between the least and the largest of them."""
    if not values:
        return ""
    count = min(len(values), width)
    kept = [values[(number + 1) * len(values) // count - 1] for number in range(count)]
    least, most = min(kept), max(kept)
    if least == most:
        return _HEIGHTS[len(_HEIGHTS) // 2] * count
    return "".join(_HEIGHTS[round((value - least) / (most - least) * (len(_HEIGHTS) - 1))] for value in kept)


def next_nice(value: float, up: bool) -> float:
    """The next number of the series ... 0.1, 0.2, 0.5, 1, 2, 5 ... above or below a positive `value`."""
    exponent = math.floor(math.log10(value))
    steps = [float(f"{mantissa}e{exponent + shift}") for shift in (-1, 0, 1) for mantissa in (1, 2, 5)]
    if up:
        return next(step for step in steps if step > value * 1.001)
    return next(step for step in reversed(steps) if step < value * 0.999)


def short_name(name: str, width: int) -> str:
    """A name in at most `width` cells. A longer one is cut in the middle: at its end is the number of a run."""
    name = printable(name)
    if cell_len(name) <= width:
        return name
    end = next(end for cut in range(-4, 1) if cell_len(end := name[cut:] if cut else "") <= 4)
    return f"{chop_cells(name, width - 1 - cell_len(end))[0]}…{end}"


def ending(text: str, width: int) -> str:
    """A text in at most `width` cells; of a longer one, the end."""
    text = printable(text)
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return f"…{text}"
