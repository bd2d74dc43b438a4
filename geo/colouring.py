"""Colours for grids on a map: neighbours never share one, and a redraw changes as few as it can."""

import heapq

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

Positions = NDArray[np.int64]


def find_neighbours(shapes: ArrayLike) -> tuple[Positions, Positions]:
    """Find who borders on whom in a tiling whose neighbours share their border vertex for vertex.

    Two shapes are neighbours when they share a straight piece of border; a corner alone is none.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        In any coordinates.

    Returns
    -------
    one, two : int64 arrays
        Positions of each pair, once, with ``one < two``, in ascending order.

    Examples
    --------
    >>> one, two = find_neighbours([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 1, 3, 2)])
    >>> one.tolist(), two.tolist()
    ([0], [1])
    """
    # Rings are those of polygons alone: shapely finds none in a multipolygon, and every grid would lack neighbours.
    parts, whole = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    owner = whole[part]
    places, ring = shapely.get_coordinates(rings, return_index=True)
    goes_on = ring[1:] == ring[:-1]
    start, end = places[:-1][goes_on], places[1:][goes_on]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(swap[:, None], end, start), np.where(swap[:, None], start, end)
    edges = np.hstack([low, high])
    whose = owner[ring[:-1][goes_on]]
    order = np.lexsort((whose, *edges.T))
    edges, whose = edges[order], whose[order]
    same = (edges[1:] == edges[:-1]).all(axis=1) & (whose[1:] != whose[:-1])
    pairs = np.unique(np.sort(np.column_stack([whose[:-1][same], whose[1:][same]]), axis=1), axis=0)
    return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)


def colour_apart(count: int, one: Positions, two: Positions, given: ArrayLike | None = None) -> Positions:
    """Give every grid a colour that no neighbour has, with few colours and few changes.

    Grids are coloured one after the other, those with few neighbours last, each with the lowest colour that is free:
    six are always enough for a map of connected grids when none is given.

    Parameters
    ----------
    count : int
        How many grids there are.
    one, two : int arrays
        Neighbours, as from `find_neighbours`.
    given : array of int, optional
        Colours that grids have already and keep, negative for none. Where two neighbours bring the same one, both keep
        it: whoever may change must come without.

    Returns
    -------
    int64 array
        Colours 0, 1, 2 ...

    Examples
    --------
    A row of three keeps two colours; the middle one is told to be 1.

    >>> colour_apart(3, np.array([0, 1]), np.array([1, 2]), [-1, 1, -1]).tolist()
    [0, 1, 0]
    """
    colours = np.full(count, -1, np.int64) if given is None else np.array(given, dtype=np.int64)
    beside: list[list[int]] = [[] for _ in range(count)]
    for left, right in zip(one.tolist(), two.tolist(), strict=True):
        beside[left].append(right)
        beside[right].append(left)
    for place in reversed(_fewest_first(beside)):
        if colours[place] < 0:
            taken = {int(colours[other]) for other in beside[place]}
            colours[place] = next(colour for colour in range(len(taken) + 1) if colour not in taken)
    return colours


def _fewest_first(beside: list[list[int]]) -> list[int]:
    """Take away, again and again, whoever has the fewest neighbours left (ties: the first), and say in which order."""
    left = [len(others) for others in beside]
    heap = [(many, place) for place, many in enumerate(left)]
    heapq.heapify(heap)
    order: list[int] = []
    gone = [False] * len(beside)
    while heap:
        many, place = heapq.heappop(heap)
        if gone[place] or many != left[place]:
            continue
        gone[place] = True
        order.append(place)
        for other in beside[place]:
            if not gone[other]:
                left[other] -= 1
                heapq.heappush(heap, (left[other], other))
    return order
