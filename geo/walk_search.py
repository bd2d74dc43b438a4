"""Which streets to walk, and in which order, before a closed walk is as long as it may be: the compiled inner loop.

Simulated annealing over the order in which streets are walked along: streets are put in, left out, exchanged, moved and
turned round; between two of them one goes the shortest way. Plain loops over flat arrays, as in `geo.anneal`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.anneal import compiled, draw_number
from geo.edges import Floats, Positions

EXCHANGES, REVERSALS = 12, 14
"""Of 16 tries so many exchange streets, and up to so many turn a part of the walk round; the rest move a part."""

LONGEST_MOVED = 8
"""So many streets in a row are moved at most: longer parts hardly ever fit elsewhere."""


class Streets(NamedTuple):
    """What the search does not change: the ends, metres and worth of each street, and the ways between the ends.

    ``apart`` has the shortest way between every two ends, ``near`` for each end the streets nearest to it.
    """

    one: Positions
    two: Positions
    metres: Floats
    worth: Floats
    apart: Floats
    near: Positions
    start: int


class Course(NamedTuple):
    """How far one may walk, what a metre costs, how many tries there are, and the first and last temperature."""

    longest_m: float
    metre: float
    steps: int
    hot: float
    cold: float


class Order(NamedTuple):
    """What the search changes: the streets in walking order, and the place of each (-1: not walked along).

    A street is twice its position, plus one where it is walked from its second end to its first. ``used`` says how
    many there are; ``random`` is the state of the random numbers.
    """

    codes: Positions
    place: Positions
    used: Positions
    random: NDArray[np.uint64]


@compiled
def tail(code: int, streets: Streets) -> int:
    """Where one begins to walk along a street."""
    end: int = streets.two[code >> 1] if code & 1 else streets.one[code >> 1]
    return end


@compiled
def head(code: int, streets: Streets) -> int:
    """Where one has walked along a street."""
    end: int = streets.one[code >> 1] if code & 1 else streets.two[code >> 1]
    return end


@compiled
def came_from(place: int, order: Order, streets: Streets) -> int:
    """Where one stands before the street at a place of the order."""
    at: int = head(order.codes[place - 1], streets) if place > 0 else streets.start
    return at


@compiled
def goes_to(place: int, order: Order, streets: Streets) -> int:
    """Where one goes to for the street at a place of the order; after the last, home."""
    at: int = tail(order.codes[place], streets) if place < order.used[0] else streets.start
    return at


@compiled
def replace(place: int, gone: int, codes: Positions, come: int, order: Order) -> None:
    """Take some streets out of the order at a place, and put others in there."""
    count, shift = order.used[0], come - gone
    for at in range(place, place + gone):
        order.place[order.codes[at] >> 1] = -1
    if shift > 0:
        for at in range(count - 1, place + gone - 1, -1):
            order.codes[at + shift] = order.codes[at]
    elif shift < 0:
        for at in range(place + gone, count):
            order.codes[at + shift] = order.codes[at]
    for at in range(come):
        order.codes[place + at] = codes[at]
    order.used[0] = count + shift
    last = place + come if shift == 0 else count + shift
    for at in range(place, last):
        order.place[order.codes[at] >> 1] = at


@compiled
def turn_round(first: int, last: int, order: Order) -> None:
    """Walk the streets from one place of the order to another the other way round."""
    while first <= last:
        early, late = order.codes[first] ^ 1, order.codes[last] ^ 1
        order.codes[first], order.codes[last] = late, early
        order.place[late >> 1], order.place[early >> 1] = first, last
        first, last = first + 1, last - 1


@compiled
def some_near(end: int, order: Order, streets: Streets) -> int:
    """One of the streets near to an end, each as likely as the next."""
    street: int = streets.near[end, draw_number(order.random, streets.near.shape[1])]
    return street


@compiled
def stretch(place: int, gone: int, order: Order, streets: Streets) -> tuple[float, float]:
    """Metres from before a place of the order to after some streets, and what these are worth."""
    here = came_from(place, order, streets)
    metres, worth = 0.0, 0.0
    for at in range(place, place + gone):
        code = order.codes[at]
        metres += streets.apart[here, tail(code, streets)] + streets.metres[code >> 1]
        worth += streets.worth[code >> 1]
        here = head(code, streets)
    return metres + streets.apart[here, goes_to(place + gone, order, streets)], worth


@compiled
def exchange(order: Order, streets: Streets, spare: float, metre: float, room: float, one: Positions) -> Floats:
    """Leave out up to three streets in a row and put one in there, or none; what that changed: metres and worth."""
    none = np.zeros(2)
    count = order.used[0]
    place = draw_number(order.random, count + 1)
    gone = min(max(draw_number(order.random, 8) - 4, 0), count - place)
    metres, worth = stretch(place, gone, order, streets)
    here, there = came_from(place, order, streets), goes_to(place + gone, order, streets)
    come = 0 if gone and draw_number(order.random, 4) == 0 else 1
    after, gain = float(streets.apart[here, there]), 0.0
    if come:
        street = some_near(here if draw_number(order.random, 2) else there, order, streets)
        if order.place[street] >= 0:
            return none
        forth = streets.apart[here, streets.one[street]] + streets.apart[streets.two[street], there]
        back = streets.apart[here, streets.two[street]] + streets.apart[streets.one[street], there]
        after, gain = min(forth, back) + streets.metres[street], streets.worth[street]
        one[0] = 2 * street + (1 if back < forth else 0)
    elif not gone:
        return none
    if after - metres > spare or gain - worth - metre * (after - metres) < -room:
        return none
    replace(place, gone, one, come, order)
    none[0], none[1] = after - metres, gain - worth
    return none


@compiled
def reverse(order: Order, streets: Streets, spare: float, metre: float, room: float) -> float:
    """Turn a part of the walk round, so that two streets near to each other follow each other; the metres changed."""
    count = order.used[0]
    first = draw_number(order.random, count + 1)
    here = came_from(first, order, streets)
    last = order.place[some_near(here, order, streets)]
    if last < first or first >= count:
        return 0.0
    there = goes_to(last + 1, order, streets)
    begin, end = tail(order.codes[first], streets), head(order.codes[last], streets)
    change = streets.apart[here, end] + streets.apart[begin, there]
    change -= streets.apart[here, begin] + streets.apart[end, there]
    if change > spare or metre * change > room:
        return 0.0
    turn_round(first, last, order)
    return float(change)


@compiled
def shift(order: Order, streets: Streets, spare: float, metre: float, room: float, held: Positions) -> float:
    """Move a few streets in a row to behind another one near to them, turned round if shorter; the metres changed."""
    count = order.used[0]
    if count < 2:
        return 0.0
    first = draw_number(order.random, count)
    size = min(1 + draw_number(order.random, LONGEST_MOVED), count - first)
    begin, end = tail(order.codes[first], streets), head(order.codes[first + size - 1], streets)
    beside = order.place[some_near(begin, order, streets)]
    goal = beside + draw_number(order.random, 2)
    if beside < 0 or first <= goal <= first + size:
        return 0.0
    here, there = came_from(first, order, streets), goes_to(first + size, order, streets)
    early, late = came_from(goal, order, streets), goes_to(goal, order, streets)
    change = streets.apart[here, there] - streets.apart[here, begin] - streets.apart[end, there]
    forth = streets.apart[early, begin] + streets.apart[end, late]
    back = streets.apart[early, end] + streets.apart[begin, late]
    change += min(forth, back) - streets.apart[early, late]
    if change > spare or metre * change > room:
        return 0.0
    if back < forth:
        turn_round(first, first + size - 1, order)
    for at in range(size):
        held[at] = order.codes[first + at]
    replace(first, size, held, 0, order)
    replace(goal if goal < first else goal - size, 0, held, size, order)
    return float(change)


@compiled
def search(order: Order, streets: Streets, course: Course, best: Positions) -> tuple[int, float]:
    """Change the order in place, and keep the one worth most in ``best``; how many streets that has, and its metres.

    Of two worth the same the shorter is better. No order is ever longer than the longest; the empty one is to begin.
    """
    held, size = np.zeros(LONGEST_MOVED, dtype=np.int64), 0
    metres, worth, best_metres, best_worth = 0.0, 0.0, 0.0, 0.0
    cooling = (course.cold / course.hot) ** (1.0 / course.steps)
    heat = course.hot
    for _ in range(course.steps):
        heat *= cooling
        # How much worse the walk may get this time.
        room = -heat * np.log((draw_number(order.random, 1 << 30) + 1.0) / (1 << 30))
        spare = course.longest_m - metres
        chance = draw_number(order.random, 16)
        if chance < EXCHANGES:
            change = exchange(order, streets, spare, course.metre, room, held)
            metres += change[0]
            worth += change[1]
        elif chance < REVERSALS:
            metres += reverse(order, streets, spare, course.metre, room)
        else:
            metres += shift(order, streets, spare, course.metre, room, held)
        if worth > best_worth + 1e-9 or (worth > best_worth - 1e-9 and metres < best_metres - 1e-6):
            best_worth, best_metres, size = worth, metres, order.used[0]
            for at in range(size):
                best[at] = order.codes[at]
    return size, best_metres
