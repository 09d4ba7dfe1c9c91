"""Confidence intervals for shares of pictures, and for differences between them. Loads no torch."""

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


def paired_difference(only_first: int, only_second: int, of: int) -> tuple[float, float]:
    """A 95 % interval, in -1..1, for how much larger the first of two shares of the same `of` pictures is.

    `only_first` pictures are right for the first model only, `only_second` for the second one only. The adjusted Wald
    interval of A. Agresti and Y. Min, "Simple improved confidence intervals for comparing matched proportions",
    Statistics in Medicine 24 (2005).
    """
    first, second, total = only_first + 0.5, only_second + 0.5, of + 2
    middle = (first - second) / total
    reach = Z * math.sqrt(max(first + second - (first - second) ** 2 / total, 0.0)) / total
    return max(middle - reach, -1.0), min(middle + reach, 1.0)


def mcnemar(only_first: int, only_second: int) -> float:
    """The probability, in 0..1, of a difference at least as large if both models were equally good.

    The exact, two-sided test of Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12 (1947): each picture that only one model gets right is a coin toss.
    """
    tosses, fewer = only_first + only_second, min(only_first, only_second)
    # Logarithms, because a binomial coefficient of many pictures is larger than the largest float.
    log_all = math.lgamma(tosses + 1) - tosses * math.log(2)
    tail = sum(math.exp(log_all - math.lgamma(k + 1) - math.lgamma(tosses - k + 1)) for k in range(fewer + 1))
    return min(2 * tail, 1.0)
