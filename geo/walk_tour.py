"""Putting streets that are to be walked into an order with few turns."""

from collections import defaultdict
from itertools import combinations

import numpy as np

from geo.edges import Floats, Positions

Pass = tuple[int, int]
"""Two ends of walked edges that follow each other at a place; an end is twice the edge, plus one for its second."""


def tour(one: Positions, two: Positions, leaving: Floats, start: int) -> Positions:
    """Walk along every edge exactly once, from a start and back to it, as straight on as can be.

    At every place the straightest pairs of edges follow each other first; the circuits that this makes are then joined
    where that turns least. So a walk crosses a junction rather than zigzagging over it, and turns back in dead ends
    only.

    Parameters
    ----------
    one, two : array of int
        The places that each edge joins; one that is walked twice is there twice. All hang together, and at every place
        an even number ends.
    leaving : array of float, shape (edges, 2)
        In which direction one leaves the first and the second end, in radians.
    start : int

    Returns
    -------
    array of int
        The edges in order, each twice its position, plus one where it is walked from its second end to its first.

    Examples
    --------
    Two round walks that meet at the start: 0 - 1 - 0 and 0 - 2 - 0.

    >>> one, two = np.array([0, 1, 0, 2]), np.array([1, 0, 2, 0])
    >>> directions = np.array([[0.1, 3.0], [3.2, -0.1], [3.1, 0.0], [0.2, 3.3]])
    >>> sorted(tour(one, two, directions, 0) // 2)
    [np.int64(0), np.int64(1), np.int64(2), np.int64(3)]
    """
    place = np.stack([one, two], axis=1).ravel()
    angle = leaving.ravel()
    follows = np.empty(len(place), dtype=np.int64)
    passes: dict[int, list[Pass]] = {}
    ends = defaultdict(list)
    for end, where in enumerate(place.tolist()):
        ends[where].append(end)
    for where, here in ends.items():
        passes[where] = _straightest(here, angle)
        for first, second in passes[where]:
            follows[first], follows[second] = second, first
    _join(follows, passes, angle)
    return _walk(follows, place, start)


def turned(first: float, second: float) -> float:
    """How far one turns, in radians from 0 to pi, coming out of one end and leaving by the other."""
    return float(abs(np.pi - abs((second - first) % (2 * np.pi))))


def _straightest(ends: list[int], angle: Floats) -> list[Pass]:
    """Pairs of the ends at a place, the straightest first."""
    options = sorted((round(turned(angle[one], angle[two]), 9), one, two) for one, two in combinations(ends, 2))
    free, pairs = set(ends), []
    for _, one, two in options:
        if one in free and two in free:
            free -= {one, two}
            pairs.append((one, two))
    return pairs


def _join(follows: Positions, passes: dict[int, list[Pass]], angle: Floats) -> None:
    """Make one circuit of several: time and again where exchanging two pairs turns least."""
    while True:
        circuit = _circuits(follows)
        if not circuit.any():
            return
        best: tuple[float, int, Pass, Pass, Pass, Pass] | None = None
        for where, pairs in passes.items():
            for (a, b), (c, d) in combinations(pairs, 2):
                if circuit[a] == circuit[c]:
                    continue
                now = turned(angle[a], angle[b]) + turned(angle[c], angle[d])
                for new in (((a, c), (b, d)), ((a, d), (b, c))):
                    more = sum(turned(angle[p], angle[q]) for p, q in new) - now
                    if best is None or more < best[0] - 1e-9:
                        best = more, where, (a, b), (c, d), *new
        if best is None:
            return
        _, where, *gone, first, second = best
        passes[where] = [pair for pair in passes[where] if pair not in gone] + [first, second]
        for p, q in (first, second):
            follows[p], follows[q] = q, p


def _circuits(follows: Positions) -> Positions:
    """The number of the circuit that each end lies on, from 0."""
    circuit = np.full(len(follows), -1, dtype=np.int64)
    count = 0
    for begin in range(len(follows)):
        end = begin
        if circuit[end] >= 0:
            continue
        while circuit[end] < 0:
            circuit[end] = circuit[end ^ 1] = count
            end = int(follows[end ^ 1])
        count += 1
    return circuit


def _walk(follows: Positions, place: Positions, start: int) -> Positions:
    """The circuit from the start on."""
    begins = np.flatnonzero(place == start)
    if not len(begins):
        return np.empty(0, dtype=np.int64)
    end = int(begins[0])
    codes: list[int] = []
    while not codes or end != begins[0]:
        codes.append(end)
        end = int(follows[end ^ 1])
    return np.asarray(codes, dtype=np.int64)
