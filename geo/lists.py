"""Room for what a sweep over the cells of a lattice writes: compiled, for `geo.sweep`."""

from typing import NamedTuple

import numpy as np

from geo.edges import Floats, Positions
from geo.turns import compiled

USED, FULLS, INNERS, ODDS, STAMP = 0, 1, 2, 3, 4
"""What the tally of `Lists` counts."""


class Lists(NamedTuple):
    """The lists of cells, and what is left to do.

    ``blob`` (and ``words``, its bits) holds the lists that `geo.lattice.Lattice` describes. ``full`` has three numbers
    for each crowded cell: its own, where its header is, how many parts it has; ``inner`` has these parts with their
    parities. ``tally`` says how far all this has got: slots of the blob, crowded cells, their parts; and of the sweep,
    how many parts are odd and how many cells were looked into.
    """

    blob: Floats
    words: Positions
    full: Positions
    inner: Positions
    tally: Positions


@compiled(None)
def make_lists(slots: int, fulls: int, inners: int) -> Lists:
    """Empty lists with room for so many slots, crowded cells and parts of these."""
    blob, tally = np.empty(slots), np.zeros(5, np.int64)
    return Lists(blob, blob.view(np.int64), np.empty((fulls, 3), np.int64), np.empty(inners, np.int64), tally)


@compiled(None)
def roomier(to: Lists, lines: int) -> Lists:
    """The same lists with twice the room, and enough for a cell of so many lines and parts."""
    wider: Lists = make_lists(2 * len(to.blob) + 6 * lines, 2 * len(to.full) + 1, 2 * len(to.inner) + lines)
    # Written out in loops, which compile in a tenth of the time that slices take.
    for at in range(len(to.words)):
        wider.words[at] = to.words[at]
    for at in range(len(to.full)):
        for number in range(3):
            wider.full[at, number] = to.full[at, number]
    for at in range(len(to.inner)):
        wider.inner[at] = to.inner[at]
    for at in range(len(to.tally)):
        wider.tally[at] = to.tally[at]
    return wider
