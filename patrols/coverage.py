"""Which metres of street a patrol has seen: walked along, not merely crossed or passed near."""

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.crs import require_metres, require_same
from geo.edges import line_edges
from geo.lines import lines_only
from geo.streets import cut_streets
from patrols.rules import Rules

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DEFAULT = Rules()
# Streets are looked at in steps of this length, walks in steps of half of it: much finer than any phone can tell.
_STEP_M = 3.0
# A walk that got less than this share of the way it made was standing or turning, and has no direction.
_STRAIGHT = 0.5
# Over this many times ``heading_m`` a walker gets somewhere, before or after: this share of the way at least.
_LEAVES_HEADINGS = 2.5
_LEAVES = 0.5
# Of streets side by side those count that are at most this much farther off than the nearest.
_HARDLY_M = 3.0
# Shorter holes in a seen street are the phone's wobble.
_HOLE_M = 9.0
_AT_ONCE = 50_000


class Steps(NamedTuple):
    """Equal short steps along lines: middles and unit directions, shape (n, 2), the line's position, and metres."""

    middle: Floats
    direction: Floats
    owner: Positions
    metres: Floats


def street_share_seen(
    track: Any, streets: gpd.GeoDataFrame | gpd.GeoSeries, *, sight_m: float = 15.0
) -> "pd.Series[Any]":
    """Say which share of each street a walk has seen.

    Seen is what the walk runs along within `sight_m`: in the street's direction (35 degrees either way), for at least
    12 m or half of a shorter street. Crossing a street does not see it, and neither does standing at its corner. Where
    several streets run side by side, the walk is taken to be on the nearest, and the others count only if they are
    hardly farther off. See `patrols.rules.Rules` for the reasons.

    Parameters
    ----------
    track : GeoDataFrame, GeoSeries or line
        One walk or many together, LineString or MultiLineString, in the metres of the streets. A bare geometry is taken
        to be in their CRS.
    streets : GeoDataFrame or GeoSeries of LineString or MultiLineString
        In metres.
    sight_m : float, default 15
        How far a walker sees to each side: a lane's width with both its house fronts.

    Returns
    -------
    pandas.Series
        `share_seen` from 0 to 1, index of `streets`; 0 for a street without length.

    Raises
    ------
    WrongCrs
        When the streets are not in metres, or the track is not in their CRS.
    BadGeometry
        When something other than lines is passed.

    Examples
    --------
    A walk along the first street, past the end of the second, which branches off it.

    >>> from shapely import LineString
    >>> streets = gpd.GeoSeries([LineString([(0, 0), (100, 0)]), LineString([(50, 0), (50, 80)])], crs=4548)
    >>> street_share_seen(LineString([(0, 4), (100, 4)]), streets).round(2).tolist()
    [1.0, 0.0]
    """
    require_metres(streets, "streets")
    lines = gpd.GeoSeries([track], crs=streets.crs) if isinstance(track, shapely.Geometry) else track
    require_same(lines, streets, "track", "streets")
    seen, metres = _metres_seen(lines_only(lines), lines_only(streets), Rules(sight_m=sight_m))
    share = np.divide(seen, metres, out=np.zeros(len(metres)), where=metres > 0)
    return pd.Series(share, index=streets.index, name="share_seen")


