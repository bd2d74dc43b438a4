"""Streets as patrols count them: pieces between junctions and grid borders."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import require_metres, require_same
from geo.edges import Edges, Floats, Positions, boxes, line_edges, meetings
from geo.lines import Stretches, cut, cut_at_borders, lines_only, middles
from geo.locator import GridLocator

# Streets that come this near to each other meet: digitised junctions miss each other by centimetres at most.
_MEET_M = 0.05
_CARRIED = ("name", "street_class")


def cut_streets(
    streets: gpd.GeoDataFrame, grids: gpd.GeoDataFrame | GridLocator, *, border_m: float = 1.0
) -> gpd.GeoDataFrame:
    """Cut streets at every junction and every grid border.

    A junction is wherever two streets meet or cross, to 5 cm, and where a street meets itself; mere bends are none. A
    piece along a border belongs to the grids on both sides, since whoever walks it walks for both. The pieces of a
    street add up to its length; a street without length has none.

    Parameters
    ----------
    streets : GeoDataFrame of LineString or MultiLineString
        In metres. Columns `name` and `street_class` are carried over where present.
    grids : GeoDataFrame or GridLocator
        In the same CRS; `grid_code`, `geometry`, optional `kind`.
    border_m : float, default 1
        How near to a border a street counts for the grids on both sides.

    Returns
    -------
    GeoDataFrame
        `street_id` (the street's index value), `piece_id` (0, 1, ... throughout, along each street), `grid_codes`
        (tuple, ascending; empty outside), `metres`, `geometry` (LineString), and the columns carried over.

    Raises
    ------
    WrongCrs
        When a CRS is missing, the two differ, or they are not in metres.
    BadGeometry
        When a street is not a line.

    Examples
    --------
    >>> from shapely import LineString, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=[box(0, 0, 9, 9), box(9, 0, 18, 9)], crs=4548)
    >>> street = gpd.GeoDataFrame(geometry=[LineString([(4, 5), (4, 4), (14, 4)])], index=["Mill Lane"], crs=4548)
    >>> cut_streets(street, grids)[["street_id", "piece_id", "grid_codes", "metres"]]
       street_id  piece_id grid_codes  metres
    0  Mill Lane         0       (A,)     6.0
    1  Mill Lane         1       (B,)     5.0
    """
    locator = grids if isinstance(grids, GridLocator) else GridLocator(grids)
    require_metres(streets, "streets")
    require_same(streets, locator, "streets", "grids")
    edges = line_edges(lines_only(streets))
    stretches, at_junction = _cut(edges, locator)
    number, codes = _grid_sets(edges, stretches, locator, border_m)
    new = _begins_piece(edges, stretches, number, at_junction)
    return _frame(streets, edges, stretches, new, codes[number])


def _cut(edges: Edges, locator: GridLocator) -> tuple[Stretches, NDArray[np.bool_]]:
    """Edges cut at junctions and borders, and whether each stretch begins at a junction."""
    meeting, meeting_share = junctions(edges)
    borders = cut_at_borders(edges, locator)
    count = len(edges.owner)
    edge = np.concatenate([np.arange(count), np.arange(count), meeting, borders.edge])
    share = np.concatenate([np.zeros(count), np.ones(count), meeting_share, borders.begin])
    junction = np.concatenate(
        [np.zeros(2 * count, bool), np.ones(len(meeting), bool), np.zeros(len(borders.edge), bool)]
    )
    order = np.lexsort((share, edge))
    edge, share, junction = edge[order], share[order], junction[order]
    # Places within the tolerance of each other are one place: a border often runs through a junction.
    apart = np.diff(share, prepend=-1.0) * np.hypot(*(edges.end - edges.start).T)[edge] > _MEET_M
    apart |= np.diff(edge, prepend=-1) > 0
    place = np.cumsum(apart) - 1
    first = np.flatnonzero(apart)
    is_junction = np.bincount(place, junction) > 0
    ends_edge = np.maximum.reduceat(share, first) == 1.0 if len(first) else np.empty(0, bool)
    inner = ~ends_edge & (share[first] > 0.0)
    stretches = cut(count, edge[first[inner]], share[first[inner]])
    starts_there = np.isin(stretches.edge + stretches.begin, (edge[first] + share[first])[is_junction & ~ends_edge])
    ends_there = edge[first[is_junction & ends_edge]]
    starts_there[1:] |= np.isin(stretches.edge[:-1], ends_there) & (stretches.finish[:-1] == 1.0)
    return stretches, starts_there


def junctions(edges: Edges) -> tuple[Positions, Floats]:
    """Where edges meet other edges that do not simply go on from them: edge, and how far along it."""
    # The same boxes on both sides: making them takes longer than to look through a few pairs more.
    around = boxes(edges.start, edges.end, _MEET_M)
    edge, other = shapely.STRtree(around).query(around)
    goes_on = (edges.part[edge] == edges.part[other]) & (np.abs(edge - other) <= 1)
    edge, other = edge[~goes_on], other[~goes_on]
    pair, share = meetings(edges.start[edge], edges.end[edge], edges.start[other], edges.end[other], _MEET_M)
    return edge[pair], share


def _grid_sets(
    edges: Edges, stretches: Stretches, locator: GridLocator, border_m: float
) -> tuple[Positions, NDArray[np.object_]]:
    """For each stretch the number of its set of grids, and the sets as tuples of codes."""
    middle = middles(edges, stretches)
    stretch, grid = locator.holding(middle[:, 0], middle[:, 1], border_m)
    found = pd.DataFrame({"stretch": stretch, "code": locator.codes_at(grid)}).drop_duplicates()
    found = found.sort_values(["stretch", "code"])
    first = np.flatnonzero(np.diff(found["stretch"].to_numpy(), prepend=-1))
    sets = pd.Series([()] * len(middle), dtype=object)
    if len(first):
        # Slices of a list: asking pandas or numpy for each group in turn takes ten times as long and more.
        each, ends = found["code"].tolist(), [*first[1:].tolist(), len(found)]
        groups = [tuple(each[begin:end]) for begin, end in zip(first.tolist(), ends, strict=True)]
        sets.iloc[found["stretch"].to_numpy()[first]] = pd.Series(groups, dtype=object)
    number, codes = sets.factorize()
    known: NDArray[np.object_] = np.empty(len(codes), object)
    known[:] = list(codes)
    return number, known


def _begins_piece(
    edges: Edges, stretches: Stretches, number: Positions, at_junction: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether each stretch begins a new piece rather than going on from the one before it."""
    part = edges.part[stretches.edge]
    new: NDArray[np.bool_] = np.ones(len(part), bool)
    new[1:] = (part[1:] != part[:-1]) | (number[1:] != number[:-1]) | at_junction[1:]
    return new


