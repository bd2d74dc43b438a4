"""Joining blocks to grids: connected, with their households in the band, compact, bordered by important streets."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.anneal import Aim, Town, anneal, grid_score
from geo.faces import Numbers, Positions, connected_parts
from geo.graph import cut_graph

SPREAD = 2.5
"""Weight of unequal numbers of households, against compactness (a circle 3.5, a square 4, a 1 : 4 strip 5)."""

BORDER = 4.0
"""Weight of poor borders: of a grid all bordered by yards, against compactness."""

STEPS_PER_BLOCK, MOST_STEPS = 4000, 4_000_000
"""Moves tried; more no longer change the figures of the towns tried (350 to 700 blocks)."""

HOT, COLD = 2.0, 0.01
"""First and last temperature, in units of the score: at first a worse border is taken often, at last hardly ever."""

STARTS = 3
"""Starts tried for the first number of grids; others, tried when grids stay out of the band, get one."""


Ranked = tuple[Positions, tuple[int, float]]
"""The grid of each block; how many grids are out of the band, and the score a grid."""


@dataclass(frozen=True)
class Graph:
    """Blocks and their neighbours as flat arrays; ``metres`` and ``cost`` per direction."""

    people: Numbers
    area: Numbers
    around: Numbers
    one: Positions
    two: Positions
    metres: Numbers
    cost: Numbers

    def within(self, chosen: Positions) -> "Graph":
        """The chosen blocks (by position, ascending) and the borders among them."""
        number = np.full(len(self.people), -1, dtype=np.int64)
        number[chosen] = np.arange(len(chosen))
        use = (number[self.one] >= 0) & (number[self.two] >= 0)
        return Graph(
            self.people[chosen],
            self.area[chosen],
            self.around[chosen],
            number[self.one[use]],
            number[self.two[use]],
            self.metres[use],
            self.cost[use],
        )


def balance_blocks(
    blocks: gpd.GeoDataFrame, borders: pd.DataFrame, *, households: tuple[int, int] = (150, 500), seed: int = 0
) -> Positions:
    """Join blocks to connected grids of balanced numbers of households.

    The number of grids follows from the households and the middle of the band. Ground in several pieces is joined piece
    by piece; a piece with too few households for a grid of its own goes with the nearest grid that has room. The same
    input and seed give the same grids.

    Parameters
    ----------
    blocks : GeoDataFrame
        ``households`` and polygons in metres, a valid coverage.
    borders : DataFrame
        From `geo.blocks.neighbours`.
    households : (int, int)
        The band.
    seed : int
        Of the random search.

    Returns
    -------
    array of int
        The grid (0, 1, 2 ...) of each block.
    """
    graph = Graph(
        blocks["households"].to_numpy(dtype=float),
        shapely.area(blocks.geometry.to_numpy()),
        shapely.length(blocks.geometry.to_numpy()),
        borders["one"].to_numpy(dtype=np.int64),
        borders["two"].to_numpy(dtype=np.int64),
        borders["metres"].to_numpy(dtype=float),
        borders["cost"].to_numpy(dtype=float),
    )
    part = connected_parts(len(blocks), graph.one, graph.two)
    labels = np.zeros(len(blocks), dtype=np.int64)
    used = 0
    for number in range(int(part.max(initial=-1)) + 1):
        chosen = np.flatnonzero(part == number)
        found = _balance_part(graph.within(chosen), households, seed)
        labels[chosen] = found + used
        used += int(found.max()) + 1
    return _attach_exclaves(labels, part, blocks, households)


def _attach_exclaves(
    labels: Positions, part: Positions, blocks: gpd.GeoDataFrame, households: tuple[int, int]
) -> Positions:
    """Give a piece of ground with too few households for a grid to the nearest grid that has room for them."""
    shapes, people = blocks.geometry.to_numpy(), blocks["households"].to_numpy(dtype=float)
    for number in np.argsort(np.bincount(part, weights=people), kind="stable"):
        mine = part == number
        few = people[mine].sum()
        totals = np.bincount(labels, weights=people)[labels]
        fit = ~mine & ((few == 0) | (totals + few <= households[1]))
        if few >= households[0] or not fit.any():
            continue
        gap = shapely.distance(shapely.union_all(shapes[mine]), shapes)
        nearest = np.where(fit, gap, np.inf).argmin()
        labels = np.where(mine, labels[nearest], labels)
        part = np.where(mine, part[nearest], part)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _balance_part(graph: Graph, households: tuple[int, int], seed: int) -> Positions:
    """The best of a few numbers of grids and starts for connected blocks."""
    unavoidable = int((graph.people > households[1]).sum())
    best, rank = np.zeros(len(graph.people), dtype=np.int64), (len(graph.people) + 1, np.inf)
    for place, grids in enumerate(_likely_counts(graph.people, households)):
        for attempt in range(STARTS if place == 0 else 1):
            start = _start(graph, grids, seed + attempt)
            best, rank = _better((best, rank), _improve(graph, start, households, seed + attempt))
        if rank[0] <= unavoidable:
            return best
    for attempt in range(STARTS):
        mended = _mend(graph, best, households)
        best, rank = _better((best, rank), _improve(graph, mended, households, seed + attempt))
        if rank[0] <= unavoidable:
            break
    return best


def _better(one: Ranked, two: Ranked) -> Ranked:
    """The better of two results: fewer grids out of the band, then the lower score; the first on a tie."""
    return two if two[1] < one[1] else one


def _likely_counts(people: Numbers, households: tuple[int, int]) -> list[int]:
    """Numbers of grids to try: that of the band's middle first; blocks above the band count as a grid each."""
    low, high = households
    large = people > high
    rest = people[~large].sum()
    wanted = max(int(large.sum()) + round(rest / ((low + high) / 2)), 1)
    most = max(int(large.sum()) + int(rest // max(low, 1)), 1)
    wanted = min(wanted, most, len(people))
    most = min(most, len(people))
    return [wanted, *(count for count in (wanted - 1, wanted + 1, wanted + 2, wanted - 2) if 1 <= count <= most)]


def _improve(graph: Graph, labels: Positions, households: tuple[int, int], seed: int) -> Ranked:
    """Grids made better by annealing, and how good they are."""
    best = labels.copy()
    if labels.max() > 0:
        grids = int(labels.max()) + 1
        start, end = np.concatenate([graph.one, graph.two]), np.concatenate([graph.two, graph.one])
        order = np.lexsort((end, start))
        first = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=len(labels)))]).astype(np.int64)
        metres, cost = np.tile(graph.metres, 2)[order], np.tile(graph.cost, 2)[order]
        town = Town(first, end[order], metres, cost, graph.people, graph.area, graph.around)
        schedule = np.array([min(STEPS_PER_BLOCK * len(labels), MOST_STEPS), HOT, COLD], dtype=float)
        state = np.random.default_rng(seed).integers(1, 2**63, size=1, dtype=np.uint64)
        totals, aim = _totals(graph, labels, grids), _aim(graph, households, grids)
        anneal(labels.copy(), best, town, totals, aim, schedule, state)
    return best, (_out_of_band(graph, best, households), _score(graph, best, households) / (best.max() + 1))


