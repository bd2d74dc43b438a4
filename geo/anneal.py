"""Moving blocks from grid to grid until no move helps any more: the compiled inner loop of `geo.balance`."""

from typing import Any, Protocol, cast

import numba
import numpy as np
from numpy.typing import NDArray

from geo.faces import Numbers, Positions


class Compiled(Protocol):
    """A function after numba; compiled at its first call and kept beside the source for the next start."""

    def __call__(self, *args: Any) -> Any: ...


def compiled(function: Any) -> Compiled:
    """Compile a function when it is first called."""
    return cast(Compiled, numba.njit(cache=True)(function))


@compiled
def grid_score(
    people: float, area: float, around: float, low: float, high: float, mean: float, spread: float
) -> float:  # pragma: no cover
    """How bad one grid is: out of the band (most), far from compact, far from the mean."""
    score = around / np.sqrt(area) + spread * ((people - mean) / mean) ** 2
    if people < low:
        score += 5.0 + 20.0 * (low - people) / low
    elif people > high:
        score += 5.0 + 20.0 * min((people - high) / high, 3.0)
    return score


@compiled
def stays_connected(
    block: int, labels: Positions, xadj: Positions, adjacent: Positions, stamp: Positions, mark: int, queue: Positions
) -> bool:  # pragma: no cover
    """Whether a grid stays in one piece without this block."""
    label = labels[block]
    wanted = 0
    first = -1
    for at in range(xadj[block], xadj[block + 1]):
        if labels[adjacent[at]] == label:
            wanted += 1
            first = adjacent[at]
    if wanted == 0:
        return False
    if wanted == 1:
        return True
    for at in range(xadj[block], xadj[block + 1]):
        if labels[adjacent[at]] == label:
            stamp[adjacent[at]] = -mark
    queue[0] = first
    stamp[first] = mark
    stamp[block] = mark
    wanted -= 1
    head, tail = 0, 1
    while head < tail and wanted > 0:
        here = queue[head]
        head += 1
        for at in range(xadj[here], xadj[here + 1]):
            other = adjacent[at]
            if labels[other] == label and stamp[other] != mark:
                if stamp[other] == -mark:
                    wanted -= 1
                stamp[other] = mark
                queue[tail] = other
                tail += 1
    return wanted == 0


@compiled
def flip(
    block: int,
    goal: int,
    labels: Positions,
    xadj: Positions,
    adjacent: Positions,
    metres: Numbers,
    cost: Numbers,
    people: Numbers,
    area: Numbers,
    around: Numbers,
    totals: Numbers,
    band: Numbers,
) -> float:  # pragma: no cover
    """Move a block to another grid; the change of the score."""
    home = labels[block]
    low, high, mean, spread, border = band
    before = grid_score(totals[home, 0], totals[home, 1], totals[home, 2], low, high, mean, spread)
    before += grid_score(totals[goal, 0], totals[goal, 1], totals[goal, 2], low, high, mean, spread)
    change = 0.0
    with_home = 0.0
    with_goal = 0.0
    for at in range(xadj[block], xadj[block + 1]):
        label = labels[adjacent[at]]
        if label == home:
            with_home += metres[at]
            change += border * cost[at]
        elif label == goal:
            with_goal += metres[at]
            change -= border * cost[at]
    totals[home, 0] -= people[block]
    totals[home, 1] -= area[block]
    totals[home, 2] += 2 * with_home - around[block]
    totals[home, 3] -= 1
    totals[goal, 0] += people[block]
    totals[goal, 1] += area[block]
    totals[goal, 2] += around[block] - 2 * with_goal
    totals[goal, 3] += 1
    labels[block] = goal
    after = grid_score(totals[home, 0], totals[home, 1], totals[home, 2], low, high, mean, spread)
    after += grid_score(totals[goal, 0], totals[goal, 1], totals[goal, 2], low, high, mean, spread)
    return change + after - before


@compiled
def anneal(
    labels: Positions,
    xadj: Positions,
    adjacent: Positions,
    metres: Numbers,
    cost: Numbers,
    people: Numbers,
    area: Numbers,
    around: Numbers,
    totals: Numbers,
    band: Numbers,
    steps: int,
    hot: float,
    cold: float,
    seed: int,
) -> NDArray[np.int64]:  # pragma: no cover
    """Simulated annealing over flips, swaps and chains of three; the best labels seen."""
    np.random.seed(seed)
    count = len(labels)
    stamp = np.zeros(count, dtype=np.int64)
    queue = np.zeros(count + 1, dtype=np.int64)
    moved = np.zeros(3, dtype=np.int64)
    source = np.zeros(3, dtype=np.int64)
    best = labels.copy()
    gain = 0.0
    best_gain = 0.0
    mark = 0
    cooling = (cold / hot) ** (1.0 / steps)
    heat = hot
    for _ in range(steps):
        heat *= cooling
        draw = np.random.random()
        length = 1 if draw < 0.6 else (2 if draw < 0.9 else 3)
        block = np.random.randint(count)
        change = 0.0
        done = 0
        for link in range(length):
            degree = xadj[block + 1] - xadj[block]
            if degree == 0:
                break
            other = adjacent[xadj[block] + np.random.randint(degree)]
            goal = labels[other]
            home = labels[block]
            mark += 1
            if goal == home or not stays_connected(block, labels, xadj, adjacent, stamp, mark, queue):
                break
            change += flip(
                block, goal, labels, xadj, adjacent, metres, cost, people, area, around, totals, band
            )
            moved[link] = block
            source[link] = home
            done += 1
            if link + 1 < length:
                degree = xadj[other + 1] - xadj[other]
                block = other if np.random.random() < 0.3 else adjacent[xadj[other] + np.random.randint(degree)]
        if done == 0:
            continue
        if change <= 0 or np.random.random() < np.exp(-change / heat):
            gain += change
            if gain < best_gain - 1e-9:
                best_gain = gain
                best[:] = labels
        else:
            for link in range(done - 1, -1, -1):
                flip(
                    moved[link],
                    source[link],
                    labels,
                    xadj,
                    adjacent,
                    metres,
                    cost,
                    people,
                    area,
                    around,
                    totals,
                    band,
                )
    return best
