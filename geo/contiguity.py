"""Who borders on whom, for figures that look at a shape together with those around it."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.colouring import find_neighbours

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

NEAR_M = 1.0
"""Survey lines of two neighbours that were drawn apart lie no farther from each other than this."""

LEAST_M = 5.0
"""A shared border is longer than this; what is shorter is a corner at which four grids meet."""


@dataclass(frozen=True)
class Contiguity:
    """Pairs of neighbours among `count` shapes, each pair once; made by `border_on`.

    Examples
    --------
    A row of three and one far away:

    >>> row = Contiguity(4, np.array([0, 1]), np.array([1, 2]))
    >>> row.neighbours.tolist(), row.islands.tolist()
    ([1, 2, 1, 0], [False, False, False, True])
    >>> row.window_sums([5, 1, 2, 9]).tolist()
    [6.0, 8.0, 3.0, 9.0]
    """

    count: int
    one: Positions
    two: Positions

    @property
    def neighbours(self) -> Positions:
        """How many neighbours each has."""
        both = np.concatenate([self.one, self.two])
        return np.bincount(both, minlength=self.count).astype(np.int64)

    @property
    def islands(self) -> NDArray[np.bool_]:
        """Who has none at all."""
        alone: NDArray[np.bool_] = self.neighbours == 0
        return alone

    def window_sums(self, values: ArrayLike) -> Floats:
        """The sum over each shape and its neighbours; `values` may have rows of their own before the last axis."""
        given = np.asarray(values, dtype=float)
        sums = given.T.copy()
        np.add.at(sums, self.one, given.T[self.two])
        np.add.at(sums, self.two, given.T[self.one])
        return np.ascontiguousarray(sums.T)

    def among(self, kept: NDArray[np.bool_]) -> "Contiguity":
        """Only those that are kept, counted anew from 0; who bordered on the others alone is an island then."""
        position = np.cumsum(kept) - 1
        stays = kept[self.one] & kept[self.two]
        return Contiguity(int(kept.sum()), position[self.one[stays]], position[self.two[stays]])


def border_on(shapes: ArrayLike, *, near_m: float = NEAR_M, least_m: float = LEAST_M) -> Contiguity:
    """Find who borders on whom, also where neighbours were surveyed apart and do not share every vertex.

    Two shapes are neighbours when they share a straight piece of border vertex for vertex, or when more than `least_m`
    of the one's border lies within `near_m` of the other. A corner is none, and nobody is a neighbour across ground
    that belongs to neither: an exclave borders on what lies around it, an island on nobody.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        In metres.

    Examples
    --------
    The second begins half a metre beside the first; the third touches it at a corner.

    >>> found = border_on([shapely.box(0, 0, 10, 10), shapely.box(10.5, 0, 20, 10), shapely.box(20, 10, 30, 20)])
    >>> found.one.tolist(), found.two.tolist(), found.islands.tolist()
    ([0], [1], [False, False, True])
    """
    whole = np.asarray(shapes, dtype=object)
    if not len(whole):
        return Contiguity(0, np.empty(0, np.int64), np.empty(0, np.int64))
    sure = np.column_stack(find_neighbours(whole))
    near = shapely.STRtree(whole).query(whole, predicate="dwithin", distance=near_m).T
    near = np.sort(near[near[:, 0] < near[:, 1]], axis=1)
    asked = near[~np.isin(_keys(near, len(whole)), _keys(sure, len(whole)))]
    border, ground = shapely.boundary(whole[asked[:, 0]]), shapely.buffer(whole[asked[:, 1]], near_m)
    shared_m = shapely.length(shapely.intersection(border, ground))
    pairs = np.unique(np.concatenate([sure, asked[shared_m > least_m]]), axis=0)
    return Contiguity(len(whole), pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64))


def _keys(pairs: Positions, count: int) -> Positions:
    return pairs[:, 0] * count + pairs[:, 1]
