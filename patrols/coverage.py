"""Which metres of street a patrol has seen: walked along, not merely crossed or passed near."""

from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import require_metres, require_same
from geo.lines import lines_only
from geo.match import beside, match_walks
from geo.network import Cells, Network, make_network
from geo.streets import cut_streets
from patrols.rules import Rules

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DEFAULT = Rules()
# Shorter holes in a seen street are the phone's wobble.
_HOLE_M = 9.0
# Of a street shorter than twice the shortest run this share is enough.
_SHORT_STREET_SHARE = 0.5


def street_share_seen(
    track: Any, streets: gpd.GeoDataFrame | gpd.GeoSeries, *, sight_m: float = 15.0
) -> "pd.Series[Any]":
    """Say which share of each street a walk has seen.

    Seen is what was walked along, on the way that is the likeliest of all through the streets and across the ground
    between them (see `geo.match`), for at least 12 m or half of a shorter street. Crossing a street does not see it,
    nor does standing at its corner, nor a short cut across a courtyard. Lanes side by side closer than 12 m, and than
    `sight_m`, are taken as one. See `patrols.rules.Rules` for the reasons.

    Parameters
    ----------
    track : GeoDataFrame, GeoSeries or line
        One walk or many together, LineString or MultiLineString, in the metres of the streets. A bare geometry is taken
        to be in their CRS.
    streets : GeoDataFrame or GeoSeries of LineString or MultiLineString
        In metres.
    sight_m : float, default 15
        How far a walker sees to each side: a lane's width with both its house fronts. A phone's noise, which is learnt
        from each walk, comes on top.

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
    network = _network(_Streets(lines_only(streets)))
    seen = _along(lines_only(lines), network, Rules(sight_m=sight_m))
    seen_m, metres = _metres_of(seen, network.cells, len(streets))
    share = np.divide(seen_m, metres, out=np.zeros(len(metres)), where=metres > 0)
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
    """Which of the cells of at most 4 m that the pieces of street are cut into the walks have seen.

    What several batches of walks have seen together is what any of them has: ``one | other``.

    Parameters
    ----------
    lines, pieces, rules
        As in `coverage`; pieces of `geo.streets.cut_streets`.

    Returns
    -------
    bool array
        One for each cell of `geo.network.street_cells`, for `coverage_of`.
    """
    require_same(lines, pieces, "walks", "streets")
    return _along(lines_only(lines), _network(_Streets(lines_only(pieces))), rules)


def coverage_of(
    seen: NDArray[np.bool_], pieces: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, rules: Rules = _DEFAULT
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables of `coverage`, from what `cells_seen` told."""
    seen_m, metres = _metres_of(seen, cells_of(pieces), len(pieces))
    per_piece = pd.DataFrame(pieces[["street_id", "piece_id", "grid_codes"]]).assign(metres=metres, metres_seen=seen_m)
    by_grid = per_piece.explode("grid_codes").groupby("grid_codes")[["metres", "metres_seen"]].sum()
    per_grid = by_grid.reindex(grids["grid_code"]).fillna(0.0)
    per_grid = per_grid.set_axis(["street_metres", "street_metres_seen"], axis=1)
    return per_grid.rename_axis("grid_code").reset_index(), per_piece


def _metres_of(seen: Flags, cells: Cells, streets: int) -> tuple[Floats, Floats]:
    """Metres seen and metres altogether of each street."""
    of_seen: Floats = np.bincount(cells.owner, cells.metres * seen, minlength=streets).astype(float)
    of_all: Floats = np.bincount(cells.owner, cells.metres, minlength=streets).astype(float)
    return of_seen, of_all


class _Streets:
    """Streets as a key: the very same lines, whichever frame they are in. A line cannot change, so neither can this."""

    def __init__(self, lines: NDArray[np.object_]) -> None:
        self.lines = lines.copy()
        self._which = self.lines.tobytes()

    def __hash__(self) -> int:
        return hash(self._which)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Streets) and self._which == other._which


@lru_cache(maxsize=2)
def _network(streets: _Streets) -> Network:
    """The net of some streets, remembered: walk after walk is laid over the same town."""
    return make_network(streets.lines)


def cells_of(pieces: gpd.GeoDataFrame) -> Cells:
    """The cells of at most 4 m that pieces of street are cut into: what `cells_seen` tells of."""
    return _network(_Streets(lines_only(pieces))).cells


def forget_streets() -> None:
    """Forget the nets of streets that are remembered: for measuring what laying one takes."""
    _network.cache_clear()


def _along(lines: NDArray[np.object_], network: Network, rules: Rules) -> Flags:
    """Which cells some walks went along, as one way or another of the same street."""
    walked = _long_enough(network.cells, match_walks(lines, network, sight_m=rules.sight_m), rules)
    as_one = beside(walked, network, apart_m=min(rules.side_by_side_m, rules.sight_m))
    return _long_enough(network.cells, as_one, rules)


def _long_enough(cells: Cells, seen: Flags, rules: Rules) -> Flags:
    """The seen cells that lie in a long enough seen run of their street, once short holes in it are closed."""
    from geo.matching import long_runs

    kept = np.zeros(len(seen), bool)
    long_runs(cells.owner, cells.metres, seen, _HOLE_M, rules.run_m, _SHORT_STREET_SHARE, kept)
    return kept
