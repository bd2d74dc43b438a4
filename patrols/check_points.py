"""Check-points: where they hang and hung, and the check-ins of those who passed."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data import frames
from data.database.turns import take_turn
from data.errors import NotFound
from data.models import CheckIn, CheckInBy, CheckPoint, CheckPointPlace, Community, Person, Team
from geo.errors import N_
from patrols.errors import BadCheckIn, BadCheckPoint
from patrols.locating import check_positions, locate_many
from patrols.rules import Rules
from patrols.scope import EVERYTHING, Scope

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O, U: who types a code from a wet sheet cannot take one for another."""

CODE_LETTERS = 10
"""Fifty bits: a code of a point that hangs elsewhere is not guessed."""

CODE_ACCURACIES = 3.0
"""A phone so many times its accuracy away from the code it read is elsewhere: one true visit in a hundred."""

_CODE_IN_ADDRESS = re.compile(r"[?&#]check=([^&#\s]+)")


class Hanging(NamedTuple):
    """A check-point as it hung at a moment: where (degrees, WGS 84), and in which grid of that day (None: none)."""

    point: CheckPoint
    lon: float
    lat: float
    grid_code: str | None


def add(
    session: Session, community: Community, name: str, place: tuple[float, float], *, at: datetime, number: int = 0
) -> CheckPoint:
    """Hang up a check-point.

    Parameters
    ----------
    place : (float, float)
        Longitude, latitude, WGS 84.
    number : int
        What people call it by; 0: the next one. Numbers of closed points are never used again.

    Raises
    ------
    BadCheckPoint
        Without a name, or with a number that is taken.
    BadGeometry
        If the place is no position on the globe.
    """
    said = " ".join(name.split())
    if not said:
        raise BadCheckPoint(N_("A check-point needs a name by which people find it."))
    check_positions([place[0]], [place[1]])
    take_turn(session, CheckPoint)
    theirs = select(CheckPoint.number).where(CheckPoint.community_id == community.id)
    taken = set(session.scalars(theirs))
    if number in taken or number < 0:
        raise BadCheckPoint(N_("The check-point number %(number)s is taken."), number=number)
    row = CheckPoint(
        community_id=community.id,
        number=number or max(taken, default=0) + 1,
        code="".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS)),
        name=said,
        opened_at=at,
        places=[CheckPointPlace(lon=place[0], lat=place[1], since=at)],
    )
    session.add(row)
    session.flush()
    return row


def move(session: Session, point: CheckPoint, place: tuple[float, float], *, at: datetime) -> None:
    """Hang a check-point elsewhere; its code stays, and its former place is kept with the day it left it.

    Raises
    ------
    BadCheckPoint
        If it is closed.
    BadGeometry
        If the place is no position on the globe.
    """
    _require_open(point)
    check_positions([place[0]], [place[1]])
    for former in point.places:
        former.until = former.until or at
    point.places.append(CheckPointPlace(lon=place[0], lat=place[1], since=at))
    session.flush()


def close(session: Session, point: CheckPoint, *, at: datetime, why: str = "") -> None:
    """Take a check-point down for good; check-ins of before stay.

    Raises
    ------
    BadCheckPoint
        If it was closed before.
    """
    _require_open(point)
    point.closed_at, point.closed_why = at, " ".join(why.split())
    for former in point.places:
        former.until = former.until or at
    session.flush()


def get(session: Session, scope: Scope, community: Community, number: int) -> CheckPoint:
    """A check-point by its number, closed ones too.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NotFound
        If there is none.
    """
    scope.require_entry(community.id)
    wanted = select(CheckPoint).where(CheckPoint.community_id == community.id, CheckPoint.number == number)
    point = session.scalar(wanted)
    if point is None:
        raise NotFound(N_("There is no check-point with the number %(number)s."), number=number)
    return point


def hanging(session: Session, community: Community, *, at: datetime, scope: Scope = EVERYTHING) -> list[Hanging]:
    """The check-points that hung at a moment, by their numbers, in a fixed number of queries.

    Their grid is that of the edition in force on that day, overrides and all; those of grids that may not be seen are
    left out.
    """
    (found,) = hanging_at(session, community, [at])
    return [one for one in found if scope.allows(community.id, one.grid_code)]


