"""Joining blocks to grids: connected, with their load in the band, compact, bordered by important streets."""

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.blockgraph import PATIENT, Graph, Pace, Ranked, Want, Weights, better, improve, mend_threads, refine
from geo.faces import Numbers, Positions, connected_parts
from geo.graph import cut_graph

STARTS, LEAST_STARTS, START_BLOCKS = 8, 2, 1_800
"""Starts for a number of grids: as many as come to so many blocks in all, within these limits."""

THREADS = 2
"""Starts made side by side; as many of the best are refined."""

IF_NARROW = 2
"""So many times as many are refined where the band is narrow: there, what one search ends with differs most from what
another does."""

MENDING = 2
"""A grid that is still as thin as a thread is worth one in so many of the moves that refining tries, once more."""

REFINING, PER_BLOCK, PER_PAIR, MOST = 13_000_000, 2_500, 1_000, 75_000_000
"""Moves tried when one of the best is refined: so many, or so many for each block; for few blocks less; and at most."""

ALIKE = 0.6
"""Standard deviation of the blocks' areas, as a share of their mean, up to which towns are easy to arrange; beyond,
there are more starts, in proportion, and more moves by its square."""

UNEVEN = 200
"""How uneven a start may be, in thousandths: a third rounder than with METIS's own 30, and annealing evens it out."""

NOBODY = np.empty((0, 2), dtype=np.int64)


