"""Whose ground a point is on by whole numbers alone: slow, plain, and sharing no code with what it checks."""

import numpy as np
import shapely
from numpy.typing import NDArray

_AT_ONCE = 20_000


def exact_grids(grids: NDArray[np.object_], places: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first grid in order that holds each place, its border included; -1 for none. No coordinate is rounded.

    A part of a grid holds what an odd number of its lines surrounds. Coordinates of all sizes become whole numbers of
    one tiny unit, on which Python's arithmetic is exact.
    """
    parts, owner = shapely.get_parts(grids, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(ring[1:] == ring[:-1])
    part = ring_part[ring[first]]
    begin = np.searchsorted(part, np.arange(len(parts) + 1))
    lines = np.hstack([corners[first], corners[first + 1]])
    unit = _unit(np.concatenate([corners.ravel(), places.ravel()]))
    found = np.full(len(places), len(grids))
    tree = shapely.STRtree(parts)
    for at in range(0, len(places), _AT_ONCE):
        point, its_part = tree.query(shapely.points(places[at : at + _AT_ONCE]))
        holds = _parts_hold(places[at + point], its_part, begin, lines, unit)
        np.minimum.at(found, at + point[holds], owner[its_part[holds]])
    return np.where(found == len(grids), -1, found)


def _unit(numbers: NDArray[np.float64]) -> int:
    """The power of two by which all numbers become whole."""
    sizes = np.abs(numbers[numbers != 0])
    return max(0, 53 - int(np.frexp(sizes.min())[1])) if len(sizes) else 0


def _whole(numbers: NDArray[np.float64], unit: int) -> NDArray[np.object_]:
    mantissa, exponent = np.frexp(numbers)
    digits = (mantissa * 2.0**53).astype(np.int64).astype(object)
    shift = np.maximum(exponent.astype(np.int64) - 53 + unit, 0).astype(object)
    whole: NDArray[np.object_] = digits << shift
    return whole


def _parts_hold(places: NDArray, part: NDArray, begin: NDArray, lines: NDArray, unit: int) -> NDArray[np.bool_]:
    count = begin[part + 1] - begin[part]
    pair = np.repeat(np.arange(len(part)), count)
    line = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin[part], count)
    low, high = np.minimum(lines[:, 1], lines[:, 3]), np.maximum(lines[:, 1], lines[:, 3])
    level = (low[line] <= places[pair, 1]) & (places[pair, 1] <= high[line])
    pair, line = pair[level], line[level]
    x, y = (_whole(places[pair, at], unit) for at in (0, 1))
    ax, ay, bx, by = (_whole(lines[line, at], unit) for at in range(4))
    area = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    between = (np.minimum(lines[:, 0], lines[:, 2])[line] <= places[pair, 0]) & (
        places[pair, 0] <= np.maximum(lines[:, 0], lines[:, 2])[line]
    )
    on_border = np.bincount(pair[(area == 0).astype(bool) & between], minlength=len(part)) > 0
    rises = lines[line, 3] > lines[line, 1]
    spans = (lines[line, 1] <= places[pair, 1]) != (lines[line, 3] <= places[pair, 1])
    beyond = spans & ((area < 0).astype(bool) == rises)
    odd = np.bincount(pair[beyond], minlength=len(part)) % 2 == 1
    held: NDArray[np.bool_] = on_border | odd
    return held


def adversarial(grids: NDArray[np.object_], count: int, seed: int) -> NDArray[np.float64]:
    """Places that rounding is worst at: on corners, on lines, and up to three steps of a double beside them."""
    random = np.random.default_rng(seed)
    corners, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(grids)), return_index=True)
    first = random.choice(np.flatnonzero(ring[1:] == ring[:-1]), count)
    share = random.choice([0.0, 0.5, -1.0], count, p=[0.25, 0.2, 0.55])
    share = np.where(share < 0, random.uniform(0, 1, count), share)
    places = corners[first] + share[:, None] * (corners[first + 1] - corners[first])
    steps = random.integers(-3, 4, (count, 2))
    for step in range(1, 4):
        onward = np.where(steps > 0, np.inf, -np.inf)
        places = np.where(np.abs(steps) >= step, np.nextafter(places, onward), places)
    return places
