"""Melting a few neighbouring grids at a time and letting them set anew: the second compiled loop of `geo.balance`.

Annealing a whole town freezes it in the arrangement it happens to be in when it grows cold, and going slower hardly
helps. A few grids by themselves take a hundredth of the moves: there all arrangements are tried again and again.
"""

from typing import NamedTuple

import numpy as np

from geo.anneal import (
    ROUND,
    UNEVEN,
    Aim,
    Course,
    Desk,
    State,
    Town,
    compiled,
    cool,
    draw_number,
    grid_score,
    price_anew,
    spread_of,
)
from geo.faces import Positions


class Melt(NamedTuple):
    """How grids are melted.

    At a time ``fewest`` of them and up to ``more`` less one besides, around the worst of ``among`` that are drawn, with
    ``each`` moves for a block, from ``warm`` to ``cold``; after ``every`` times the price of unequal loads is set anew.
    What got worse stays now and then, up to about ``loose`` to begin with and ever less: the way to better grids leads
    past worse ones.
    """

    fewest: int = 6
    more: int = 8
    each: int = 400
    warm: float = 0.4
    cold: float = 0.03
    every: int = 2
    loose: float = 0.3
    among: int = 2


@compiled
def renew(state: State, town: Town, aim: Aim, course: Course, desk: Desk, melt: Melt) -> None:
    """Melt a few neighbouring grids, as long as there are moves left; the best state of all is what stays."""
    turn, left = 0, course.steps
    labels, totals, scores = state.labels.copy(), state.totals.copy(), state.scores.copy()
    best, least = state.labels.copy(), worth_of(state, town, aim)
    while left > 0:
        if aim.even > 0.0 and turn % melt.every == 0:
            price_anew(state, aim, desk)
        turn += 1
        inside = choose_grids(state, town, melt)
        borders = borders_inside(state.labels, town, inside)
        labels[:], totals[:], scores[:] = state.labels, state.totals, state.scores
        steps = (count_inside(state.labels, inside) * melt.each // ROUND + 1) * ROUND
        part = Course(steps, melt.warm, melt.cold, course.alone, course.reach)
        gained = cool(state, town, aim, part, desk, borders)
        left -= steps
        if gained < melt.loose * max(left, 0) / course.steps * desk.rooms[draw_number(state.random, len(desk.rooms))]:
            worth = worth_of(state, town, aim)
            if worth < least:
                best[:], least = state.labels, worth
        else:
            state.labels[:], state.totals[:], state.scores[:] = labels, totals, scores
            desk.clock[0] += 1
            desk.changed[:] = desk.clock[0]
    state.labels[:] = best


@compiled
def count_inside(labels: Positions, inside: np.ndarray) -> int:
    """How many blocks the chosen grids have."""
    count = 0
    for block in range(len(labels)):
        count += inside[labels[block]]
    return count


@compiled
def worth_of(state: State, town: Town, aim: Aim) -> float:
    """The score of all grids, with unequal loads priced by their spread alone."""
    worth = 0.0
    for grid in range(len(state.totals)):
        people, area, around = state.totals[grid, 0], state.totals[grid, 1], state.totals[grid, 2]
        worth += grid_score(people, area, around, aim, 0.0)
    for border in range(len(town.adjacent)):
        if state.labels[town.owner[border]] != state.labels[town.adjacent[border]]:
            worth += 0.5 * aim.border * town.cost[border]
    if aim.even > 0.0:
        worth += UNEVEN * len(state.totals) * max(spread_of(state, aim) / aim.even - 1.0, 0.0)
    return worth


@compiled
def choose_grids(state: State, town: Town, melt: Melt) -> np.ndarray:
    """Whether each grid is among a few neighbouring ones, around the worst of some that are drawn."""
    grids = len(state.totals)
    inside = np.zeros(grids, np.bool_)
    worst = draw_number(state.random, grids)
    for _ in range(melt.among - 1):
        other = draw_number(state.random, grids)
        if state.scores[other] > state.scores[worst]:
            worst = other
    inside[worst] = True
    wanted = min(melt.fewest + draw_number(state.random, melt.more), grids)
    for _ in range(wanted - 1):
        beside = np.zeros(grids)
        for border in range(len(town.adjacent)):
            if inside[state.labels[town.owner[border]]]:
                beside[state.labels[town.adjacent[border]]] += town.metres[border]
        best, most = -1, 0.0
        for grid in range(grids):
            # Mostly those with much border in common, so that round groups come, but not always the same.
            worth = beside[grid] * (512 + draw_number(state.random, 1024))
            if worth > most and not inside[grid]:
                best, most = grid, worth
        if best < 0:
            break
        inside[best] = True
    return inside


@compiled
def borders_inside(labels: Positions, town: Town, inside: np.ndarray) -> Positions:
    """The borders between blocks of the chosen grids."""
    chosen, count = np.empty(len(town.adjacent), np.int64), 0
    for border in range(len(town.adjacent)):
        if inside[labels[town.owner[border]]] and inside[labels[town.adjacent[border]]]:
            chosen[count] = border
            count += 1
    return chosen[:count]
