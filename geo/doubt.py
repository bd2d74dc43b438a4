"""How much of a position's doubt lies over which piece of ground."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import Edges, Floats, Positions, ring_edges

if TYPE_CHECKING:
    from geo.reach import Lattice, Near, Sides

# Phones state the radius that holds the true position in 68 of 100 cases (Android's definition of accuracy). For the
# same normal scatter in x and y that radius is sqrt(-2 ln(1 - 0.68)) = 1.51 standard deviations.
SIGMAS_IN_ACCURACY = float(np.sqrt(-2.0 * np.log(1.0 - 0.68)))
# A straight border farther away than this many standard deviations cuts off less than a millionth.
_REACH_SIGMAS = 5.0
# A position is never better than a millimetre; it keeps the formulas finite for accuracy 0.
_FINEST_SIGMA_M = 1e-3
# Points nearer to a border line than this share of sigma are computed this far beside it: the mass changes by less.
_NUDGE_SIGMAS = 1e-6
# Pairs of a point and a line at once: enough to forget the start of each round, and a few dozen megabytes.
_PAIRS_AT_ONCE = 500_000


Masses = tuple[Positions, Positions, Floats]


class Ground:
    """Polygons prepared for asking how much of a normal scatter around a point lies over each of them.

    The mass of a round normal distribution over a polygon is exact, not sampled: whether the point is inside, less two
    values of Owen's T function for each border line nearby. Grids that tile the ground get masses that add up to 1. A
    line that two polygons share is reckoned once for both.

    Parameters
    ----------
    polygons : array of Polygon or MultiPolygon
        In metres. Invalid ones are mended first (`shapely.make_valid`).
    """

    def __init__(self, polygons: Any) -> None:
        mended = np.where(shapely.is_valid(polygons), polygons, shapely.make_valid(polygons))
        parts, owner = shapely.get_parts(mended, return_index=True)
        areal = shapely.get_dimensions(parts) == 2
        self._parts: NDArray[np.object_] = parts[areal]
        self._owner: Positions = owner[areal]
        shapely.prepare(self._parts)

    def masses(self, x: Floats, y: Floats, accuracy_m: Floats) -> Masses:
        """The probability that each point really lies over each polygon with a border near it.

        Parameters
        ----------
        x, y : float64 array
            Finite, in metres.
        accuracy_m : float64 array
            Radius that holds the true position in 68 of 100 cases; not negative, not NaN.

        Returns
        -------
        point, polygon : int64 arrays
            Positions, sorted by point, then by polygon. Only polygons with a border within five standard deviations are
            listed; a point far from every border appears nowhere, and lies over its own polygon with probability 1.
        mass : float64 array
            Between 0 and 1.
        """
        from geo import reach  # loads numba, which is for those who weigh doubt

        sigma = np.maximum(accuracy_m / SIGMAS_IN_ACCURACY, _FINEST_SIGMA_M)
        lattice, sides = self._prepared
        # Coordinates of ten million metres are spaced 2e-9 m apart, so less than 1e-7 m would drown in rounding.
        nudge = np.maximum(_NUDGE_SIGMAS * sigma, 1e-7)
        x, y = x.copy(), y.copy()
        room, done, found = _PAIRS_AT_ONCE, 0, [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        while done < len(x):
            near = _room(room)
            later, pairs = reach.write_near(done, x, y, sigma, _REACH_SIGMAS, nudge, lattice, near)
            # A point with more lines around it than there is room for wants a larger room.
            room = room if later > done else 2 * room
            done = later
            found.append(self._added_up(reach.Near._make(each[:pairs] for each in near), sides, x, y))
        point, polygon, mass = (np.concatenate(each) for each in zip(*found, strict=True))
        return point, polygon, np.clip(mass, 0.0, 1.0)

    def _added_up(self, near: "Near", sides: "Sides", x: Floats, y: Floats) -> Masses:
        from geo import reach  # as above

        size = int((sides.first[near.line + 1] - sides.first[near.line]).sum())
        shares = reach.Shares(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size))
        guessed = reach.Open(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, bool))
        written, guesses = reach.add_up(near, sides, self._owner, shares, guessed)
        point, polygon, mass = shares.point[:written], shares.polygon[:written], shares.mass[:written]
        spot, part, inside = (each[:guesses] for each in guessed)
        really = shapely.intersects_xy(self._parts[part], x[spot], y[spot])
        wrong = np.flatnonzero(really != inside)
        size = int(self._owner.max(initial=0)) + 1
        at = np.searchsorted(point * size + polygon, spot[wrong] * size + self._owner[part[wrong]])
        np.add.at(mass, at, np.where(really[wrong], 1.0, -1.0))
        return point, polygon, mass

    @cached_property
    def _prepared(self) -> "tuple[Lattice, Sides]":
        from geo import reach  # loads numba, which is for those who weigh doubt

        edges = ring_edges(self._parts)
        edges = Edges(*(each[(edges.start != edges.end).any(axis=1)] for each in edges))
        backward = (edges.start[:, 0] > edges.end[:, 0]) | (
            (edges.start[:, 0] == edges.end[:, 0]) & (edges.start[:, 1] > edges.end[:, 1])
        )
        low = np.where(backward[:, None], edges.end, edges.start)
        high = np.where(backward[:, None], edges.start, edges.end)
        one, which = _different(np.hstack([low, high]))
        order = np.argsort(which, kind="stable")
        first = np.searchsorted(which[order], np.arange(len(one) + 1))
        turn = np.where(backward, -1, 1).astype(np.int8)
        sides = reach.Sides(first, edges.owner[order].astype(np.int32), turn[order])
        return reach.make_lattice(low[one], high[one]), sides


def _room(pairs: int) -> "Near":
    from geo import reach  # as above

    height, apart, wedge = np.empty((3, pairs))
    return reach.Near(np.empty(pairs, np.int64), np.empty(pairs, np.int32), height, apart, wedge)


def _different(lines: Floats) -> tuple[Positions, Positions]:
    """Positions of one of each different row, and for each row which of these it equals."""
    # Sorting by x alone, then comparing whole rows, is many times quicker than np.unique(axis=0).
    order = np.lexsort(lines.T[::-1])
    new = np.ones(len(lines), bool)
    new[1:] = (lines[order[1:]] != lines[order[:-1]]).any(axis=1)
    which = np.empty(len(lines), np.int64)
    which[order] = np.cumsum(new) - 1
    return order[new], which