def balance_blocks(
    blocks: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    *,
    households: tuple[float, float] = (150, 500),
    load: str = "households",
    grids: int | None = None,
    apart: Positions = NOBODY,
    weights: Weights | None = None,
    seed: int = 0,
) -> Positions:
    """Join blocks to connected grids of balanced numbers of households, or of another load.

    Ground in several pieces is joined piece by piece; a piece with too few households for a grid of its own goes with
    the nearest grid that has room. The same input and seed give the same grids.

    Parameters
    ----------
    blocks : GeoDataFrame
        The column ``load`` and polygons in metres, a valid coverage.
    borders : DataFrame
        From `geo.blocks.neighbours`.
    households : (number, number)
        The band of the load, lower and upper limit included.
    load : str
        The column that is balanced.
    grids : int, optional
        How many are wanted; without it the number follows from the load and the middle of the band. Pieces of ground
        with enough for a grid of their own may make it more.
    apart : array of int, shape (n, 2)
        Pairs of blocks (by position) that no grid may hold both of. Not even for them is a grid broken.
    weights : Weights, optional
        What a good grid is.
    seed : int
        Of the random search.

    Returns
    -------
    array of int
        The grid (0, 1, 2 ...) of each block.
    """
    graph = Graph(
        blocks[load].to_numpy(dtype=float),
        shapely.area(blocks.geometry.to_numpy()),
        shapely.length(blocks.geometry.to_numpy()),
        borders["one"].to_numpy(dtype=np.int64),
        borders["two"].to_numpy(dtype=np.int64),
        borders["metres"].to_numpy(dtype=float),
        borders["cost"].to_numpy(dtype=float),
        np.asarray(apart, dtype=np.int64).reshape(-1, 2),
    )
    want = Want(*households, weights or Weights())
    part = connected_parts(len(blocks), graph.one, graph.two)
    shares = _share_out(np.bincount(part, weights=graph.load).astype(np.float64), want, grids)
    labels = np.zeros(len(blocks), dtype=np.int64)
    used = 0
    for number, share in enumerate(shares):
        chosen = np.flatnonzero(part == number)
        ground = graph.within(chosen)
        found = _balance_part(ground, want, share, seed)
        found = mend_threads(ground, found, want, seed, _steps(ground) // MENDING)
        labels[chosen] = found + used
        used += int(found.max()) + 1
    return _attach_exclaves(labels, part, blocks.geometry.to_numpy(), graph.load, want)


def _share_out(loads: Numbers, want: Want, grids: int | None) -> list[int | None]:
    """How many of the wanted grids each piece of ground gets (None: as many as fit the band)."""
    if grids is None:
        return [None] * len(loads)
    # Pieces too small for a grid of their own will go with another one.
    fit = (loads >= want.low) | (np.arange(len(loads)) == loads.argmax())
    quota = np.where(fit, loads, 0.0) / max(loads[fit].sum(), 1e-9) * grids
    shares = np.maximum(np.floor(quota), 1).astype(np.int64)
    while shares[fit].sum() < grids:
        shares[np.where(fit, quota - shares, -np.inf).argmax()] += 1
    while shares[fit].sum() > grids and (shares[fit] > 1).any():
        shares[np.where(fit & (shares > 1), quota - shares, np.inf).argmin()] -= 1
    return [int(share) for share in shares]


def _attach_exclaves(labels: Positions, part: Positions, shapes: np.ndarray, load: Numbers, want: Want) -> Positions:
    """Give a piece of ground with too little load for a grid to the nearest grid that has room for it."""
    if part.max(initial=0) == 0:
        return labels
    for number in np.argsort(np.bincount(part, weights=load), kind="stable"):
        mine = part == number
        few = load[mine].sum()
        totals = np.bincount(labels, weights=load)[labels]
        fit = ~mine & ((few == 0) | (totals + few <= want.high))
        if few >= want.low or not fit.any():
            continue
        gap = shapely.distance(shapely.union_all(shapes[mine]), shapes)
        nearest = np.where(fit, gap, np.inf).argmin()
        labels = np.where(mine, labels[nearest], labels)
        part = np.where(mine, part[nearest], part)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _balance_part(graph: Graph, want: Want, grids: int | None, seed: int) -> Positions:
    """The best of a few numbers of grids and starts for connected blocks."""
    unavoidable = int((graph.load > want.high).sum())
    best, worth = np.zeros(len(graph.load), dtype=np.int64), (len(graph.load) ** 2 + 1, np.inf)
    counts = _likely_counts(graph.load, want) if grids is None else [min(grids, len(graph.load))]
    for place, count in enumerate([counts[0], *counts]):
        # The likely number gets a second, patient round before others are tried.
        starts = _starts(graph) if place < 2 else 1
        pace = PATIENT if place == 1 else Pace()
        best, worth = _try_starts(graph, (best, worth), count, want, range(seed * 100, seed * 100 + starts), pace)
        if worth[0] <= unavoidable:
            return best
    for attempt in range(THREADS):
        mended = best if grids is not None else _mend(graph, best, want)
        best, worth = better((best, worth), improve(graph, mended, want, seed + attempt))
        if worth[0] <= unavoidable:
            break
    return best


def _try_starts(graph: Graph, best: Ranked, grids: int, want: Want, seeds: range, pace: Pace) -> Ranked:
    """The best of some starts, tried side by side: the compiled loop leaves other threads alone."""

    def attempt(seed: int) -> Ranked:
        return improve(graph, _start(graph, grids, seed), want, seed, pace)

    if grids == 1:
        return better(best, attempt(seeds[0]))
    steps = _steps(graph)
    many = THREADS * IF_NARROW if want.narrow else THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        found = sorted(pool.map(attempt, seeds), key=lambda one: one[1])[:many]
        refined = pool.map(lambda one: refine(graph, one, want, seeds[0], steps), found)
        for one in refined:
            best = better(best, one)
    return best


def _unlike(graph: Graph) -> float:
    """How unlike the blocks are, and so how many more starts and moves a town takes; 1 for one that is easy."""
    return max(float(graph.area.std() / max(graph.area.mean(), 1e-9)) / ALIKE, 1.0)


def _starts(graph: Graph) -> int:
    """How many starts the likely number of grids gets."""
    return min(max(int(START_BLOCKS * _unlike(graph)) // len(graph.load), LEAST_STARTS), STARTS)


def _steps(graph: Graph) -> int:
    """How many moves refining tries."""
    count = len(graph.load)
    usual = max(REFINING, PER_BLOCK * count)
    return int(min(usual * _unlike(graph) ** 2, max(MOST, usual), PER_PAIR * count**2))


def _likely_counts(load: Numbers, want: Want) -> list[int]:
    """Numbers of grids to try: that of the band's middle first; blocks above the band count as a grid each."""
    large = load > want.high
    rest = load[~large].sum()
    wanted = max(int(large.sum()) + round(rest / ((want.low + want.high) / 2)), 1)
    most = max(int(large.sum()) + int(rest // want.low), 1)
    wanted = min(wanted, most, len(load))
    most = min(most, len(load))
    return [wanted, *(count for count in (wanted - 1, wanted + 1, wanted + 2, wanted - 2) if 1 <= count <= most)]


def _mend(graph: Graph, labels: Positions, want: Want) -> Positions:
    """Cut grids above the band in two or more, and join those below it to the least loaded neighbour with room."""
    labels = labels.copy()
    load = np.bincount(labels, weights=graph.load)
    for over in np.flatnonzero(load > want.high):
        chosen = np.flatnonzero(labels == over)
        part = graph.within(chosen)
        pieces = max(round(load[over] / ((want.low + want.high) / 2)), 2)
        cut = cut_graph(_weights(part), part.one, part.two, part.metres, pieces)
        labels[chosen] = np.where(cut == 0, over, labels.max() + cut)
    load = np.bincount(labels, weights=graph.load)
    for under in np.argsort(load, kind="stable")[: int((load < want.low).sum())]:
        beside = (labels[graph.one] == under) != (labels[graph.two] == under)
        others = np.unique(labels[np.concatenate([graph.one[beside], graph.two[beside]])])
        room = [other for other in others.tolist() if other != under and load[other] + load[under] <= want.high]
        if room:
            goal = min(room, key=lambda other: load[other])
            labels[labels == under] = goal
            load[goal] += load[under]
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _weights(graph: Graph) -> Positions:
    """Load as METIS takes it: whole numbers above 0, a thousand or more to a block on average."""
    scale = max(10.0, 1000.0 / max(float(graph.load.mean()), 1e-9)) if len(graph.load) else 1.0
    return np.rint(graph.load * min(scale, 1e9 / max(float(graph.load.sum()), 1.0))).astype(np.int64) + 1


def _start(graph: Graph, grids: int, seed: int) -> Positions:
    """Connected, non-empty parts of about equal load."""
    turn = np.random.default_rng(seed).permutation(len(graph.load))
    weight = np.empty(len(turn), dtype=np.int64)
    weight[turn] = _weights(graph)
    price = graph.cost + 0.3 * graph.metres + 1.0
    return cut_graph(weight, turn[graph.one], turn[graph.two], price, grids, seed, uneven=UNEVEN)[turn]
