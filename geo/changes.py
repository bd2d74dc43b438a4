"""Where a walk that may be credited to several grids changes from one to the next: seldom, and by rule.

The compiled heart of `geo.band`; import it where it is used, not above.
"""

from typing import NamedTuple

import numpy as np

from geo.anneal import compiled
from geo.edges import Floats, Positions

# Ways that differ by less are equally good.
_SAME_M = 1e-9


class Pieces(NamedTuple):
    """A part cut wherever anything changes: piece ``p`` lies between ``place[p]`` and ``place[p + 1]``.

    ``exact`` is the grid it lies in; any of ``grid[first[p]:first[p + 1]]`` may be credited. Grids are numbers local to
    the part, ``order`` is the place of each in the rule, ``metres`` the length of each piece.
    """

    place: Floats
    metres: Floats
    exact: Positions
    first: Positions
    grid: Positions
    order: Positions


@compiled
def fewest_changes(pieces: Pieces) -> Positions:
    """The grid of each piece so that the walk changes as seldom as it can, and of such ways leaves its place least.

    Of equally good ways that of the grid which the rule prefers, so that nothing depends on the walk's direction.
    """
    total, count = len(pieces.grid), len(pieces.exact)
    changes, strayed, before = np.zeros(total, np.int64), np.zeros(total), np.full(total, -1, np.int64)
    best = -1
    for piece in range(count):
        last_best = best
        for at in range(pieces.first[piece], pieces.first[piece + 1]):
            if piece:
                before[at], changes[at], strayed[at] = last_best, changes[last_best] + 1, strayed[last_best]
                for last in range(pieces.first[piece - 1], pieces.first[piece]):
                    if pieces.grid[last] == pieces.grid[at] and (
                        changes[last] < changes[at] or strayed[last] <= strayed[at] + _SAME_M
                    ):
                        before[at], changes[at], strayed[at] = last, changes[last], strayed[last]
            if pieces.grid[at] != pieces.exact[piece]:
                strayed[at] += pieces.metres[piece]
        best = pieces.first[piece]
        for at in range(pieces.first[piece] + 1, pieces.first[piece + 1]):
            more, longer = changes[at] - changes[best], strayed[at] - strayed[best]
            sooner = pieces.order[pieces.grid[at]] < pieces.order[pieces.grid[best]]
            if more < 0 or (more == 0 and (longer < -_SAME_M or (longer <= _SAME_M and sooner))):
                best = at
    chosen = np.empty(count, np.int64)
    for piece in range(count - 1, -1, -1):
        chosen[piece] = pieces.grid[best]
        best = before[best]
    return chosen


@compiled
def may_be(pieces: Pieces, piece: int, grid: int) -> bool:
    """Whether a piece may be credited to a grid."""
    found = False
    for at in range(pieces.first[piece], pieces.first[piece + 1]):
        found |= pieces.grid[at] == grid
    return found


@compiled
def settle_by_rule(pieces: Pieces, chosen: Positions, along: float) -> None:
    """Give stretches that could be either's to the grid that the rule prefers."""
    # Changes are settled before the stretches between them, whose ends would else depend on the walk's direction.
    settle_changes(pieces, chosen, along)
    begin = 0
    while begin < len(chosen):
        end = begin
        while end < len(chosen) and chosen[end] == chosen[begin]:
            end += 1
        if pieces.metres[begin:end].sum() > along:
            give(chosen, begin, end, preferred_throughout(pieces, chosen[begin], np.int64(begin), end))
        begin = end
    settle_changes(pieces, chosen, along)


@compiled
def give(chosen: Positions, begin: int, end: int, grid: int) -> None:
    """Choose one grid for several pieces; a loop compiles far sooner than a slice."""
    for piece in range(begin, end):
        chosen[piece] = grid


@compiled
def settle_changes(pieces: Pieces, chosen: Positions, along: float) -> None:
    """Move each change of grids to the end of a long stretch, or of a third grid's corner, that could be either's."""
    at = 1
    while at < len(chosen):
        one, other = chosen[at - 1], chosen[at]
        low, high = at, at
        if one != other:
            low, high = open_between(pieces, chosen, at, False)
            if pieces.metres[low:high].sum() <= along:
                # A corner of a third grid on the way from one to the other is as far from either.
                low, high = open_between(pieces, chosen, at, True)
            give(chosen, low, high, one if pieces.order[one] < pieces.order[other] else other)
        at = max(high, at + 1)


@compiled
def open_between(pieces: Pieces, chosen: Positions, at: int, thirds: bool) -> tuple[int, int]:
    """From where to where around the change at a piece either grid may be credited; only on the ground of others."""
    one, other = chosen[at - 1], chosen[at]
    low, high = at, at
    while low > 0 and chosen[low - 1] == one and may_be(pieces, low - 1, other):
        if thirds and (pieces.exact[low - 1] == one or pieces.exact[low - 1] == other):
            break
        low -= 1
    while high < len(chosen) and chosen[high] == other and may_be(pieces, high, one):
        if thirds and (pieces.exact[high] == one or pieces.exact[high] == other):
            break
        high += 1
    return low, high


@compiled
def preferred_throughout(pieces: Pieces, grid: int, begin: int, end: int) -> int:
    """Of the grids that some pieces lie in and that all of them may be credited to, the one that the rule prefers."""
    best = grid
    for at in range(pieces.first[begin], pieces.first[begin + 1]):
        one = pieces.grid[at]
        if pieces.order[one] >= pieces.order[best]:
            continue
        lies, fits = False, True
        for piece in range(begin, end):
            lies |= pieces.exact[piece] == one
            fits &= may_be(pieces, piece, one)
        if lies and fits:
            best = one
    return int(best)
