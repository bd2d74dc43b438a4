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

ROUNDNESS = 37.0
"""What area over squared perimeter counts: at a usual grid's, as much as perimeter over root of area."""

SQUARE = 4.0 + ROUNDNESS / 16.0
"""So that a square scores four."""

THREAD, A_THREAD, TOO_THIN = 0.22 / (4.0 * np.pi), 1.0, 3.0
"""Area over squared perimeter below which a grid is a thread (compactness 0.22), what being one costs, and what each
further part of perimeter over root of area does: without that, one thread would be let pass for many round grids."""

ROUND, ROUNDS = 256, 64
"""Tries at one temperature; and after so many temperatures the price of unequal loads is set anew."""

UNEVEN = 0.45
"""Price of a spread twice as wide as wanted, in the score of a grid."""

PRICIER, CHEAPEST = 1.05, 0.3
"""By how much the price of unequal loads is raised or lowered at a time, and the lowest; the highest is what a wider
spread is worth."""

EVEN_ENOUGH = 0.98
"""Of the spread that is wanted: the price is set so that loads end a little more even."""

DOUBLE = 1.0
"""A grid off by its whole mean is one that a single large block forces: it says nothing of how even the others are."""

ROOMS = 8192
"""So many different draws decide how much worse the score may get."""


class Compiled(Protocol):
    """A function after numba: compiled at its first call and kept beside the source for the next start."""

    def __call__(self, *args: Any) -> Any: ...


