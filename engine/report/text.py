"""Numbers as text. Spaces before units do not break a line."""

import math
import time

MISSING = "–"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 0..1 as per cent: `95.3 %`; a dash where it is not known."""
    return MISSING if share is None or not math.isfinite(share) else f"{share * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def points(share: float) -> str:
    """A difference of two shares in percentage points, with its sign: `+1.5`."""
    return f"{share * 100:+.1f}".replace("-", "−")


def decimal(value: float | None, digits: int = 3) -> str:
    """A number; a dash where it is not known; `nan` and `inf` as they are."""
    return MISSING if value is None else f"{value:.{digits}f}"


def seconds(value: float | None) -> str:
    """A duration: `4.2 s`, `3 min 20 s`, `2 h 5 min`; a dash where it is not known."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value < 59.95:
        return f"{value:.1f}\N{NO-BREAK SPACE}s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def clock(value: float | None) -> str:
    """A time since 1970, as a date with the time of day on this machine; a dash where it is not known."""
    try:
        return MISSING if value is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value))
    except (ValueError, OverflowError, OSError):  # somebody has edited the journal
        return MISSING


def number(value: float) -> str:
    """A number with commas, whole ones without a decimal point: `12,345`, `0.001`, `5e-05`."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:g}"


def mebibytes(size: int) -> str:
    """A size of a file: `2.8 MiB`."""
    return f"{size / 2**20:,.1f} MiB"
