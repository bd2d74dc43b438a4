"""Whose ground is it: the grid of each point, by a rule that never leaves a point with two."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from geo.crs import require_metres, require_same
from geo.edges import Floats
from geo.errors import N_, BadGeometry
from geo.locator import GridLocator
from geo.weighing import LEAST_RIVAL, RULES, DecidedBy, Weighed, decide, weigh, weighable

__all__ = ["DecidedBy", "GridLocator", "Weighed", "locate_points", "weigh", "weigh_candidates", "weigh_points"]


def locate_points(
    points: gpd.GeoDataFrame | gpd.GeoSeries, grids: gpd.GeoDataFrame | GridLocator, *, reach_m: float = 0.0
) -> "pd.Series[Any]":
    """Say for each point the code of the grid it lies in.

    Ties are settled as `GridLocator` says. A point outside every grid goes to the nearest one within `reach_m`, of
    several equally near ones to the preferred kind and smallest code. Every point gets exactly one row.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        In the CRS of the grids. A missing or empty point has no grid.
    grids : GeoDataFrame or GridLocator
        Columns `grid_code`, `geometry`, optional `kind`. Pass a locator to look up again and again.
    reach_m : float, default 0
        How far outside the grids a point may lie. Any reach at all needs coordinates in metres.

    Returns
    -------
    pandas.Series
        `grid_code` as objects, None for none, with the index and order of `points`.

    Raises
    ------
    WrongCrs
        When a CRS is missing, the two differ, or a reach is asked for in degrees.
    BadGeometry
        When something other than points or polygons is passed.

    Examples
    --------
    >>> from shapely import Point, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A"]}, geometry=[box(0, 0, 10, 10)], crs=4548)
    >>> points = gpd.GeoSeries([Point(5, 5), Point(12, 5), Point(40, 5)], crs=4548)
    >>> locate_points(points, grids, reach_m=3).tolist()
    ['A', 'A', None]
    """
    locator, x, y = _at_the_door(points, grids, reach_m > 0)
    found, _ = decide(locator, x, y, reach_m)
    return pd.Series(locator.codes_at(found), index=points.index, name="grid_code", dtype=object)


def weigh_points(
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    grids: gpd.GeoDataFrame | GridLocator,
    *,
    accuracy_m: float | ArrayLike,
    reach_m: float = 0.0,
    tie_m: float = 0.0,
    sure_probability: float = 0.95,
) -> pd.DataFrame:
    """Say for each point its grid, the rule that decided, and how sure that is given the position's accuracy.

    The grid is where the point lies, never merely the likelier neighbour. Its probability is the share of a round
    normal scatter around the point that falls on the grid's ground, computed exactly. `accuracy_m` is understood as
    phones state it: the true position is within that radius in 68 of 100 cases. Other grids are weighed only if they
    are of the same kind, so a 专属 grid does not compete with the 综合 grid under it.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        In metres.
    grids : GeoDataFrame or GridLocator
        As in `locate_points`, in metres.
    accuracy_m : float or array_like
        One for all, or one for each point in their order. Unknown (NaN) or negative: the probability is NaN and the
        answer not sure. 0 is taken as a millimetre.
    reach_m : float, default 0
        How far outside the grids a point may lie and still go to the nearest one.
    tie_m : float, default 0
        How near to a shared line a point counts as on it. Coordinates converted from degrees need a centimetre,
        or else rounding, not the rule, would choose between the two sides.
    sure_probability : float, default 0.95
        From which probability on an answer is called sure: wrong once in twenty at worst, and far less on average.

    Returns
    -------
    pandas.DataFrame
        Index and order of `points`; columns `grid_code` (None for none), `rule` (a `DecidedBy` value), `border_m`
        (distance to that grid's border, NaN for none), `probability`, `next_code` (the likeliest other grid with a
        probability of 0.001 or more, else None), `sure`. Where no grid is found, `probability` is that of the point
        really lying outside every grid.

    Raises
    ------
    WrongCrs
        When a CRS is missing, the two differ, or they are not in metres.
    BadGeometry
        When something other than points or polygons is passed.

    Examples
    --------
    >>> from shapely import Point, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=[box(0, 0, 99, 99), box(99, 0, 199, 99)], crs=4548)
    >>> points = gpd.GeoSeries([Point(50, 50), Point(99, 50)], crs=4548)
    >>> print(weigh_points(points, grids, accuracy_m=5.0).round(3).to_string())
      grid_code        rule  border_m  probability next_code   sure
    0         A      inside      49.0          1.0      None   True
    1         A  border_tie       0.0          0.5         B  False
    """
    locator, x, y = _at_the_door(points, grids, True)
    said = weigh(locator, x, y, accuracy_m=accuracy_m, reach_m=reach_m, tie_m=tie_m, sure_probability=sure_probability)
    columns = {
        "grid_code": pd.Series(locator.codes_at(said.grid), dtype=object),
        "rule": pd.Series(np.array([rule.value for rule in RULES], object)[said.rule], dtype=object),
        "border_m": said.border_m,
        "probability": said.probability,
        "next_code": pd.Series(locator.codes_at(said.rival), dtype=object),
        "sure": said.sure,
    }
    return pd.DataFrame(columns).set_axis(points.index, axis=0)


def weigh_candidates(
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    grids: gpd.GeoDataFrame | GridLocator,
    *,
    accuracy_m: float | ArrayLike,
    least: float = LEAST_RIVAL,
) -> pd.DataFrame:
    """Every grid that a point may really lie in, with its probability.

    Parameters
    ----------
    points, grids, accuracy_m
        As in `weigh_points`. Points of unknown accuracy have no candidates.
    least : float
        Grids less likely than this are left out.

    Returns
    -------
    pandas.DataFrame
        A row for each pair: `point` (position in `points`), `grid_code`, `probability`; by point, then likeliest first,
        then by the rule of ties. Over grids that tile the ground the probabilities of a point add up to 1, less what is
        left out and what lies outside all grids.

    Raises
    ------
    WrongCrs, BadGeometry
        As `weigh_points` does.

    Examples
    --------
    >>> from shapely import Point, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=[box(0, 0, 99, 99), box(99, 0, 199, 99)], crs=4548)
    >>> print(weigh_candidates(gpd.GeoSeries([Point(97, 50)], crs=4548), grids, accuracy_m=5.0).round(2).to_string())
       point grid_code  probability
    0      0         A         0.73
    1      0         B         0.27
    """
    locator, x, y = _at_the_door(points, grids, True)
    accuracy = np.broadcast_to(np.asarray(accuracy_m, float), x.shape)
    known = weighable(x, y, accuracy)
    near, grid, mass = locator.ground.masses(x[known], y[known], accuracy[known])
    # A point that no border is near lies wholly in the grids that hold it, if any.
    alone = np.setdiff1d(np.arange(len(known)), near)
    holder, holding = locator.holding(x[known[alone]], y[known[alone]])
    point = known[np.concatenate([near, alone[holder]])]
    grid, mass = np.concatenate([grid, holding]), np.concatenate([mass, np.ones(len(holder))])
    order = np.lexsort((locator.rank[grid], -mass.round(9), point))
    order = order[mass[order] >= least]
    return pd.DataFrame(
        {
            "point": point[order],
            "grid_code": pd.Series(locator.codes_at(grid[order]), dtype=object),
            "probability": mass[order],
        }
    )


def _at_the_door(points: Any, grids: Any, metres: bool) -> tuple[GridLocator, Floats, Floats]:
    locator = grids if isinstance(grids, GridLocator) else GridLocator(grids)
    require_same(points, locator, "points", "grids")
    if metres:
        require_metres(points, "points")
    geometry = np.asarray(points.geometry.array, dtype=object)
    kind = shapely.get_type_id(geometry)
    if (kind > 0).any():
        raise BadGeometry(N_("Points are wanted; at least one geometry here is something else."))
    # GEOS has no coordinates for an empty point, and says so with an exception.
    sound = (kind == 0) & ~shapely.is_empty(geometry)
    places = np.full((len(geometry), 2), np.nan)
    places[sound] = shapely.get_coordinates(geometry if sound.all() else geometry[sound])
    return locator, np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])
