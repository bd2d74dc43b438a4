"""Moving blocks from grid to grid until no move helps any more: the compiled inner loop of `geo.balance`.

Plain loops over flat arrays: numba compiles those in a few seconds, once, and keeps the result beside the source.
"""

from typing import Any, NamedTuple, Protocol, cast

import numba
import numpy as np
from numpy.typing import NDArray

from geo.faces import Numbers, Positions

OUT_OF_BAND, PER_SHARE_OUT = 5.0, 20.0
"""Price of a grid out of the band, and of each share of the limit that it is out by; compactness is about 4 a grid."""

QUARREL = 20.0
"""Price of two blocks in one grid that are wished apart: more than any grid out of the band is worth."""

FAR_OFF = 0.15
"""A grid this share away from the mean weighs twice as much as the square of the distance alone would have it."""

THIN, TOO_THIN = 7.9, 2.0
"""Perimeter over root of area from which on a grid is a thread (compactness 0.2), and by how much more it then counts:
without that, one thread would be let pass for many round grids."""

FLIPS, SWAPS = 13, 14
"""Of 16 tries so many move one block, and up to so many one or two; the rest go on to a third."""


class Compiled(Protocol):
    """A function after numba: compiled at its first call and kept beside the source for the next start."""

    def __call__(self, *args: Any) -> Any: ...


def compiled(function: Any) -> Compiled:
    """Compile a function when it is first called; while it runs, other threads do too."""
    return cast(Compiled, numba.njit(cache=True, nogil=True)(function))


class Town(NamedTuple):
    """What annealing does not change: each block's neighbours and foes (from ``first`` on), and its size."""

    first: Positions
    adjacent: Positions
    metres: Numbers
    cost: Numbers
    people: Numbers
    area: Numbers
    around: Numbers
    first_foe: Positions
    foes: Positions


class Aim(NamedTuple):
    """What is wanted: the band, the mean, and the weights of shape, unequal load and a metre of poor border."""

    low: float
    high: float
    mean: float
    shape: float
    spread: float
    border: float


class Course(NamedTuple):
    """How long and how warm: moves tried, first and last temperature in units of the score."""

    steps: int
    hot: float
    cold: float


class State(NamedTuple):
    """What annealing changes: the grid of each block, and of each grid load, area and perimeter, and its score."""

    labels: Positions
    totals: Numbers
    scores: Numbers
    random: NDArray[np.uint64]


@compiled
def grid_score(people: float, area: float, around: float, aim: Aim) -> float:
    """How bad one grid is: out of the band (most), far from compact, far from the mean.

    Distance from the mean counts more than square: one grid with twice the load is worse than many that are a bit off.
    """
    if area <= 0.0 or around <= 0.0:
        return 0.0
    off = people / aim.mean - 1.0
    ratio = around / np.sqrt(area)
    if ratio > THIN:
        ratio += TOO_THIN * (ratio - THIN)
    score: float = aim.shape * ratio + aim.spread * off * off * (1.0 + (off / FAR_OFF) ** 2)
    if people < aim.low:
        score += OUT_OF_BAND + PER_SHARE_OUT * (aim.low - people) / aim.low
    elif people > aim.high:
        score += OUT_OF_BAND + PER_SHARE_OUT * (people - aim.high) / aim.high
    return score


@compiled
def stays_connected(block: int, labels: Positions, town: Town, stamp: Positions, mark: int, queue: Positions) -> bool:
    """Whether the rest of its grid stays in one piece without this block."""
    label = labels[block]
    wanted = 0
    for at in range(town.first[block], town.first[block + 1]):
        other = town.adjacent[at]
        if labels[other] == label:
            stamp[other] = -mark
            queue[0] = other
            wanted += 1
    if wanted < 2:
        return wanted == 1
    stamp[block] = mark
    stamp[queue[0]] = mark
    wanted -= 1
    head, tail = 0, 1
    while head < tail and wanted > 0:
        here = queue[head]
        head += 1
        for at in range(town.first[here], town.first[here + 1]):
            other = town.adjacent[at]
            if labels[other] == label and stamp[other] != mark:
                if stamp[other] == -mark:
                    wanted -= 1
                stamp[other] = mark
                queue[tail] = other
                tail += 1
    return wanted == 0


