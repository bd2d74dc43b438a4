"""Blocks and their neighbours as flat arrays, what a good grid is, and making grids better by annealing."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from geo.anneal import DOUBLE, THREAD, UNEVEN, Aim, Course, State, Town, anneal, grid_score, lay_desk
from geo.faces import Numbers, Positions
from geo.renew import Melt, renew

STEPS_PER_PAIR, STEPS_PER_BLOCK = 30, 2_800
"""Moves tried in one start, the less of so many for each pair of blocks or for each block: going slower helps less than
starting again."""

OF_THE_BAND = 0.53
"""In a narrow band, loads are even enough when they lie by this share of its half width off the mean."""

FEW = 12
"""Two or three grids can hardly be even and bordered by streets: two may be four times as uneven, five by a half."""

EVEN_PRICE = 8.0
"""The price of unequal loads begins at a quarter of the dearest, see `geo.anneal.price_anew`."""

DEAR = 5.0
"""So many times what it usually does a thread costs in the end, where one is left."""

A_TURN = 8
"""While threads are mended, the worst of one in so many grids is melted next."""

Ranked = tuple[Positions, tuple[int, float]]
"""The grid of each block; how many grids are out of the band and wishes unmet, and the score a grid."""


@dataclass(frozen=True)
class Pace:
    """How warm annealing begins and ends, in units of the score, and how many times the usual moves it tries.

    ``alone`` and ``reach``: how often a second block moves with the first, see `geo.anneal.Course`.
    """

    hot: float = 0.4
    cold: float = 0.03
    times: int = 1
    alone: int = 12
    reach: float = 0.5


PATIENT = Pace(hot=3.0, times=10, reach=5.0)
"""For when grids stay out of the band: so warm that they may leave it for a while, as they must where blocks are so
heavy that two have to change places."""


@dataclass(frozen=True)
class Weights:
    """What a good grid is: how even loads have to be, and how much shape and good borders count against each other.

    ``even`` is the standard deviation of the loads that is good enough, as a share of the mean (0: it does not count);
    in a narrow band it is less, with few grids more. ``shape`` is the weight of compactness (a circle 3.4, a square 4,
    a 1 : 4 strip 4.8), ``border`` that of a grid all bordered by yards, and ``thread`` how many times what it usually
    costs a grid as thin as a thread does.
    """

    even: float = 0.102
    shape: float = 1.0
    border: float = 0.25
    thread: float = 1.0


@dataclass(frozen=True)
class Want:
    """The band of load, lower and upper limit included, and what else counts."""

    low: float
    high: float
    weights: Weights = field(default_factory=Weights)

    @property
    def even(self) -> float:
        """The spread of the loads that is good enough where there are many grids, as a share of the mean."""
        return min(self.weights.even, OF_THE_BAND * (self.high - self.low) / (self.high + self.low))

    @property
    def narrow(self) -> bool:
        """Whether the band asks for loads more even than anybody else would."""
        return self.even < self.weights.even


@dataclass(frozen=True)
class Graph:
    """Blocks and their neighbours as flat arrays; ``apart`` are pairs of blocks that no grid may hold both of."""

    load: Numbers
    area: Numbers
    around: Numbers
    one: Positions
    two: Positions
    metres: Numbers
    cost: Numbers
    apart: Positions

    def within(self, chosen: Positions) -> "Graph":
        """The chosen blocks (by position, ascending), the borders and the quarrels among them."""
        number = np.full(len(self.load), -1, dtype=np.int64)
        number[chosen] = np.arange(len(chosen))
        use = (number[self.one] >= 0) & (number[self.two] >= 0)
        pairs = number[self.apart]
        return Graph(
            self.load[chosen],
            self.area[chosen],
            self.around[chosen],
            number[self.one[use]],
            number[self.two[use]],
            self.metres[use],
            self.cost[use],
            pairs[(pairs >= 0).all(axis=1)],
        )


def improve(graph: Graph, labels: Positions, want: Want, seed: int, pace: Pace | None = None) -> Ranked:
    """Make grids of connected blocks better by annealing; the first ones stay where nothing better is found.

    Parameters
    ----------
    labels : array of int
        The grid (0, 1, 2 ...) of each block: connected, each present.
    pace : Pace, optional
        The usual one if left out.
    """
    grids = int(labels.max()) + 1
    start = (labels, rank(graph, labels, want))
    if grids in (1, len(labels)):
        return start
    state, town, aim = _state(graph, labels, want, seed), _town(graph), _aim(graph, want, grids)
    steps, pace = min(STEPS_PER_PAIR * len(labels) ** 2, STEPS_PER_BLOCK * len(labels)), pace or Pace()
    course = Course(steps * pace.times, pace.hot, pace.cold, pace.alone, pace.reach)
    anneal(state, town, aim, course, lay_desk(state, town))
    return better(start, (state.labels, rank(graph, state.labels, want)))


def refine(graph: Graph, found: Ranked, want: Want, seed: int, steps: int, among: int = Melt().among) -> Ranked:
    """Make annealed grids better by melting a few neighbouring ones at a time, around the worst of so many drawn."""
    grids = int(found[0].max()) + 1
    if grids in (1, len(found[0])):
        return found
    state, town, aim = _state(graph, found[0], want, seed), _town(graph), _aim(graph, want, grids)
    usual = Pace()
    course = Course(steps, usual.hot, usual.cold, usual.alone, usual.reach)
    renew(state, town, aim, course, lay_desk(state, town), Melt(among=among))
    return better(found, (state.labels, rank(graph, state.labels, want)))


def mend_threads(graph: Graph, labels: Positions, want: Want, seed: int, steps: int) -> Positions:
    """Melt grids once more where any is as thin as a thread, at a price that no roundness elsewhere makes up for.

    Now and then all grids together come out roundest with a thread among them; nobody wants to be in charge of it. The
    worst grid of so many drawn is mostly a thread, but one that cannot be mended does not keep others from their turn.
    """
    if not has_threads(graph, labels):
        return labels
    dear = replace(want, weights=replace(want.weights, thread=DEAR))
    among = max((int(labels.max()) + 1) // A_TURN, 2)
    return refine(graph, (labels, rank(graph, labels, dear)), dear, seed, steps, among)[0]


def _state(graph: Graph, labels: Positions, want: Want, seed: int) -> State:
    """Where annealing begins."""
    grids = int(labels.max()) + 1
    aim, totals = _aim(graph, want, grids), totals_of(graph, labels, grids)
    strain = UNEVEN / (EVEN_PRICE * aim.even**2) if aim.even > 0 else 0.0
    scores = np.array([grid_score(*row, aim, strain) for row in totals.tolist()])
    random = np.random.default_rng(seed).integers(1, 2**63, 1, dtype=np.uint64)
    return State(labels.copy(), totals, scores, np.array([strain]), random)


def better(one: Ranked, two: Ranked) -> Ranked:
    """The better of two results: fewer faults, then the lower score; the first on a tie."""
    return two if two[1] < one[1] else one


def rank(graph: Graph, labels: Positions, want: Want) -> tuple[int, float]:
    """How many grids are out of the band and how many wishes unmet; and what annealing lowers, a grid."""
    grids = int(labels.max()) + 1
    aim, totals = _aim(graph, want, grids), totals_of(graph, labels, grids)
    cut = labels[graph.one] != labels[graph.two]
    score = sum(float(grid_score(*row, aim, 0.0)) for row in totals.tolist())
    score += aim.border * float(graph.cost[cut].sum())
    if aim.even > 0:
        off = totals[:, 0] * aim.per_mean - 1
        off = off[abs(off) < DOUBLE]
        spread = float(np.sqrt((off**2).sum() / max(len(off), 1)))
        score += grids * UNEVEN * max(spread / aim.even - 1, 0.0)
    out = int(((totals[:, 0] < want.low) | (totals[:, 0] > want.high)).sum())
    quarrels = int((labels[graph.apart[:, 0]] == labels[graph.apart[:, 1]]).sum())
    return out + quarrels, score / grids


def has_threads(graph: Graph, labels: Positions) -> bool:
    """Whether any grid is as thin as a thread."""
    _, area, around = totals_of(graph, labels, int(labels.max()) + 1).T
    return bool((area < THREAD * around**2).any())


def totals_of(graph: Graph, labels: Positions, grids: int) -> Numbers:
    """Load, area and perimeter of each grid."""
    inner = labels[graph.one] == labels[graph.two]
    around = np.bincount(labels, weights=graph.around, minlength=grids)
    around -= 2 * np.bincount(labels[graph.one[inner]], weights=graph.metres[inner], minlength=grids)
    load = np.bincount(labels, weights=graph.load, minlength=grids)
    area = np.bincount(labels, weights=graph.area, minlength=grids)
    return np.stack([load, area, around], axis=1)


def _aim(graph: Graph, want: Want, grids: int) -> Aim:
    """What annealing aims at; a metre of poor border weighs less in a town of large grids."""
    large = graph.load > want.high
    mean = max(float(graph.load[~large].sum()) / max(grids - int(large.sum()), 1), 1e-9)
    side = float(np.sqrt(graph.area.sum() / grids))
    weights, even = want.weights, want.even * (1 + FEW / grids**2)
    border = weights.border / side
    return Aim(float(want.low), float(want.high), 1.0 / mean, even, weights.shape, border, weights.thread)


def _town(graph: Graph) -> Town:
    """The graph as the compiled loop reads it."""
    first, order, end = _by_start(graph.one, graph.two, len(graph.load))
    first_foe, _, foes = _by_start(graph.apart[:, 0], graph.apart[:, 1], len(graph.load))
    metres, cost = np.tile(graph.metres, 2)[order], np.tile(graph.cost, 2)[order]
    owner = np.repeat(np.arange(len(graph.load)), np.diff(first))
    return Town(first, owner, end, metres, cost, graph.load, graph.area, graph.around, first_foe, foes)


def _by_start(one: Positions, two: Positions, count: int) -> tuple[Positions, NDArray[np.intp], Positions]:
    """Pairs in both directions by their first: where each first begins, their order, and the second of each."""
    start, end = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort((end, start))
    first = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=count))]).astype(np.int64)
    return first, order, np.ascontiguousarray(end[order])
