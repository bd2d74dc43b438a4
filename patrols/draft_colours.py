"""Colours of a draft's grids: no two with a common border share one, and an edit changes as few as it can."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.models import GridKind
from geo.colouring import colour_apart, find_neighbours
from patrols.draft_ground import Shapes
from patrols.draft_state import DraftState

NO_COLOUR = -1
"""Of a grid that has just been made."""

SPECIAL_COLOUR = 0
"""Of grids that lie over others: a map tells them apart by more than a colour."""


def colour_all(codes: Sequence[str], kinds: NDArray[np.object_], shapes: Shapes) -> dict[str, int]:
    """Colours for all grids of a draft, by their codes."""
    general = np.flatnonzero(kinds == GridKind.GENERAL)
    colours = dict.fromkeys(codes, SPECIAL_COLOUR)
    found = colour_apart(len(general), *find_neighbours(shapes[general]))
    return colours | {codes[int(place)]: int(colour) for place, colour in zip(general, found, strict=True)}


def colour_changed(state: DraftState, changed: Sequence[str]) -> dict[str, int]:
    """Colours for the grids that changed; all others keep theirs, and so does a changed one unless a neighbour has it.

    Of two changed neighbours with one colour, the one with the greater code gets another.
    """
    colours = dict.fromkeys(changed, SPECIAL_COLOUR)
    moving = [state.places[code] for code in changed if state.rows[code]["kind"] == GridKind.GENERAL]
    if not moving:
        return colours
    near = state.near(state.shapes[moving])
    near = near[state.kinds[near] == GridKind.GENERAL]
    one, two = find_neighbours(state.shapes[near])
    given = np.array([state.rows[state.codes[place]]["colour"] for place in near], dtype=np.int64)
    may = np.isin(near, moving)
    clash = (given[one] == given[two]) & (may[one] | may[two])
    given[np.where(may[two], two, one)[clash]] = NO_COLOUR
    found = colour_apart(len(near), one, two, given)
    return colours | {
        state.codes[place]: int(colour) for place, colour, its in zip(near, found, may, strict=True) if its
    }