def hanging_at(session: Session, community: Community, moments: Sequence[datetime]) -> list[list[Hanging]]:
    """The check-points that hung at each of some moments, as `hanging` tells them; as few queries as for one."""
    if not moments:
        return []
    wanted = (
        select(CheckPoint, CheckPointPlace)
        .join(CheckPointPlace, CheckPointPlace.check_point_id == CheckPoint.id)
        .where(
            CheckPoint.community_id == community.id,
            CheckPointPlace.since <= max(moments),
            or_(CheckPointPlace.until.is_(None), CheckPointPlace.until > min(moments)),
        )
        .order_by(CheckPoint.number)
    )
    rows = session.execute(wanted).all()
    hung = [
        (which, at, point, place)
        for which, at in enumerate(moments)
        for point, place in rows
        if place.since <= at and (place.until is None or place.until > at)
    ]
    codes = grids_of(session, community, [(place.lon, place.lat, at) for _, at, _, place in hung])
    found: list[list[Hanging]] = [[] for _ in moments]
    for (which, _, point, place), code in zip(hung, codes, strict=True):
        found[which].append(Hanging(point, place.lon, place.lat, code))
    return found


def closed(session: Session, community: Community) -> list[CheckPoint]:
    """The check-points of a community that were closed, the latest first."""
    wanted = select(CheckPoint).where(CheckPoint.community_id == community.id, CheckPoint.closed_at.is_not(None))
    return list(session.scalars(wanted.order_by(CheckPoint.closed_at.desc(), CheckPoint.number)))


def check_in(
    session: Session,
    person: Person,
    *,
    key: str,
    at: datetime,
    code: str | None = None,
    point: tuple[float, float] | None = None,
    accuracy_m: float | None = None,
    team: Team | None = None,
    walk: str = "",
    heard_at: datetime | None = None,
) -> CheckIn:
    """Keep that a person was at a place; sending it again with the same key changes nothing and gives the same row.

    By the code of a check-point it is at that point. By position alone it is at the nearest check-point of the person's
    community that is within sight, the accuracy of the position added (of two as near, the smaller number); where none
    is, it is kept as a check-in at that place, and visits no point. A code read with a position far from its
    check-point is kept, but does not count: a photo of a code works from home, too.

    Parameters
    ----------
    key : str
        The phone's own, a UUID.
    at : datetime
        When, by the phone; one later than `heard_at` is taken as then, because clocks err and nobody checks in ahead.
    code : str, optional
        As read from the QR: the code, or the whole address that carries it; small letters and dashes do no harm.
    point : (float, float), optional
        Longitude, latitude, WGS 84, with `accuracy_m` (unknown: `Rules.assumed_accuracy_m`). A position less accurate
        than `Rules.max_accuracy_m` says nothing about check-points.
    team : Team, optional
        For which team the person walks.
    walk : str
        The phone's key of the outing.
    heard_at : datetime, optional
        When we heard of it; `at` unless said.

    Raises
    ------
    BadCheckIn
        Without code and position; for a code that is no check-point of the person's community, or was closed by then;
        for a key that somebody else has used.
    BadGeometry
        If the position is none on the globe.
    """
    if (known := _known(session, person, key)) is not None:
        return known
    heard = heard_at or at
    row = CheckIn(
        key=key,
        community_id=person.community_id,
        person_id=person.id,
        team_id=team.id if team else None,
        at=min(at, heard),
        heard_at=heard,
        said_by=CheckInBy.POSITION if code is None else CheckInBy.CODE,
        counts=True,
        walk=walk,
    )
    _place(session, row, code, point, accuracy_m)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        # The same message came twice at once: the other one is in by now.
        if (known := _known(session, person, key)) is None:
            raise
        return known
    return row


def code_in(read: str) -> str:
    """The code in what a camera read or a person typed.

    Examples
    --------
    >>> code_in("https://gp.example/walk?check=0123456789"), code_in("ol23-4567 8g")
    ('0123456789', '012345678G')
    """
    found = _CODE_IN_ADDRESS.search(read)
    said = re.sub(r"[\s-]", "", found.group(1) if found else read).upper()
    return said.translate(str.maketrans("OIL", "011"))


def grids_of(
    session: Session, community: Community, places: Sequence[tuple[float, float, datetime]]
) -> list[str | None]:
    """The grid that each of some places (longitude, latitude) lies in at a moment; None: in none."""
    if not places:
        return []
    asked = pd.DataFrame(places, columns=["lon", "lat", "at"])
    asked["at"] = pd.to_datetime(asked["at"], utc=True)
    return [code or None for code in locate_many(session, asked, communities=[community])["grid_code"]]


