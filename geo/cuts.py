"""Dividing a graph into even, connected parts with as few edges cut as can be: counties into districts, for one."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from geo.blockgraph import Graph, Pace, Ranked, Want, Weights, better, improve
from geo.errors import N_, CannotDraw
from geo.faces import Numbers, Positions, connected_parts
from geo.graph import cut_graph

EDGE_PRICES = (2.5, 1.5, 0.2)
"""What a cut edge costs against a part out of the band (5): dear edges find fewer, cheap ones keep to a narrow band."""

TRIES, AT_ONCE = 36, 2
"""A try finds the fewest known for the counties of a state one time in three or more; so many leave none out."""

PACE = Pace(hot=4.0, cold=0.3, times=10, alone=10, reach=6.0)
FEW = 40
"""Smaller graphs get more tries, for their tries are short and few of their divisions are even at all."""


def cut_fewest(
    load: Numbers, one: Positions, two: Positions, parts: int, *, within: float = 0.005, seed: int = 0
) -> Positions:
    """Divide a connected graph into connected parts of even load, cutting as few edges as annealing finds.

    It is a search, not a proof: more tries may find fewer. The same input and seed give the same parts.

    Parameters
    ----------
    load : array of float
        Of each vertex.
    one, two : array of int
        Each edge once.
    parts : int
        How many, from 1 to as many as there are vertices.
    within : float
        The share of the mean by which the load of a part may differ from it.
    seed : int
        Of the random search.

    Returns
    -------
    array of int
        The part (0, 1, 2 ...) of each vertex.

    Raises
    ------
    CannotDraw
        When the graph is in several pieces.

    Examples
    --------
    A ladder of eight is best cut across:

    >>> one, two = np.array([0, 2, 4, 6, 0, 1, 2, 3, 4, 5]), np.array([1, 3, 5, 7, 2, 3, 4, 5, 6, 7])
    >>> half = cut_fewest(np.ones(8), one, two, 2)
    >>> int((half[one] != half[two]).sum()), np.bincount(half).tolist()
    (2, [4, 4])
    """
    count = len(load)
    if connected_parts(count, one, two).max(initial=0) > 0:
        raise CannotDraw(N_("The graph is in several pieces: divide each by itself."))
    mean = float(load.sum()) / parts
    ones, none = np.ones(count), np.empty((0, 2), dtype=np.int64)
    graph = Graph(np.asarray(load, dtype=np.float64), ones, ones, one, two, np.zeros(len(one)), np.ones(len(one)), none)
    side, tries = np.sqrt(count / parts), TRIES * max(1, FEW**2 // count**2)
    weight = np.rint(graph.load * (1e6 / max(float(graph.load.sum()), 1.0))).astype(np.int64) + 1

    def attempt(number: int) -> Ranked:
        turn = np.random.default_rng([seed, number]).permutation(count)
        start = cut_graph(weight[np.argsort(turn)], turn[one], turn[two], graph.cost, parts, number)[turn]
        weights = Weights(even=0.0, shape=0.0, border=EDGE_PRICES[number % len(EDGE_PRICES)] * side)
        want = Want(mean * (1 - within), mean * (1 + within), weights)
        labels, (out, _) = improve(graph, start, want, seed * tries + number, PACE)
        return labels, (out, float((labels[one] != labels[two]).sum()))

    best: Ranked = (np.zeros(count, dtype=np.int64), (count + 1, np.inf))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(attempt, range(tries)):
            best = better(best, found)
    return best[0]