def _frame(
    streets: gpd.GeoDataFrame, edges: Edges, stretches: Stretches, new: NDArray[np.bool_], codes: NDArray[np.object_]
) -> gpd.GeoDataFrame:
    edge_start, edge_end = edges.start[stretches.edge], edges.end[stretches.edge]
    begin = edge_start + stretches.begin[:, None] * (edge_end - edge_start)
    finish = edge_start + stretches.finish[:, None] * (edge_end - edge_start)
    # The end vertex itself, not the sum, so that neighbouring pieces share it to the last bit.
    finish = np.where((stretches.finish == 1.0)[:, None], edge_end, finish)
    piece, first = np.cumsum(new) - 1, np.flatnonzero(new)
    belongs = np.concatenate([piece[first], piece])
    order = np.argsort(belongs, kind="stable")
    vertices = np.concatenate([begin[first], finish])[order]
    lines: Any = shapely.linestrings(vertices, indices=belongs[order]) if len(piece) else []
    long = shapely.length(lines) > 0
    first, lines = first[long], np.asarray(lines, dtype=object)[long]
    owner = edges.owner[stretches.edge[first]]
    columns: dict[str, Any] = {
        "street_id": streets.index.take(owner),
        "piece_id": np.arange(len(first)),
        "grid_codes": pd.Series(codes[first], dtype=object),
        "metres": shapely.length(lines),
    }
    columns |= {name: streets[name].to_numpy()[owner] for name in _CARRIED if name in streets.columns}
    return gpd.GeoDataFrame(columns, geometry=np.asarray(lines, dtype=object), crs=streets.crs)