def visits(
    session: Session, community: Community, *, since: datetime | None = None, until: datetime | None = None
) -> dict[int, tuple[int, datetime]]:
    """How many check-ins count for each check-point that has any, by its id, and when the last was.

    Parameters
    ----------
    since, until : datetime, optional
        Only from then on, and only until then.
    """
    wanted = (
        select(CheckIn.check_point_id, func.count(), func.max(CheckIn.at))
        .where(CheckIn.community_id == community.id, CheckIn.check_point_id.is_not(None), CheckIn.counts)
        .group_by(CheckIn.check_point_id)
    )
    if since is not None:
        wanted = wanted.where(CheckIn.at >= since)
    if until is not None:
        wanted = wanted.where(CheckIn.at <= until)
    return {int(key or 0): (int(count), last) for key, count, last in session.execute(wanted)}


def visited_by_grid(session: Session, community: Community, *, since: datetime, until: datetime) -> pd.DataFrame:
    """How many check-points hang in each grid at the end of some time, and how many of them were visited in it.

    Returns
    -------
    DataFrame
        Index `grid_code`, only grids with check-points; `check_points`, `check_points_visited`.
    """
    visited = visits(session, community, since=since, until=until)
    rows = [(one.grid_code, one.point.id in visited) for one in hanging(session, community, at=until)]
    table = pd.DataFrame(rows, columns=["grid_code", "visited"]).dropna().astype({"visited": int})
    counts = table.groupby("grid_code")["visited"].agg(["size", "sum"])
    return counts.set_axis(["check_points", "check_points_visited"], axis=1)


def _require_open(point: CheckPoint) -> None:
    if point.closed_at is not None:
        raise BadCheckPoint(N_("The check-point %(number)s is closed already."), number=point.number)


def _known(session: Session, person: Person, key: str) -> CheckIn | None:
    row = session.scalar(select(CheckIn).where(CheckIn.key == key))
    if row is not None and row.person_id != person.id:
        raise BadCheckIn(N_("A check-in with this key was sent by somebody else."))
    return row


def _place(
    session: Session, row: CheckIn, code: str | None, point: tuple[float, float] | None, accuracy_m: float | None
) -> None:
    """Say of a check-in at which check-point, how far from it, and in which grid it is."""
    if code is None and point is None:
        raise BadCheckIn(N_("A check-in needs the code of a check-point, or a position."))
    community = session.get_one(Community, row.community_id)
    rules = Rules.for_community(community.rules)
    around = hanging(session, community, at=row.at)
    wide = rules.assumed_accuracy_m if accuracy_m is None else accuracy_m
    away = np.full(len(around), np.nan)
    if point is not None:
        check_positions([point[0]], [point[1]])
        row.lon, row.lat, row.accuracy_m = point[0], point[1], accuracy_m
        away = _metres_to(session, community, around, point)
    at_point = _nearest(away, rules.sight_m + wide) if code is None else _with_code(around, code)
    if code is None and wide > rules.max_accuracy_m:
        at_point = None
    if at_point is not None:
        met, far = around[at_point], float(away[at_point])
        row.check_point_id, row.grid_code = met.point.id, met.grid_code
        row.distance_m = far if np.isfinite(far) else None
        row.counts = wide > rules.max_accuracy_m or not far > rules.sight_m + CODE_ACCURACIES * wide
    elif point is not None:
        row.grid_code = grids_of(session, community, [(*point, row.at)])[0]


def _with_code(around: Sequence[Hanging], code: str) -> int:
    said = code_in(code)
    for number, one in enumerate(around):
        if one.point.code == said:
            return number
    raise BadCheckIn(N_("No check-point that hangs here has the code %(code)s."), code=said[:32])


def _metres_to(
    session: Session, community: Community, around: Sequence[Hanging], point: tuple[float, float]
) -> NDArray[np.float64]:
    lon, lat = [point[0], *(one.lon for one in around)], [point[1], *(one.lat for one in around)]
    x, y = frames.points_in_metres(lon, lat, frames.crs_of(session, community.id))
    away: NDArray[np.float64] = np.hypot(x[1:] - x[0], y[1:] - y[0])
    return away


def _nearest(away: NDArray[np.float64], reach_m: float) -> int | None:
    """The first of the nearest, if it is near enough."""
    if not len(away) or not away.min() <= reach_m:
        return None
    return int(away.argmin())