@compiled
def weigh(block: int, goal: int, state: State, town: Town, aim: Aim, found: Numbers) -> float:
    """What moving a block to another grid would change the score by; ``found`` keeps the parts for `move`."""
    labels, totals = state.labels, state.totals
    home = labels[block]
    with_home = 0.0
    with_goal = 0.0
    price = 0.0
    for at in range(town.first[block], town.first[block + 1]):
        label = labels[town.adjacent[at]]
        if label == home:
            with_home += town.metres[at]
            price += town.cost[at]
        elif label == goal:
            with_goal += town.metres[at]
            price -= town.cost[at]
    change = aim.border * price
    for at in range(town.first_foe[block], town.first_foe[block + 1]):
        label = labels[town.foes[at]]
        if label == home:
            change -= QUARREL
        elif label == goal:
            change += QUARREL
    people, area, around = town.people[block], town.area[block], town.around[block]
    found[0] = 2.0 * with_home - around
    found[1] = around - 2.0 * with_goal
    found[2] = grid_score(totals[home, 0] - people, totals[home, 1] - area, totals[home, 2] + found[0], aim)
    found[3] = grid_score(totals[goal, 0] + people, totals[goal, 1] + area, totals[goal, 2] + found[1], aim)
    after: float = change + found[2] + found[3] - state.scores[home] - state.scores[goal]
    return after


@compiled
def move(block: int, goal: int, state: State, town: Town, found: Numbers) -> None:
    """Move a block that was just weighed for this goal."""
    home = state.labels[block]
    people, area = town.people[block], town.area[block]
    state.totals[home, 0] -= people
    state.totals[home, 1] -= area
    state.totals[home, 2] += found[0]
    state.totals[goal, 0] += people
    state.totals[goal, 1] += area
    state.totals[goal, 2] += found[1]
    state.scores[home] = found[2]
    state.scores[goal] = found[3]
    state.labels[block] = goal


@compiled
def draw_number(state: NDArray[np.uint64], below: int) -> np.int64:
    """The next random whole number (xorshift64*: the same on every machine and in every version of numba)."""
    value = state[0]
    value ^= value >> np.uint64(12)
    value ^= value << np.uint64(25)
    value ^= value >> np.uint64(27)
    state[0] = value
    drawn = (value * np.uint64(2685821657736338717)) >> np.uint64(32)
    return np.int64((drawn * np.uint64(below)) >> np.uint64(32))


@compiled
def draw_beside(block: int, town: Town, random: NDArray[np.uint64]) -> np.int64:
    """A neighbour of a block, each as likely as the next."""
    first = town.first[block]
    return np.int64(town.adjacent[first + draw_number(random, town.first[block + 1] - first)])


@compiled
def anneal(state: State, town: Town, aim: Aim, course: Course) -> None:
    """Simulated annealing over flips, swaps and chains of three, in place; every block needs a neighbour."""
    labels, random = state.labels, state.random
    stamp, queue = np.zeros(len(labels), dtype=np.int64), np.zeros(len(labels) + 1, dtype=np.int64)
    moved, homes, found = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64), np.zeros(4)
    cooling = (course.cold / course.hot) ** (1.0 / course.steps)
    heat = course.hot
    for step in range(course.steps):
        heat *= cooling
        block = draw_number(random, len(labels))
        other = draw_beside(block, town, random)
        if labels[other] == labels[block]:
            continue
        chance = draw_number(random, 16)
        length = 1 if chance < FLIPS else (2 if chance < SWAPS else 3)
        # How much worse the score may get this time.
        room = -heat * np.log((draw_number(random, 1 << 30) + 1.0) / (1 << 30))
        change, done = 0.0, 0
        while True:
            goal = labels[other]
            if goal == labels[block]:
                break
            price = weigh(block, goal, state, town, aim, found)
            if (length == 1 and price > room) or not stays_connected(
                block, labels, town, stamp, 3 * step + done + 1, queue
            ):
                break
            moved[done], homes[done] = block, labels[block]
            move(block, goal, state, town, found)
            change += price
            done += 1
            if change <= room or done == length:
                break
            # The next of the chain: a block near the one that has just been joined goes on.
            block = draw_beside(other, town, random)
            other = draw_beside(block, town, random)
        if change > room:
            for at in range(done - 1, -1, -1):
                weigh(moved[at], homes[at], state, town, aim, found)
                move(moved[at], homes[at], state, town, found)
