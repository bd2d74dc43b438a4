"""Cutting a graph into parts of about equal weight."""

import numpy as np
import pymetis
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from geo.faces import Numbers, Positions, connected_parts, settle

FEWEST_PER_PART = 4
"""With fewer vertices to a part METIS writes complaints to the terminal and leaves parts empty; we halve instead."""


def cut_graph(
    weight: Positions,
    one: Positions,
    two: Positions,
    cost: Numbers,
    parts: int,
    seed: int = 0,
    tries: int = 4,
    uneven: int = 30,
) -> Positions:
    """Cut a connected graph into connected parts of about equal weight that are cheap to cut apart (METIS).

    METIS leaves parts empty, or in several pieces, on small or lopsided graphs; those are mended: pieces go to the
    neighbour they share most with, and the heaviest part is halved for each empty one.

    Parameters
    ----------
    weight : array of int
        Of each vertex, above 0; one heavier than the average part is a part to begin with.
    one, two, cost : arrays
        Each edge once, with the cost of cutting it.
    parts : int
        How many are wanted; no more than there are vertices come back.
    tries : int
        Of which METIS takes the best.
    uneven : int
        By how many thousandths of the mean a part may weigh more, as far as METIS can help it; its own default.

    Returns
    -------
    array of int
        The part (0, 1, 2 ...) of each vertex, each part present.

    Examples
    --------
    >>> one, two = np.array([0, 1, 2]), np.array([1, 2, 3])
    >>> chain = cut_graph(np.ones(4, dtype=np.int64), one, two, np.array([9.0, 1.0, 9.0]), 2)
    >>> bool(chain[0] == chain[1] != chain[2] == chain[3])
    True
    """
    if parts >= len(weight):
        return np.arange(len(weight))
    if parts < 2 or not len(one):
        return np.zeros(len(weight), dtype=np.int64)
    heavy = _find_heavy(weight, parts)
    labels = np.cumsum(heavy) - 1
    count = int(heavy.sum())
    labels[~heavy] = count + _cut_light(weight, one, two, cost, parts - count, ~heavy, seed, tries, uneven)
    labels = settle(labels, one, two, cost, weight.astype(np.float64))
    for empty in np.setdiff1d(np.arange(parts), labels):
        labels = _halve_heaviest(labels, int(empty), weight, one, two, cost)
    return labels


def _find_heavy(weight: Positions, parts: int) -> NDArray[np.bool_]:
    """Vertices that outweigh the average part of what is left without the heavier ones."""
    heavy = np.zeros(len(weight), dtype=bool)
    while True:
        more = ~heavy & (weight * (parts - heavy.sum()) > weight[~heavy].sum())
        if not more.any():
            return heavy
        heavy |= more


def _cut_light(
    weight: Positions,
    one: Positions,
    two: Positions,
    cost: Numbers,
    parts: int,
    light: NDArray[np.bool_],
    seed: int,
    tries: int,
    uneven: int,
) -> Positions:
    """The parts of the light vertices as METIS has them; one part where METIS would find too few vertices to start."""
    number = np.cumsum(light) - 1
    inner = light[one] & light[two]
    one, two, cost = number[one[inner]], number[two[inner]], cost[inner]
    count = int(light.sum())
    if parts * FEWEST_PER_PART > count or parts < 2:
        return np.zeros(count, dtype=np.int64)
    # METIS refuses graphs in several pieces: tie them together by edges that cost next to nothing.
    leads = np.unique(connected_parts(count, one, two), return_index=True)[1]
    one, two = np.concatenate([one, leads[:-1]]), np.concatenate([two, leads[1:]])
    cost = np.concatenate([cost, np.zeros(len(leads) - 1)])
    return _metis(weight[light], one, two, cost, parts, seed, tries, uneven)


def _metis(
    weight: Positions,
    one: Positions,
    two: Positions,
    cost: Numbers,
    parts: int,
    seed: int,
    tries: int,
    uneven: int,
) -> Positions:
    """The parts as METIS has them."""
    price = np.maximum(np.rint(cost * (1000.0 / max(float(cost.max()), 1e-9))), 1).astype(np.int64)
    start, end = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort((end, start))
    first = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=len(weight)))])
    found = pymetis.part_graph(
        parts,
        pymetis.CSRAdjacency(first.tolist(), end[order].tolist()),
        vweights=weight.tolist(),
        eweights=np.concatenate([price, price])[order].tolist(),
        recursive=False,
        options=pymetis.Options(contig=1, seed=seed, ncuts=tries, ufactor=uneven),
    )
    return np.asarray(found[1], dtype=np.int64)


def _halve_heaviest(
    labels: Positions, empty: int, weight: Positions, one: Positions, two: Positions, cost: Numbers
) -> Positions:
    """Give about half of the heaviest part (of those with two vertices or more) to an empty one."""
    size = np.bincount(labels, minlength=empty + 1)
    heavy = np.bincount(labels, weights=weight, minlength=empty + 1)
    chosen = labels == int(np.where(size > 1, heavy, -1.0).argmax())
    inner = chosen[one] & chosen[two]
    graph = coo_array((np.ones(inner.sum()), (one[inner], two[inner])), shape=(len(labels),) * 2).tocsr()
    end = breadth_first_order(graph, int(np.flatnonzero(chosen)[0]), directed=False, return_predecessors=False)[-1]
    order = breadth_first_order(graph, int(end), directed=False, return_predecessors=False)
    before = np.cumsum(weight[order]) - weight[order]
    near = order[before < weight[order].sum() / 2]
    near = near[: len(order) - 1]
    halves = np.where(chosen, 0, -1)
    halves[near] = 1
    settled = settle(
        halves[chosen], *_renumber(chosen, one[inner], two[inner]), cost[inner], weight[chosen].astype(float)
    )
    labels = labels.copy()
    labels[np.flatnonzero(chosen)[settled == 1]] = empty
    return labels


def _renumber(chosen: np.ndarray, one: Positions, two: Positions) -> tuple[Positions, Positions]:
    """Edges among chosen vertices, numbered among those."""
    number = np.cumsum(chosen) - 1
    return number[one], number[two]
