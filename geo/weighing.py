"""How sure it is whose ground a point is, for millions of points: plain arrays in and out."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.edges import Floats, Positions
from geo.locator import Found, GridLocator

LEAST_RIVAL = 1e-3
"""A neighbour less likely than one in a thousand is not worth naming."""


class DecidedBy(StrEnum):
    """The rule that gave a point its grid."""

    INSIDE = "inside"
    BORDER_TIE = "border_tie"
    WITHIN_REACH = "within_reach"
    NONE = "none"


RULES = tuple(DecidedBy)
"""The rules by their number in `Weighed`."""

_INSIDE, _BORDER_TIE, _WITHIN_REACH, _NONE = range(len(RULES))


class Weighed(NamedTuple):
    """What `weigh` says of each point, as plain arrays.

    ``grid`` and ``rival`` are positions in the grids (-1: none), ``rule`` a position in `RULES`; the others are the
    columns of `geo.locate.weigh_points`.
    """

    grid: Found
    rule: NDArray[np.int8]
    border_m: Floats
    probability: Floats
    rival: Found
    sure: NDArray[np.bool_]


def weigh(
    locator: GridLocator,
    x: Floats,
    y: Floats,
    *,
    accuracy_m: float | ArrayLike,
    reach_m: float = 0.0,
    tie_m: float = 0.0,
    sure_probability: float = 0.95,
) -> Weighed:
    """`geo.locate.weigh_points` for millions of points: plain arrays in and out, no geometries.

    Most points lie far from every border, as seen from their accuracy: a glance at a lattice tells so, and nothing is
    computed for them.

    Parameters
    ----------
    locator : GridLocator
        Of grids in metres.
    x, y : float64 arrays of one dimension
        In the grids' coordinates. NaN lies nowhere.
    accuracy_m, reach_m, tie_m, sure_probability
        As in `geo.locate.weigh_points`.
    """
    found, rule = decide(locator, x, y, reach_m, tie_m)
    accuracy = np.broadcast_to(np.asarray(accuracy_m, float), x.shape)
    probability, rival = _weigh(locator, x, y, found, rule, accuracy)
    sure = (probability >= sure_probability) & (found >= 0)
    return Weighed(found, rule, locator.border_m(x, y, found), probability, rival, sure)


def decide(
    locator: GridLocator, x: Floats, y: Floats, reach_m: float, tie_m: float = 0.0
) -> tuple[Found, NDArray[np.int8]]:
    """The grid of each point, or -1, and the position in `RULES` of the rule that gave it."""
    found, tied = locator.decide(x, y, tie_m)
    # Whether a point is tied is the number of its rule, as long as it has a grid.
    rule = np.where(found < 0, np.int8(_NONE), tied.view(np.int8))
    outside = np.flatnonzero((found < 0) & np.isfinite(x) & np.isfinite(y)) if reach_m > 0 else np.empty(0, np.int64)
    if len(outside):
        near, its_grid = locator.nearest(x[outside], y[outside], reach_m)
        found[outside] = locator.first_choice(near, its_grid, len(outside))
        rule[outside[found[outside] >= 0]] = _WITHIN_REACH
    return found, rule


def weighable(x: Floats, y: Floats, accuracy_m: Floats) -> Positions:
    """Positions of the points that have a place and a known accuracy."""
    known = (accuracy_m >= 0) & np.isfinite(accuracy_m)
    if not known.any():
        return np.empty(0, np.int64)
    return np.flatnonzero(known & np.isfinite(x) & np.isfinite(y))


def _weigh(
    locator: GridLocator, x: Floats, y: Floats, found: Found, rule: NDArray[np.int8], accuracy_m: Floats
) -> tuple[Floats, Found]:
    """The probability of each point's own grid (of being outside, where it has none), and the likeliest other one."""
    known = weighable(x, y, accuracy_m)
    probability, rival = np.full(len(x), np.nan), np.full(len(x), -1, np.int32)
    if not len(known):
        return probability, rival
    # Far from every border a point's own grid has all of the probability; one that was reached for has none.
    probability[known] = rule[known] != _WITHIN_REACH
    near, grid, mass = locator.ground.masses(x[known], y[known], accuracy_m[known])
    point = known[near]
    comparable = (found[point] < 0) | locator.same_kind(grid, found[point])
    point, grid, mass = point[comparable], grid[comparable], mass[comparable]
    own = found[point] == grid
    probability[point[own]] = mass[own]
    adrift = known[found[known] < 0]
    if len(adrift):
        probability[adrift] = np.clip(1.0 - np.bincount(point, mass, minlength=len(x))[adrift], 0.0, 1.0)
    likely = np.flatnonzero(~own & (mass >= LEAST_RIVAL))
    order = likely[np.lexsort((-locator.rank[grid[likely]], mass[likely].round(4), point[likely]))]
    rival[point[order]] = grid[order]
    return probability, rival