def coverage(
    lines: gpd.GeoDataFrame | gpd.GeoSeries,
    streets: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    rules: Rules = _DEFAULT,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say how many metres of street the walks have seen together, by grid and by piece of street.

    A street that several walks have seen counts once. A piece along a border counts in full for the grids on both
    sides, so the grids' metres may add up to more than the streets'; the pieces' metres add up exactly.

    Parameters
    ----------
    lines : GeoDataFrame or GeoSeries of LineString or MultiLineString
        The walks, in metres; missing ones are passed over.
    streets : GeoDataFrame
        Streets, or the pieces that `geo.streets.cut_streets` made of them (known by their `piece_id`), to save cutting
        them again.
    grids : GeoDataFrame
        `grid_code`, `geometry`.
    rules : Rules
        The community's numbers.

    Returns
    -------
    per_grid : DataFrame
        `grid_code`, `street_metres`, `street_metres_seen`; a row for every grid, in the order of `grids`.
    per_piece : DataFrame
        `street_id`, `piece_id`, `grid_codes`, `metres`, `metres_seen`.

    Raises
    ------
    WrongCrs
        When a CRS is missing, they differ, or are not in metres.
    """
    pieces = streets if "piece_id" in streets else cut_streets(streets, grids, border_m=rules.border_street_m)
    return coverage_of(cells_seen(lines, pieces, rules), pieces, grids, rules)


def cells_seen(
    lines: gpd.GeoDataFrame | gpd.GeoSeries, pieces: gpd.GeoDataFrame, rules: Rules = _DEFAULT
) -> NDArray[np.bool_]:
    """Which of the short steps that the pieces of street are cut into the walks have seen.

    What several batches of walks have seen together is what any of them has: ``one | other``.

    Parameters
    ----------
    lines, pieces, rules
        As in `coverage`; pieces of `geo.streets.cut_streets`.

    Returns
    -------
    bool array
        For `coverage_of`.
    """
    require_same(lines, pieces, "walks", "streets")
    return _seen_cells(walk_steps(lines_only(lines), rules), street_steps(lines_only(pieces)), rules)


def coverage_of(
    seen: NDArray[np.bool_], pieces: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, rules: Rules = _DEFAULT
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables of `coverage`, from what `cells_seen` told."""
    seen_m, metres = _metres_of(seen, lines_only(pieces), rules)
    per_piece = pd.DataFrame(pieces[["street_id", "piece_id", "grid_codes"]]).assign(metres=metres, metres_seen=seen_m)
    by_grid = per_piece.explode("grid_codes").groupby("grid_codes")[["metres", "metres_seen"]].sum()
    per_grid = by_grid.reindex(grids["grid_code"]).fillna(0.0)
    per_grid = per_grid.set_axis(["street_metres", "street_metres_seen"], axis=1)
    return per_grid.rename_axis("grid_code").reset_index(), per_piece


def _metres_seen(walks: NDArray[np.object_], streets: NDArray[np.object_], rules: Rules) -> tuple[Floats, Floats]:
    """Metres seen and metres altogether of each street."""
    return _metres_of(_seen_cells(walk_steps(walks, rules), street_steps(streets), rules), streets, rules)


def _metres_of(seen: Flags, streets: NDArray[np.object_], rules: Rules) -> tuple[Floats, Floats]:
    cells = street_steps(streets)
    seen = _long_enough(cells, seen, rules)
    of_seen: Floats = np.bincount(cells.owner, cells.metres * seen, minlength=len(streets)).astype(float)
    of_all: Floats = np.bincount(cells.owner, cells.metres, minlength=len(streets)).astype(float)
    return of_seen, of_all


def street_steps(streets: NDArray[np.object_]) -> Steps:
    """Streets cut into steps of at most 3 m, each within one straight edge."""
    edges = line_edges(streets)
    along = edges.end - edges.start
    length = np.hypot(along[:, 0], along[:, 1])
    count = np.ceil(length / _STEP_M).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    middle = edges.start[edge] + ((nth + 0.5) / count[edge])[:, None] * along[edge]
    return Steps(middle, along[edge] / length[edge, None], edges.owner[edge], length[edge] / count[edge])


def walk_steps(walks: NDArray[np.object_], rules: Rules) -> Steps:
    """Places along walks that were going somewhere, every 1.5 m, with the direction over ``heading_m``."""
    vertices, part = shapely.get_coordinates(shapely.get_parts(walks), return_index=True)
    if not len(vertices):
        return Steps(np.empty((0, 2)), np.empty((0, 2)), np.empty(0, np.int64), np.empty(0))
    first = np.flatnonzero(np.diff(part, prepend=-1))
    last = np.append(first[1:], len(part)) - 1
    # All parts laid end to end as one way, with a metre between them, so that one interpolation serves them all.
    leaps = np.hypot(*np.diff(vertices, axis=0, prepend=vertices[:1]).T)
    leaps[first] = 1.0
    way = np.cumsum(leaps)
    count = ((way[last] - way[first]) / (_STEP_M / 2)).astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    place = way[first][owner] + (nth + 0.5) * _STEP_M / 2
    behind = np.maximum(place - rules.heading_m / 2, way[first][owner])
    ahead = np.minimum(place + rules.heading_m / 2, way[last][owner])
    chord = _at(way, vertices, ahead) - _at(way, vertices, behind)
    length = np.hypot(chord[:, 0], chord[:, 1])
    middle = _at(way, vertices, place)
    going = (length >= _STRAIGHT * (ahead - behind)) & (ahead - behind >= rules.heading_m / 2)
    came = np.maximum(place - _LEAVES_HEADINGS * rules.heading_m, way[first][owner])
    went = np.minimum(place + _LEAVES_HEADINGS * rules.heading_m, way[last][owner])
    going &= _leaves(middle, _at(way, vertices, came), place - came, rules) | _leaves(
        middle, _at(way, vertices, went), went - place, rules
    )
    return Steps(middle[going], chord[going] / length[going, None], owner[going], np.full(going.sum(), _STEP_M / 2))


def _leaves(here: Floats, there: Floats, walked_m: Floats, rules: Rules) -> Flags:
    """Whether a way led somewhere else: the line of a phone that lies still is long, but stays where it is."""
    net = np.hypot(*(there - here).T)
    leaves: Flags = (net >= _LEAVES * walked_m) & (walked_m >= rules.heading_m / 2)
    return leaves


def _at(way: Floats, vertices: Floats, place: Floats) -> Floats:
    return np.column_stack([np.interp(place, way, vertices[:, 0]), np.interp(place, way, vertices[:, 1])])


def _seen_cells(walk: Steps, cells: Steps, rules: Rules) -> Flags:
    """Whether some step of a walk runs along each cell, and no other street is much nearer to it."""
    seen = np.zeros(len(cells.owner), bool)
    if not len(walk.owner) or not len(cells.owner):
        return seen
    tree = cKDTree(cells.middle)
    for at in range(0, len(walk.owner), _AT_ONCE):
        middle, direction = walk.middle[at : at + _AT_ONCE], walk.direction[at : at + _AT_ONCE]
        near = cKDTree(middle).sparse_distance_matrix(tree, rules.sight_m, output_type="ndarray")
        step, cell, distance = near["i"], near["j"], near["v"]
        along = np.abs((direction[step] * cells.direction[cell]).sum(axis=1)) >= np.cos(np.radians(rules.along_deg))
        step, cell, distance = step[along], cell[along], distance[along]
        nearest = np.full(len(middle), np.inf)
        np.minimum.at(nearest, step, distance)
        seen[cell[distance <= nearest[step] + _HARDLY_M]] = True
    return seen


def _long_enough(cells: Steps, seen: Flags, rules: Rules) -> Flags:
    """The seen cells that lie in a long enough seen run of their street, once short holes in it are closed."""
    if not len(seen):
        return seen
    run, metres, owner = _runs(cells, seen)
    beside = np.concatenate([[False], owner[1:] == owner[:-1], [False]])
    hole = beside[:-1] & beside[1:] & (metres <= _HOLE_M)
    seen = seen | hole[run]
    run, metres, owner = _runs(cells, seen)
    least = np.minimum(rules.run_m, np.bincount(cells.owner, cells.metres)[owner] / 2)
    long_enough: Flags = seen & (metres >= least - 1e-9)[run]
    return long_enough


def _runs(cells: Steps, flags: Flags) -> tuple[Positions, Floats, Positions]:
    """Runs of equal flags along one street: the run of each cell, and the metres and street of each run."""
    change = (np.diff(cells.owner, prepend=-1) != 0) | (np.diff(flags, prepend=False) != 0)
    run = np.cumsum(change) - 1
    return run, np.bincount(run, cells.metres).astype(float), cells.owner[change]
