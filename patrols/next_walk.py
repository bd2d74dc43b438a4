"""The next walk: a closed walk from a start over the streets that have gone coldest."""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import Community, Incident, Stage
from geo.errors import N_
from geo.walk_plan import plan_walk
from geo.walk_turns import Step, tell_turns
from patrols import seen
from patrols.cold import by_grid
from patrols.errors import BadWish
from patrols.scope import Scope

SHORTEST_M, LONGEST_M = 300.0, 15_000.0
"""Shorter than round a block is no walk, longer than three hours nobody walks."""

INCIDENT_DAYS, INCIDENT_M = 30, 25.0
"""Incidents found so lately, so near to a street, make it worth more to look there again."""

PER_INCIDENT, MOST_INCIDENTS = 0.5, 4
"""Each adds half of what the street is worth anyway, up to thrice that in all."""


class NextWalk(NamedTuple):
    """A walk to be walked: its line in degrees, metres, metres of yellow and red street on it, and its turns.

    ``start`` is where it begins, in degrees. ``steps`` are those of `geo.walk_turns`, their places in degrees.
    """

    line: shapely.LineString
    start: tuple[float, float]
    metres: float
    yellow_metres: float
    red_metres: float
    steps: list[Step]


NOWHERE = NextWalk(shapely.LineString(), (math.nan, math.nan), 0.0, 0.0, 0.0, [])
"""The walk of somebody who may see no street at all."""


def next_walk(
    session: Session,
    scope: Scope,
    community: Community,
    cold: gpd.GeoDataFrame,
    *,
    at: datetime,
    start: tuple[float, float],
    longest_m: float,
    seed: int = 0,
) -> NextWalk:
    """Plan a closed walk over the streets that need it most.

    A metre of street is worth the days since it was last seen, divided by the days that may pass: a lane to be seen
    every third day goes cold faster than an avenue to be seen weekly. Incidents of the last month beside it add to
    that. Streets seen today, and those nobody is wished to walk, are worth nothing, but one may walk along them.

    Parameters
    ----------
    cold : GeoDataFrame
        As `patrols.cold.cold_streets` makes it.
    start : (float, float)
        Longitude and latitude; the walk begins and ends at the nearest place on a street.
    longest_m : float
    seed : int
        Another number, another walk about as good.

    Raises
    ------
    BadWish
        For a length nobody walks.
    CannotPlan
        When the start is not near the streets.
    """
    if not SHORTEST_M <= longest_m <= LONGEST_M:
        raise BadWish(
            N_("A walk is %(least)s m to %(most)s m long, not %(metres)s m."),
            least=round(SHORTEST_M),
            most=round(LONGEST_M),
            metres=round(longest_m),
        )
    x, y = frames.points_in_metres([start[0]], [start[1]], cold.crs)
    worth = worth_of(cold, _incidents_beside(session, scope, community, cold, at))
    walk = plan_walk(cold, worth, (float(x[0]), float(y[0])), longest_m=longest_m, seed=seed)
    new = walk.legs[~walk.legs["again"].to_numpy()]
    warmth = cold["warmth"].to_numpy()[new["piece"]]
    by_warmth = {name: float(new["metres"].to_numpy()[warmth == name].sum()) for name in ("yellow", "red")}
    names = cold["name"].fillna("").astype(str).to_numpy()[walk.legs["piece"]].tolist()
    steps = _in_degrees(tell_turns(walk.legs.geometry.tolist(), names), cold)
    line = frames.to_degrees(gpd.GeoSeries([walk.line], crs=cold.crs)).iloc[0]
    begin = (float(line.coords[0][0]), float(line.coords[0][1])) if not line.is_empty else start
    return NextWalk(line, begin, walk.metres, by_warmth["yellow"], by_warmth["red"], steps)


def start_in(cold: gpd.GeoDataFrame, grid_code: str | None = None) -> tuple[float, float]:
    """A place to start from in a grid, on the street nearest to its middle; longitude and latitude.

    Parameters
    ----------
    cold : GeoDataFrame
        As `patrols.cold.cold_streets` makes it.
    grid_code : str, optional
        Without it, the grid with the most metres of red street; the smallest code of several.

    Raises
    ------
    NotFound
        When no street of that grid may be seen.
    """
    if grid_code is None:
        grid_code = by_grid(cold).sort_values("red_metres", ascending=False, kind="stable")["grid_code"].iloc[0]
    inside = cold[[grid_code in codes for codes in cold["grid_codes"]]]
    if inside.empty:
        raise NotFound(N_("There is no street to start from in grid %(code)s."), code=grid_code)
    spots = inside.geometry.interpolate(0.5, normalized=True)
    middle = shapely.Point(spots.x.mean(), spots.y.mean())
    nearest = int(spots.distance(middle).to_numpy().argmin())
    spot = frames.to_degrees(spots.iloc[nearest : nearest + 1]).iloc[0]
    return float(spot.x), float(spot.y)


def worth_of(cold: gpd.GeoDataFrame, incidents: NDArray[np.int64]) -> NDArray[np.float64]:
    """What walking along each piece of street is worth.

    Parameters
    ----------
    cold : GeoDataFrame
        `metres`, `days`, `every_days`.
    incidents : array of int
        Beside each piece.

    Examples
    --------
    100 m to be seen every 4 days: seen today, yesterday, a week ago, and a week ago with an incident since.

    >>> pieces = gpd.GeoDataFrame({"metres": 100.0, "days": [0, 1, 7, 7], "every_days": 4}, index=range(4))
    >>> worth_of(pieces, np.array([0, 0, 0, 1])).tolist()
    [0.0, 25.0, 175.0, 262.5]
    """
    every = cold["every_days"].to_numpy(dtype=float)
    days = np.minimum(cold["days"].to_numpy(dtype=float), seen.LOOK_BACK_DAYS)
    often = np.divide(days, every, out=np.zeros(len(cold)), where=every > 0)
    more = 1.0 + PER_INCIDENT * np.minimum(incidents, MOST_INCIDENTS)
    worth: NDArray[np.float64] = cold["metres"].to_numpy(dtype=float) * often * more
    return worth


def _incidents_beside(
    session: Session, scope: Scope, community: Community, cold: gpd.GeoDataFrame, at: datetime
) -> NDArray[np.int64]:
    """How many incidents of the last month were found beside each piece of street."""
    wanted = select(frames.as_wkb(Incident.geom)).where(
        Incident.community_id == community.id,
        Incident.geom.is_not(None),
        Incident.stage != Stage.VOIDED,
        Incident.found_at >= at - timedelta(days=INCIDENT_DAYS),
        Incident.found_at <= at,
    )
    points = shapely.from_wkb(session.scalars(scope.narrow(wanted, Incident)).all())
    spots = frames.to_metres(gpd.GeoSeries(points, crs=4326), cold.crs)
    _, piece = cold.sindex.query(spots.geometry.array, predicate="dwithin", distance=INCIDENT_M)
    return np.bincount(piece, minlength=len(cold)).astype(np.int64)


def _in_degrees(steps: list[Step], cold: gpd.GeoDataFrame) -> list[Step]:
    spots = gpd.GeoSeries(gpd.points_from_xy([step.x for step in steps], [step.y for step in steps]), crs=cold.crs)
    there = frames.to_degrees(spots)
    return [step._replace(x=float(spot.x), y=float(spot.y)) for step, spot in zip(steps, there, strict=True)]
