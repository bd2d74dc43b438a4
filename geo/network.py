"""Streets as a walker meets them: short cells that lead on to each other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo.edges import Edges, Floats, Positions, line_edges
from geo.streets import junctions

CELL_M = 4.0
"""Cells are at most so long: finer than any phone can tell, and few enough to weigh all that are near."""

_BOX_M = 25.0
# Two streets that meet each have their own rounding of the place.
_SAME_PLACE_M = 0.12
# A junction so near to a cell's end, as a share of the cell, is its neighbour's too.
_AT_END = 0.3


class Cells(NamedTuple):
    """Streets cut into cells of equal length, in order along each simple line.

    ``middle`` and ``direction`` (unit vectors) have the shape (n, 2); ``owner`` is the position of the cell's street,
    ``part`` counts the simple lines throughout; ``metres`` along the street add up to its length.
    """

    middle: Floats
    direction: Floats
    owner: Positions
    part: Positions
    metres: Floats


class Boxes(NamedTuple):
    """A lattice over cells: which of them have their middle in each box, the boxes row by row.

    ``frame`` has the least x and y and the boxes in a metre, ``shape`` the number of columns and rows.
    """

    frame: Floats
    shape: Positions
    first: Positions
    cells: NDArray[np.int32]


class Network(NamedTuple):
    """Cells, from which one gets to which, and where they lie.

    A cell walked forwards, as its street is drawn, is the *step* ``2 * cell``, and backwards ``2 * cell + 1``. One gets
    to step `s` at once from the steps ``leads[before[s]:before[s + 1]]``.
    """

    cells: Cells
    before: Positions
    leads: NDArray[np.int32]
    boxes: Boxes


class _Laid(NamedTuple):
    """Cells, and where the edges they were cut from lie among them."""

    cells: Cells
    edges: Edges
    begin_m: Floats
    edge_m: Floats
    first: Positions
    cells_in: Positions
    size: Floats


def street_cells(streets: NDArray[np.object_]) -> Cells:
    """Cut streets into cells of at most 4 m.

    Parameters
    ----------
    streets : array of LineString or MultiLineString
        In metres. Missing ones and those without length have no cells.

    Examples
    --------
    >>> from shapely import LineString
    >>> street_cells(np.array([LineString([(0, 0), (6, 0)])])).middle.tolist()
    [[1.5, 0.0], [4.5, 0.0]]
    """
    return _lay(streets).cells


def make_network(streets: NDArray[np.object_]) -> Network:
    """Lay the net of some streets.

    Streets join wherever they meet or cross, to 5 cm; whether one passes over the other is not known.

    Parameters
    ----------
    streets : array of LineString or MultiLineString
        In metres.

    Examples
    --------
    Two cells of a street: forwards one gets from the first to the second, backwards from the second to the first.

    >>> from shapely import LineString
    >>> net = make_network(np.array([LineString([(0, 0), (6, 0)])]))
    >>> [net.leads[net.before[step] : net.before[step + 1]].tolist() for step in range(4)]
    [[], [3], [0], []]
    """
    laid = _lay(streets)
    part = laid.cells.part
    on = np.flatnonzero(part[1:] == part[:-1])
    turn_from, turn_to = _turns(laid)
    leads = np.concatenate([2 * on, 2 * on + 3, turn_from])
    to = np.concatenate([2 * on + 2, 2 * on + 1, turn_to])
    # Sorted, not hashed: np.unique takes ten times as long over whole numbers like these.
    pairs = np.sort(to * (2 * len(part)) + leads)
    to, leads = np.divmod(pairs[np.diff(pairs, prepend=-1) > 0], max(2 * len(part), 1))
    before = np.concatenate([[0], np.cumsum(np.bincount(to, minlength=2 * len(part)))]).astype(np.int64)
    return Network(laid.cells, before, leads.astype(np.int32), _boxes(laid.cells.middle))


def _boxes(middle: Floats) -> Boxes:
    if not len(middle):
        return Boxes(np.array([0.0, 0.0, 1.0]), np.array([1, 1]), np.zeros(2, np.int64), np.empty(0, np.int32))
    low = middle.min(axis=0)
    wide, tall = np.maximum(middle.max(axis=0) - low, 1.0)
    # A street far from all others makes the boxes larger rather than many more than there are cells.
    most = 4 * len(middle)
    side = max(_BOX_M, float(np.sqrt(wide) * np.sqrt(tall / most)), float(max(wide, tall)) / most)
    columns, rows = int(wide / side) + 1, int(tall / side) + 1
    column = np.minimum((middle[:, 0] - low[0]) / side, columns - 1).astype(np.int64)
    box = np.minimum((middle[:, 1] - low[1]) / side, rows - 1).astype(np.int64) * columns + column
    first = np.concatenate([[0], np.cumsum(np.bincount(box, minlength=columns * rows))]).astype(np.int64)
    order = np.argsort(box, kind="stable").astype(np.int32)
    return Boxes(np.array([*low, 1.0 / side]), np.array([columns, rows]), first, order)


def _lay(streets: NDArray[np.object_]) -> _Laid:
    edges = line_edges(streets)
    edge_m = np.hypot(*(edges.end - edges.start).T)
    parts, owner_at, part = np.unique(edges.part, return_index=True, return_inverse=True)
    until = np.cumsum(edge_m)
    begin_m = until - edge_m
    if len(parts):
        begin_m = begin_m - begin_m[owner_at][part]
    part_m = np.bincount(part, edge_m, minlength=len(parts)).astype(float)
    count = np.ceil(part_m / CELL_M - 1e-9).astype(np.int64)
    first = np.cumsum(count) - count
    size = part_m / np.maximum(count, 1)
    of = np.repeat(np.arange(len(parts)), count)
    nth = np.arange(len(of)) - first[of]
    # All parts laid end to end as one way, so that one search serves them all.
    base = np.cumsum(part_m) - part_m
    places = [_at(edges, until, base[of] + (nth + share) * size[of]) for share in (0.0, 0.5, 1.0 - 1e-9)]
    chord = places[2] - places[0]
    length = np.hypot(*chord.T)
    bent = length < size[of] / 2
    if bent.any():  # a cell round a hairpin goes where its middle goes
        chord[bent] = places[1][bent] - places[0][bent]
        length = np.hypot(*chord.T)
    direction = chord / np.maximum(length, 1e-12)[:, None]
    cells = Cells(places[1], direction, edges.owner[owner_at][of] if len(parts) else of, of, size[of])
    return _Laid(cells, edges._replace(part=part), begin_m, edge_m, first, count, size)


def _at(edges: Edges, until: Floats, way: Floats) -> Floats:
    """Where along all edges one is after so many metres."""
    edge = np.minimum(np.searchsorted(until, way, side="right"), max(len(until) - 1, 0))
    begin = np.concatenate([[0.0], until])[edge]
    share = np.clip((way - begin) / np.maximum(until[edge] - begin, 1e-12), 0.0, 1.0) if len(way) else way
    place: Floats = edges.start[edge] + share[:, None] * (edges.end - edges.start)[edge]
    return place


def _turns(laid: _Laid) -> tuple[Positions, Positions]:
    """Which steps lead to which others at junctions."""
    edge, share = junctions(laid.edges)
    long = laid.size[laid.edges.part[edge]] > 0
    edge, share = edge[long], share[long]
    if not len(edge):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    part = laid.edges.part[edge]
    way = (laid.begin_m[edge] + share * laid.edge_m[edge]) / laid.size[part]
    nth = np.clip(way.astype(np.int64), 0, laid.cells_in[part] - 1)
    spot = laid.edges.start[edge] + share[:, None] * (laid.edges.end - laid.edges.start)[edge]
    place = _places(spot)
    cell, within = laid.first[part] + nth, way - nth
    is_next, is_last = within > 1 - _AT_END, within < _AT_END
    is_next &= nth + 1 < laid.cells_in[part]
    is_last &= nth > 0
    place = np.concatenate([place, place[is_next], place[is_last]])
    within = np.concatenate([within, np.zeros(is_next.sum()), np.ones(is_last.sum())])
    cell = np.concatenate([cell, cell[is_next] + 1, cell[is_last] - 1])
    return _turns_at(place, cell, within)


def _places(spot: Floats) -> Positions:
    """The number of the junction that each spot is at."""
    one, other = cKDTree(spot).query_pairs(_SAME_PLACE_M, output_type="ndarray").T
    links = coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(len(spot), len(spot)))
    number: Positions = connected_components(links, directed=False)[1].astype(np.int64)
    return number


def _turns_at(place: Positions, cell: Positions, within: Floats) -> tuple[Positions, Positions]:
    order = np.lexsort((cell, place))
    place, cell, within = place[order], cell[order], within[order]
    size = np.bincount(place)[place]
    first = np.searchsorted(place, place)
    one = np.repeat(np.arange(len(place)), size)
    other = first[one] + np.arange(len(one)) - np.repeat(np.cumsum(size) - size, size)
    apart = cell[one] != cell[other]
    one, other = one[apart], other[apart]
    turn_from, turn_to = [], []
    for back_from in (0, 1):
        may_leave = within[one] <= 1 - _AT_END if back_from else within[one] >= _AT_END
        for back_to in (0, 1):
            may_enter = within[other] >= _AT_END if back_to else within[other] <= 1 - _AT_END
            both = may_leave & may_enter
            turn_from.append(2 * cell[one[both]] + back_from)
            turn_to.append(2 * cell[other[both]] + back_to)
    return np.concatenate(turn_from), np.concatenate(turn_to)
