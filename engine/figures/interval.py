"""How sure a difference between two shares is."""

import math

Z = 1.959964
"quantile of the normal distribution for an interval that holds 95 % of the time"


def wilson(hits: int, of: int) -> tuple[float, float]:
    """A 95 % interval, in 0..1, for a share of which `hits` of `of` were seen; `of` is at least 1.

    The score method of E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927).
    """
    share = hits / of
    middle = share + Z * Z / (2 * of)
    reach = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return (middle - reach) / (1 + Z * Z / of), (middle + reach) / (1 + Z * Z / of)


def difference(hits: int, of: int, other_hits: int, of_other: int) -> tuple[float, float]:
    """A 95 % interval, in -1..1, for how much larger the first share is than the other one.

    The hybrid score method, no. 10 of R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17 (1998). It takes the two samples for independent. Two models that are
    tested on the same pictures tend to miss the same ones: for them the interval is too wide rather than too narrow.
    """
    share, other = hits / of, other_hits / of_other
    (low, high), (other_low, other_high) = wilson(hits, of), wilson(other_hits, of_other)
    return (
        share - other - math.hypot(share - low, other_high - other),
        share - other + math.hypot(high - share, other - other_low),
    )
