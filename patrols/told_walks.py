"""Walks that no phone recorded, told afterwards: drawn on the map by hand, or typed in from paper.

They are patrols like any other, credited by the same functions, and marked by their source wherever they are shown.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, Community, Device, Patrol, PatrolCredit, PatrolSource, Street
from geo.errors import N_
from patrols import privacy
from patrols.days import local_day, zone
from patrols.errors import PatrolError
from patrols.intake.rows import plain_row, write_rows
from patrols.locating import check_positions
from patrols.rules import Rules
from patrols.walked import earned

MOST_PLACES = 2000
MOST_STREETS = 300
DAYS_BACK = 30
"""So long afterwards somebody still knows where they walked."""

LONGEST = timedelta(hours=12)

_TOLERANCE = timedelta(minutes=5)


class BadWalk(PatrolError):
    """A walk that was told, and cannot have been."""


def draw(
    session: Session,
    device: Device,
    key: str,
    *,
    began: datetime,
    minutes: float,
    lines: Sequence[Sequence[tuple[float, float]]],
    at: datetime,
) -> Patrol:
    """Keep a walk that its person drew on the map.

    The time is spread evenly over the line. Parts that were drawn apart are walked one after the other, and what lies
    between them was not seen.

    Parameters
    ----------
    key : str
        The phone's own, a UUID; the same key again is refused by the database.
    lines : sequence
        Longitude and latitude of their vertices, WGS 84.
    at : datetime
        Now.

    Raises
    ------
    BadWalk
        Without a line, with too many places, longer ago than `DAYS_BACK`, not over yet, never touching the community,
        or faster than anybody walks.
    BadGeometry
        A place is none on the globe.
    """
    places = [place for line in lines for place in line]
    if len(places) > MOST_PLACES:
        raise BadWalk(N_("A drawn walk has at most %(most)s places."), most=MOST_PLACES)
    check_positions([lon for lon, _ in places], [lat for _, lat in places])
    drawn = [shapely.LineString(line) for line in lines if len(set(line)) > 1]
    if not drawn:
        raise BadWalk(N_("The line is too short to be a walk."))
    return _keep(session, device, f"drawn-{key}", PatrolSource.DRAWN, drawn, began, timedelta(minutes=minutes), at)


def type_in(
    session: Session,
    device: Device,
    key: str,
    *,
    day: date,
    begins: time,
    ends: time,
    streets: Sequence[int],
    at: datetime,
) -> Patrol:
    """Keep a walk that was written down: the streets that are ticked were walked from end to end, once.

    Parameters
    ----------
    begins, ends : time
        On the community's clock; one that ends before it begins ended on the next day.
    streets : sequence of int
        Their keys; a street that is named twice was walked once.

    Raises
    ------
    BadWalk
        No street is ticked, one is none of the community's, or as in `draw`.
    """
    wanted = sorted(set(streets))
    if not 1 <= len(wanted) <= MOST_STREETS:
        raise BadWalk(N_("Tick from 1 to %(most)s streets."), most=MOST_STREETS)
    found = session.execute(
        select(Street.id, frames.as_wkb(Street.geom)).where(
            Street.community_id == device.community_id, Street.id.in_(wanted)
        )
    ).all()
    if len(found) < len(wanted):
        raise BadWalk(N_("One of the streets is not there any more: load the page again and tick them anew."))
    clock = zone(session.get_one(Community, device.community_id).timezone)
    began, ended = datetime.combine(day, begins, clock), datetime.combine(day, ends, clock)
    ended += timedelta(days=ended <= began)
    lines = [part for row in found for part in shapely.get_parts(shapely.from_wkb(row[1])) if part.length > 0]
    return _keep(session, device, f"paper-{key}", PatrolSource.PAPER, lines, began, ended - began, at)


def _keep(
    session: Session,
    device: Device,
    key: str,
    source: PatrolSource,
    parts: Sequence[shapely.LineString],
    began: datetime,
    took: timedelta,
    at: datetime,
) -> Patrol:
    community = session.get_one(Community, device.community_id)
    _check_times(community, began, took, at)
    line = _line(session, community, parts, began, took)
    _check_way(session, community, line, took)
    patrol = Patrol(
        community_id=community.id,
        person_id=device.person_id,
        team_id=device.team_id,
        source=source,
        source_key=key,
        started_at=began,
        ended_at=began + took,
        metres=float(line["metres"].iloc[0]),
        minutes=float(line["minutes"].iloc[0]),
        track=frames.store_geometry(line.geometry)[0],
    )
    session.add(patrol)
    session.flush()
    privacy.hang(session, community, line.geometry, [device.person_id])
    credits = earned(session, community, line).assign(patrol_id=patrol.id).drop(columns="line")
    write_rows(session, PatrolCredit, [plain_row(row) for row in credits.to_dict("records")])
    return patrol


def _check_times(community: Community, began: datetime, took: timedelta, at: datetime) -> None:
    if not timedelta(minutes=1) <= took <= LONGEST:
        raise BadWalk(N_("A walk takes from one minute to %(hours)s hours."), hours=LONGEST // timedelta(hours=1))
    if began + took > at + _TOLERANCE:
        raise BadWalk(N_("The walk is not over yet: give a time that has passed."))
    if local_day(community, began) < local_day(community, at - timedelta(days=DAYS_BACK)):
        raise BadWalk(N_("The walk is longer ago than %(days)s days."), days=DAYS_BACK)


def _line(
    session: Session, community: Community, parts: Sequence[shapely.LineString], began: datetime, took: timedelta
) -> gpd.GeoDataFrame:
    """The walk as `patrols.tracks.to_lines` would make it, its time spread evenly over its metres."""
    crs = frames.crs_of(session, community.id)
    shape = gpd.GeoSeries([shapely.multilinestrings(np.asarray(parts, dtype=object))], crs=WGS84).to_crs(crs)
    places, part = shapely.get_coordinates(shapely.get_parts(shape.to_numpy()), return_index=True)
    step = np.where(np.diff(part, prepend=-1) == 0, np.hypot(*np.diff(places, axis=0, prepend=places[:1]).T), 0.0)
    gone = np.cumsum(step)
    seconds = np.empty(1, object)
    seconds[0] = gone / max(gone[-1], 1e-9) * took.total_seconds()
    return gpd.GeoDataFrame(
        {
            "metres": [float(gone[-1])],
            "minutes": [took.total_seconds() / 60.0],
            "started_at": pd.DatetimeIndex([pd.Timestamp(began).tz_convert("UTC")]),
            "seconds": pd.Series(seconds, dtype=object),
        },
        geometry=shape,
    )


def _check_way(session: Session, community: Community, line: gpd.GeoDataFrame, took: timedelta) -> None:
    metres = float(line["metres"].iloc[0])
    rules = Rules.for_community(community.rules)
    if metres > rules.max_speed_m_s * took.total_seconds():
        raise BadWalk(
            N_("Nobody walks %(km)s km in %(minutes)s minutes."),
            km=round(metres / 1000, 1),
            minutes=round(took.total_seconds() / 60),
        )
    outline = frames.outline(session, community.id)
    if len(outline) and not outline.union_all().intersects(line.geometry.iloc[0]):
        raise BadWalk(N_("The walk never touches %(community)s."), community=community.name)
