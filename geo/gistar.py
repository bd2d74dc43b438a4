"""Getis and Ord's local Gi*: whether a shape and those around it have more than chance would give them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from geo.contiguity import Contiguity

Floats = NDArray[np.float64]

_CHUNK = 500


def g_star(values: ArrayLike, beside: Contiguity) -> tuple[Floats, Floats]:
    """Gi* of each value and its p by the normal curve, with weights of one, itself among its neighbours.

    The same numbers as ``esda.G_Local(values, w, transform="B", star=True)``: `Zs` and `p_norm`. An island has neither.
    Where all values are equal nothing stands out, and z is 0.

    Parameters
    ----------
    values : array of float
        One for each shape.
    beside : Contiguity

    Returns
    -------
    z, p : float arrays
        p of the nearer tail, at most 0.5; NaN for islands.

    Examples
    --------
    >>> row = Contiguity(5, np.array([0, 1, 2, 3]), np.array([1, 2, 3, 4]))
    >>> z, p = g_star([9, 8, 1, 0, 1], row)
    >>> z.round(2).tolist(), p.round(3).tolist()
    ([1.98, 1.39, -0.51, -1.98, -1.39], [0.024, 0.082, 0.306, 0.024, 0.082])
    """
    given = np.asarray(values, dtype=float)
    count, window = beside.count, beside.neighbours + 1.0
    if not count:
        return given, given
    spread = np.sqrt(given.var() * window * (count - window) / max(count - 1, 1))
    more = beside.window_sums(given) - window * given.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 0, more / spread, 0.0)
    z[beside.islands] = np.nan
    return z, special.ndtr(-np.abs(z))


def g_star_simulated(values: ArrayLike, beside: Contiguity, *, permutations: int = 999, seed: int = 0) -> Floats:
    """The p of Gi* by conditional permutation: each value stays, the others are dealt out anew around it.

    As ``esda.G_Local(..., star=True).p_sim``: the share of dealings, the observed one among them, that give at least as
    much (or, where that is the smaller part, less). The draws are others, so the two agree as two runs of esda agree.

    Returns
    -------
    float array
        NaN for islands.
    """
    given = np.asarray(values, dtype=float)
    around, observed = beside.neighbours, beside.window_sums(given) - given
    found = np.full(beside.count, np.nan)
    if beside.count < 2:
        return found
    dealt = _dealings(beside.count - 1, int(around.max(initial=0)), permutations, np.random.default_rng(seed))
    for place in np.flatnonzero(around):
        others = np.delete(given, place)
        sums = others[dealt[: around[place]]].sum(axis=0)
        # Sums of the same rates in another order differ in their last digit.
        larger = int((sums >= observed[place] - 1e-9 * max(1.0, abs(observed[place]))).sum())
        found[place] = (min(larger, permutations - larger) + 1) / (permutations + 1)
    return found


def _dealings(count: int, most: int, permutations: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Columns of `most` different positions below `count`, one column a permutation."""
    parts = [
        np.argsort(random.random((count, min(_CHUNK, permutations - begun))), axis=0)[:most]
        for begun in range(0, permutations, _CHUNK)
    ]
    return np.hstack(parts)
