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


class Compiled(Protocol):
    """A function after numba: compiled at its first call and kept beside the source for the next start."""

    def __call__(self, *args: Any) -> Any: ...


def compiled(function: Any) -> Compiled:
    """Compile a function when it is first called."""
    return cast(Compiled, numba.njit(cache=True)(function))


class Town(NamedTuple):
    """What annealing does not change: each block's neighbours (from ``first`` on) and its size."""

    first: Positions
    adjacent: Positions
    metres: Numbers
    cost: Numbers
    people: Numbers
    area: Numbers
    around: Numbers


class Aim(NamedTuple):
    """What is wanted: the band, the mean, and the weights of unequal households and of a metre of poor border."""

    low: float
    high: float
    mean: float
    spread: float
    border: float


@compiled
def grid_score(people: float, area: float, around: float, aim: Aim) -> float:
    """How bad one grid is: out of the band (most), far from compact, far from the mean."""
    if area <= 0.0:
        return 0.0
    score: float = around / np.sqrt(area) + aim.spread * ((people - aim.mean) / aim.mean) ** 2
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
def flip(block: int, goal: int, labels: Positions, town: Town, totals: Numbers, aim: Aim) -> float:
    """Move a block to another grid; the change of the score."""
    home = labels[block]
    change = 0.0
    with_home = 0.0
    with_goal = 0.0
    for at in range(town.first[block], town.first[block + 1]):
        label = labels[town.adjacent[at]]
        if label == home:
            with_home += town.metres[at]
            change += aim.border * town.cost[at]
        elif label == goal:
            with_goal += town.metres[at]
            change -= aim.border * town.cost[at]
    for turn in range(2):
        grid = home if turn == 0 else goal
        sign = -1.0 if turn == 0 else 1.0
        shared = with_home if turn == 0 else with_goal
        change -= grid_score(totals[grid, 0], totals[grid, 1], totals[grid, 2], aim)
        totals[grid, 0] += sign * town.people[block]
        totals[grid, 1] += sign * town.area[block]
        totals[grid, 2] += sign * (town.around[block] - 2.0 * shared)
        change += grid_score(totals[grid, 0], totals[grid, 1], totals[grid, 2], aim)
    labels[block] = goal
    return change


@compiled
def draw_number(state: NDArray[np.uint64], below: int) -> int:
    """The next random whole number (xorshift64*: the same on every machine and in every version of numba)."""
    value = state[0]
    value ^= value >> np.uint64(12)
    value ^= value << np.uint64(25)
    value ^= value >> np.uint64(27)
    state[0] = value
    return int((value * np.uint64(2685821657736338717)) >> np.uint64(33)) % below


@compiled
def anneal(
    labels: Positions,
    best: Positions,
    town: Town,
    totals: Numbers,
    aim: Aim,
    schedule: Numbers,
    state: NDArray[np.uint64],
) -> float:
    """Simulated annealing over flips, swaps and chains of three: the best labels go to ``best``; returns the gain."""
    steps, heat = int(schedule[0]), schedule[1]
    cooling = (schedule[2] / schedule[1]) ** (1.0 / steps)
    count = len(labels)
    stamp = np.zeros(count, dtype=np.int64)
    queue = np.zeros(count + 1, dtype=np.int64)
    moved = np.zeros(6, dtype=np.int64)
    gain, best_gain = 0.0, 0.0
    mark = 0
    for _ in range(steps):
        heat *= cooling
        chance = draw_number(state, 10)
        length = 1 if chance < 6 else (2 if chance < 9 else 3)
        block = draw_number(state, count)
        change = 0.0
        done = 0
        undo = False
        while done >= 0:
            if undo:
                flip(moved[2 * done], moved[2 * done + 1], labels, town, totals, aim)
                done -= 1
                continue
            degree = town.first[block + 1] - town.first[block]
            other = town.adjacent[town.first[block] + draw_number(state, degree)]
            mark += 1
            if labels[other] != labels[block] and stays_connected(block, labels, town, stamp, mark, queue):
                moved[2 * done] = block
                moved[2 * done + 1] = labels[block]
                change += flip(block, labels[other], labels, town, totals, aim)
                done += 1
                degree = town.first[other + 1] - town.first[other]
                block = town.adjacent[town.first[other] + draw_number(state, degree)]
                if done < length:
                    continue
            if done == 0:
                break
            if change <= 0.0 or draw_number(state, 1 << 30) < np.exp(-change / heat) * (1 << 30):
                gain += change
                if gain < best_gain - 1e-9:
                    best_gain = gain
                    for position in range(count):
                        best[position] = labels[position]
                break
            undo = True
            done -= 1
    return best_gain