def compiled(function: Any) -> Compiled:
    """Compile a function when it is first called; while it runs, other threads do too. Dividing by 0 gives infinity."""
    return cast(Compiled, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


class Town(NamedTuple):
    """What annealing does not change: each block's neighbours and foes (from ``first`` on), and its size.

    A border is a position in ``owner`` and ``adjacent``: whose it is, and who is beyond; each stands there twice.
    """

    first: Positions
    owner: Positions
    adjacent: Positions
    metres: Numbers
    cost: Numbers
    people: Numbers
    area: Numbers
    around: Numbers
    first_foe: Positions
    foes: Positions


class Aim(NamedTuple):
    """What is wanted: the band, one over the mean, how even, and the weights of shape and of a metre of poor border.

    ``even`` is the standard deviation of the loads that is good enough, as a share of the mean; 0: it does not count.
    ``thread`` is how many times its price a thread costs.
    """

    low: float
    high: float
    per_mean: float
    even: float
    shape: float
    border: float
    thread: float = 1.0


class Course(NamedTuple):
    """How long and how warm: moves tried, first and last temperature in units of the score.

    Of 16 tries ``alone`` end with one block; the others go on to a second one if the first costs no more than ``reach``
    above what is let pass.
    """

    steps: int
    hot: float
    cold: float
    alone: int
    reach: float


class State(NamedTuple):
    """What annealing changes: the grid of each block; of each grid load, area and perimeter, and its score.

    ``strain`` holds one number, the price of unequal loads: of the squared distance from the mean, in shares of it.
    """

    labels: Positions
    totals: Numbers
    scores: Numbers
    strain: Numbers
    random: NDArray[np.uint64]


class Desk(NamedTuple):
    """What annealing notes down for itself.

    ``known`` is what moving the owner of a border across it changes the score by, as of ``when``; it still does unless
    one of the two grids has ``changed`` since. ``clock`` holds the time and the last mark that was stamped.
    """

    stamp: Positions
    queue: Positions
    known: Numbers
    when: Positions
    changed: Positions
    clock: Positions
    rooms: Numbers
    found: Numbers


@compiled
def lay_desk(state: State, town: Town) -> Desk:
    """A desk on which nothing is noted yet."""
    rooms = np.empty(ROOMS)
    for at in range(ROOMS):
        rooms[at] = -np.log((at + 0.5) / ROOMS)
    blocks, borders, clock = len(state.labels), len(town.adjacent), np.zeros(2, np.int64)
    stamp, queue = np.zeros(blocks, np.int64), np.zeros(blocks + 1, np.int64)
    known, when, changed = np.zeros(borders), np.full(borders, -1, np.int64), np.zeros(len(state.totals), np.int64)
    return Desk(stamp, queue, known, when, changed, clock, rooms, np.zeros(4))


@compiled
def grid_score(people: float, area: float, around: float, aim: Aim, strain: float) -> float:
    """How bad one grid is: out of the band (most), far from compact, far from the mean.

    Compactness counts as it is judged, so that all grids together come out round; threads alone count extra.
    """
    if area <= 0.0 or around <= 0.0:
        return 0.0
    off = people * aim.per_mean - 1.0
    thick = area / (around * around)
    shape = SQUARE - ROUNDNESS * thick
    if thick < THREAD:
        shape += aim.thread * (A_THREAD + TOO_THIN * (1.0 / np.sqrt(thick) - 1.0 / np.sqrt(THREAD)))
    score: float = aim.shape * shape + strain * off * off
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
    strain = state.strain[0]
    found[2] = grid_score(totals[home, 0] - people, totals[home, 1] - area, totals[home, 2] + found[0], aim, strain)
    found[3] = grid_score(totals[goal, 0] + people, totals[goal, 1] + area, totals[goal, 2] + found[1], aim, strain)
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
def draw_bits(state: NDArray[np.uint64]) -> np.uint64:
    """The next 64 random bits (xorshift64*: the same on every machine and in every version of numba)."""
    value = state[0]
    value ^= value >> np.uint64(12)
    value ^= value << np.uint64(25)
    value ^= value >> np.uint64(27)
    state[0] = value
    return np.uint64(value * np.uint64(2685821657736338717))


@compiled
def draw_number(state: NDArray[np.uint64], below: int) -> np.int64:
    """The next random whole number."""
    return np.int64(((draw_bits(state) >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32))


@compiled
def draw_beside(block: int, town: Town, random: NDArray[np.uint64]) -> np.int64:
    """A neighbour of a block, each as likely as the next."""
    first = town.first[block]
    return np.int64(town.adjacent[first + draw_number(random, town.first[block + 1] - first)])


@compiled
def spread_of(state: State, aim: Aim) -> float:
    """Standard deviation of the loads as a share of the mean; grids that a large block forces are left out."""
    total, count = 0.0, 0
    for grid in range(len(state.totals)):
        off = state.totals[grid, 0] * aim.per_mean - 1.0
        if abs(off) < DOUBLE:
            total += off * off
            count += 1
    return float(np.sqrt(total / max(count, 1)))


@compiled
def price_anew(state: State, aim: Aim, desk: Desk) -> None:
    """Make unequal loads dearer where they are more unequal than wanted, else cheaper; all scores follow."""
    if spread_of(state, aim) > EVEN_ENOUGH * aim.even:
        state.strain[0] = min(state.strain[0] * PRICIER, UNEVEN / (2.0 * aim.even * aim.even))
    else:
        state.strain[0] = max(state.strain[0] / PRICIER, CHEAPEST)
    for grid in range(len(state.totals)):
        people, area, around = state.totals[grid, 0], state.totals[grid, 1], state.totals[grid, 2]
        state.scores[grid] = grid_score(people, area, around, aim, state.strain[0])
    desk.clock[0] += 1
    desk.changed[:] = desk.clock[0]


@compiled
def anneal(state: State, town: Town, aim: Aim, course: Course, desk: Desk) -> None:
    """Simulated annealing over single blocks and pairs of them, in place; every block needs a neighbour."""
    rounds = course.steps // ROUND + 1
    cooling = (course.cold / course.hot) ** (ROUNDS / rounds)
    borders, heat = np.arange(len(town.adjacent)), course.hot
    for first in range(0, rounds, ROUNDS):
        if aim.even > 0.0:
            price_anew(state, aim, desk)
        many = min(ROUNDS, rounds - first)
        cool(state, town, aim, Course(many * ROUND, heat, heat * cooling, course.alone, course.reach), desk, borders)
        heat *= cooling


@compiled
def cool(state: State, town: Town, aim: Aim, course: Course, desk: Desk, borders: Positions) -> float:
    """Try to move blocks across the given borders, ever more sparingly; returns what that changed the score by."""
    labels, known, when, changed, clock = state.labels, desk.known, desk.when, desk.changed, desk.clock
    rounds = course.steps // ROUND
    heat, cooling, gained = course.hot, (course.cold / course.hot) ** (1.0 / rounds), 0.0
    for _ in range(rounds):
        heat *= cooling
        for _ in range(ROUND):
            bits = draw_bits(state.random)
            border = borders[np.int64(((bits >> np.uint64(32)) * np.uint64(len(borders))) >> np.uint64(32))]
            block, other = town.owner[border], town.adjacent[border]
            home, goal = labels[block], labels[other]
            if home == goal:
                continue
            # How much worse the score may get this time.
            room = heat * desk.rooms[np.int64((bits >> np.uint64(14)) & np.uint64(ROOMS - 1))]
            alone = np.int64((bits >> np.uint64(28)) & np.uint64(15)) < course.alone
            fresh = when[border] < changed[home] or when[border] < changed[goal]
            if fresh:
                known[border] = weigh(block, goal, state, town, aim, desk.found)
                when[border] = clock[0]
            price = known[border]
            if price > room and (alone or price > room + course.reach):
                continue
            clock[1] += 1
            if not stays_connected(block, labels, town, desk.stamp, clock[1], desk.queue):
                continue
            if not fresh:
                weigh(block, goal, state, town, aim, desk.found)
            if price <= room:
                move(block, goal, state, town, desk.found)
                clock[0] += 1
                changed[home] = changed[goal] = clock[0]
                gained += price
            else:
                gained += try_pair(block, other, price, room, state, town, aim, desk)
    return gained


@compiled
def try_pair(
    block: int, other: int, price: float, room: float, state: State, town: Town, aim: Aim, desk: Desk
) -> float:
    """Move a block that was just weighed, and another one near where it goes, if both together cost little enough."""
    labels, totals, scores = state.labels, state.totals, state.scores
    home, goal = labels[block], labels[other]
    second = draw_beside(other, town, state.random)
    third, there = draw_beside(second, town, state.random), labels[second]
    onto = goal if third == block else labels[third]
    if second == block or onto == there or (there != goal and there != home):
        return 0.0
    people, area, around, score = totals[home, 0], totals[home, 1], totals[home, 2], scores[home]
    goal_people, goal_area, goal_around, goal_score = totals[goal, 0], totals[goal, 1], totals[goal, 2], scores[goal]
    move(block, goal, state, town, desk.found)
    both: float = price + weigh(second, onto, state, town, aim, desk.found)
    desk.clock[1] += 1
    if both <= room and stays_connected(second, labels, town, desk.stamp, desk.clock[1], desk.queue):
        move(second, onto, state, town, desk.found)
        desk.clock[0] += 1
        desk.changed[home] = desk.changed[goal] = desk.changed[onto] = desk.clock[0]
        return both
    labels[block] = home
    totals[home, 0], totals[home, 1], totals[home, 2], scores[home] = people, area, around, score
    totals[goal, 0], totals[goal, 1], totals[goal, 2], scores[goal] = goal_people, goal_area, goal_around, goal_score
    return 0.0