def _mend(graph: Graph, labels: Positions, households: tuple[int, int]) -> Positions:
    """Cut grids above the band in two or more, and join those below it to the least populous neighbour with room."""
    low, high = households
    labels = labels.copy()
    people = np.bincount(labels, weights=graph.people)
    for over in np.flatnonzero(people > high):
        chosen = np.flatnonzero(labels == over)
        part = graph.within(chosen)
        cut = cut_graph(
            _weights(part), part.one, part.two, part.metres, max(round(people[over] / ((low + high) / 2)), 2)
        )
        labels[chosen] = np.where(cut == 0, over, labels.max() + cut)
    people = np.bincount(labels, weights=graph.people)
    for under in np.argsort(people, kind="stable")[: int((people < low).sum())]:
        beside = (labels[graph.one] == under) != (labels[graph.two] == under)
        others = np.unique(labels[np.concatenate([graph.one[beside], graph.two[beside]])])
        room = [other for other in others.tolist() if other != under and people[other] + people[under] <= high]
        if room:
            goal = min(room, key=lambda other: people[other])
            labels[labels == under] = goal
            people[goal] += people[under]
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _weights(graph: Graph) -> Positions:
    """Households as METIS takes them: whole numbers above 0."""
    return np.rint(graph.people * 10).astype(np.int64) + 1


def _start(graph: Graph, grids: int, seed: int) -> Positions:
    """Connected, non-empty parts of about equal households."""
    turn = np.random.default_rng(seed).permutation(len(graph.people))
    weight = np.empty(len(turn), dtype=np.int64)
    weight[turn] = _weights(graph)
    price = graph.cost + 0.3 * graph.metres + 1.0
    return cut_graph(weight, turn[graph.one], turn[graph.two], price, grids, seed)[turn]


def _totals(graph: Graph, labels: Positions, grids: int) -> Numbers:
    """Households, area and perimeter of each grid."""
    inner = labels[graph.one] == labels[graph.two]
    around = np.bincount(labels, weights=graph.around, minlength=grids)
    around -= 2 * np.bincount(labels[graph.one[inner]], weights=graph.metres[inner], minlength=grids)
    people = np.bincount(labels, weights=graph.people, minlength=grids)
    area = np.bincount(labels, weights=graph.area, minlength=grids)
    return np.stack([people, area, around], axis=1)


def _aim(graph: Graph, households: tuple[int, int], grids: int) -> Aim:
    """What annealing aims at; a metre of poor border weighs less in a town of large grids."""
    large = graph.people > households[1]
    mean = max(float(graph.people[~large].sum()) / max(grids - int(large.sum()), 1), 1.0)
    side = float(np.sqrt(graph.area.sum() / grids))
    return Aim(float(households[0]), float(households[1]), mean, SPREAD, BORDER / side)


def _score(graph: Graph, labels: Positions, households: tuple[int, int]) -> float:
    """The score that annealing lowers."""
    grids = int(labels.max()) + 1
    aim = _aim(graph, households, grids)
    cut = labels[graph.one] != labels[graph.two]
    each = sum(float(grid_score(*totals, aim)) for totals in _totals(graph, labels, grids).tolist())
    return each + aim.border * float(graph.cost[cut].sum())


def _out_of_band(graph: Graph, labels: Positions, households: tuple[int, int]) -> int:
    """How many grids lie outside the band."""
    people = np.bincount(labels, weights=graph.people)
    return int(((people < households[0]) | (people > households[1])).sum())
