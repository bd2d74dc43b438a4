"""Whether counts around a place are more than chance: Gi* for counts over unequal exposures, and false discoveries."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from geo.contiguity import Contiguity

Floats = NDArray[np.float64]

LEAST_PLACES = 8
"""With fewer places nearly every window is half the town, and how unlike they are cannot be told."""

MOST_COUNTED = 50_000
"""Up to so many counts the tails are added up term by term; beyond, a closed form is near enough (and says more)."""

TAIL_SPREADS, TAIL_SCATTERS = 12.0, 40.0
"""Terms farther than that above a count are less than the last digit of its tail."""

POISSON = 1e-6
"""A scatter above chance smaller than this is none: further sums would only lose digits."""


class Windows(NamedTuple):
    """Each place with its neighbours: how many were counted, how many the exposure would give, z and p.

    `scatter` is how many times the variance of Poisson counts each has, as unlike as the places are (1: just so).
    """

    counted: Floats
    expected: Floats
    z: Floats
    p: Floats
    scatter: Floats


def window_chance(counts: ArrayLike, exposures: ArrayLike, beside: Contiguity) -> Windows:
    """Judge how probable it is that chance alone brings so many to each place and its neighbours, or more.

    The model: each place gets its share of all counts by its share of all exposures, and places are as unlike as these
    ones are (`scatter`, never below Poisson's). Then z is Gi* itself where exposures are equal, and stays fair where
    they are not: a rate of two households scatters more than one of two hundred. p is no normal curve, which is wrong
    for the few counts of a grid, but the exact upper tail given the total: binomial, or where places are more unlike
    than chance beta-binomial, which has that scatter.

    Parameters
    ----------
    counts : array of int
    exposures : array of float
        Above zero each, in any unit (households, metres, hours; ones for places alone).
    beside : Contiguity

    Returns
    -------
    Windows
        z and p are NaN for islands, and for all where there is nothing to judge: fewer than `LEAST_PLACES` places, or
        no counts.

    Examples
    --------
    Nine places in a row of 100 households each; most happened around the second.

    >>> row = Contiguity(9, np.arange(8), np.arange(1, 9))
    >>> found = window_chance([6, 14, 7, 1, 2, 1, 0, 2, 1], np.full(9, 100.0), row)
    >>> found.counted.astype(int).tolist(), found.expected.round(1).tolist()[:3], found.scatter.round(1).tolist()[0]
    ([20, 27, 22, 10, 4, 3, 3, 3, 3], [7.6, 11.3, 11.3], 5.4)
    >>> found.p.round(3).tolist()[:3]
    [0.029, 0.009, 0.061]
    """
    given, share = np.asarray(counts, dtype=float), _shares(exposures)
    total = given.sum()
    counted, expected = beside.window_sums(given), total * beside.window_sums(share)
    nothing = np.full(beside.count, np.nan)
    if beside.count < LEAST_PLACES or total <= 0:
        return Windows(counted, expected, nothing, nothing, np.ones(beside.count))
    scatter = _scatter(given, total * share, beside)
    rest = np.maximum(total - expected, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(rest > 1e-9 * total, (counted - expected) / np.sqrt(scatter * expected * rest / total), 0.0)
    p = _upper_tail(counted, expected, total, scatter)
    z[beside.islands] = p[beside.islands] = np.nan
    return Windows(counted, expected, z, p, scatter)


def discovery_rates(p: ArrayLike, *, any_dependence: bool = False) -> Floats:
    """For each p the share of false discoveries among all whose p is as small: Benjamini and Hochberg's.

    Parameters
    ----------
    p : array of float
        NaN where nothing was asked; such do not count.
    any_dependence : bool
        Benjamini and Yekutieli's instead, which hold however the p hang together, and find far less.

    Examples
    --------
    >>> discovery_rates([0.01, 0.04, float("nan"), 0.03, 0.9]).round(3).tolist()
    [0.04, 0.053, nan, 0.053, 0.9]
    """
    given = np.asarray(p, dtype=float)
    found = np.full(given.shape, np.nan)
    asked = np.flatnonzero(~np.isnan(given))
    order = asked[np.argsort(given[asked], kind="stable")]
    rank = np.arange(1, len(order) + 1)
    factor = (1.0 / rank).sum() if any_dependence else 1.0
    scaled = given[order] * len(order) * factor / rank
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found


def _shares(exposures: ArrayLike) -> Floats:
    given = np.asarray(exposures, dtype=float)
    return given / given.sum() if len(given) else given


def _scatter(counts: Floats, expected: Floats, beside: Contiguity) -> Floats:
    """How many times each window's variance is that of Poisson counts: the greater of two ways of being unlike.

    Over all, Pearson's chi-square for each degree of freedom, with Fletcher's correction for places that expect few.
    Where it is the rates that differ, larger places scatter more, by the square of what they expect. A hot spot counts
    as scatter, too: told from the places outside of each window alone, chance would pass for a finding too often.
    """
    pearson = ((counts - expected) ** 2 / expected).sum() / (len(counts) - 1)
    above = max(pearson / max(1.0 + ((counts - expected) / expected).mean(), 0.1) - 1.0, 0.0)
    size = beside.window_sums(expected**2) / beside.window_sums(expected) / expected.mean()
    return np.asarray(1.0 + above * np.maximum(size, 1.0), dtype=float)


def _upper_tail(counted: Floats, expected: Floats, total: float, scatter: Floats) -> Floats:
    """The probability of so many or more in each window; below what is expected it is only told nearly."""
    window = np.minimum(expected, total)
    some = np.clip(counted, 1.0, total)
    if (scatter - 1.0 < POISSON).all():
        return np.where(counted > 0, special.betainc(some, total - some + 1.0, window / total), 1.0)
    size, other = window / (scatter - 1.0), (total - window) / (scatter - 1.0)
    # Without the given total it is negative binomial, which scatters more.
    p = np.where(counted > 0, special.betainc(some, size, 1.0 - 1.0 / scatter), 1.0)
    if total <= MOST_COUNTED:
        last = some + TAIL_SPREADS * np.sqrt(scatter * window) + TAIL_SCATTERS * scatter
        for place in np.flatnonzero(counted > window):
            terms = np.arange(int(some[place]), int(min(last[place], total)) + 1)
            p[place] = _beta_binomial(terms, size[place], other[place], int(total))
    return p


def _beta_binomial(many: NDArray[np.int64], size: float, other: float, total: int) -> float:
    """The probability of one of these counts by a beta-binomial, added up from its smallest terms."""
    if other <= 1e-12 * size:
        return 1.0
    ways = special.gammaln(total + 1) - special.gammaln(many + 1) - special.gammaln(total - many + 1)
    odds = special.betaln(many + size, total - many + other) - special.betaln(size, other)
    return float(min(np.exp(ways + odds)[::-1].sum(), 1.0))
