"""The sample town's plan of patrols: windows as its teams do walk, check-points on their ways, and their check-ins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import CheckPoint, Community, Fix, GridEdition, Patrol, PatrolCredit, Person, Team, TeamMember
from patrols import check_points, plan, redraw
from patrols.days import local_day, zone
from patrols.plan import Asked, When, Where

POINTS = 12
"""Check-points hang in so many grids, those in which the teams spend most of their time."""

WINDOWS = 7
"""Of each team; a dozen volunteers keep that many."""

PLANNED_DAYS, SEEN_DAYS = 35, 14
"""Since when the plan holds, and on how many days it is modelled."""

PASSED_M = 20.0
"""Who comes so near to a check-point sees the sheet and scans it."""


@dataclass(frozen=True)
class Begun:
    """What was begun: windows, check-points, check-ins."""

    windows: int
    points: int
    check_ins: int


def begin(session: Session, community: Community, *, at: datetime) -> Begun:
    """Plan what the teams of a simulated town have lately walked, hang check-points, and check in who passed them."""
    walks = _walks(session, community, at)
    edition = redraw.edition_in_force(session, community.id, at)
    if edition is None or walks.empty:
        return Begun(0, 0, 0)
    windows = _windows(session, community, walks, at)
    opened = at - timedelta(days=PLANNED_DAYS)
    fixes = _fixes(session, community, opened)
    points = _points(session, community, edition, walks, fixes, opened)
    return Begun(windows, len(points), _check_ins(session, community, points, fixes))


def _walks(session: Session, community: Community, at: datetime) -> pd.DataFrame:
    """A row for each patrol of a team's member and grid: `patrol`, `team`, `started_at`, `grid_code`, `minutes`."""
    wanted = (
        select(Patrol.id, TeamMember.team_id, Patrol.started_at, PatrolCredit.grid_code, PatrolCredit.minutes)
        .join(PatrolCredit, PatrolCredit.patrol_id == Patrol.id)
        .join(TeamMember, TeamMember.person_id == Patrol.person_id)
        .where(
            Patrol.community_id == community.id,
            Patrol.started_at >= at - timedelta(days=PLANNED_DAYS),
            Patrol.started_at < at,
            PatrolCredit.grid_code.is_not(None),
        )
    )
    columns = ["patrol", "team", "started_at", "grid_code", "minutes"]
    return pd.DataFrame(session.execute(wanted).all(), columns=columns).sort_values(
        ["minutes", "patrol"], ascending=[False, True]
    )


def _windows(session: Session, community: Community, walks: pd.DataFrame, at: datetime) -> int:
    """Windows at the times and in the grids of the last two weeks' longest walks."""
    today = local_day(community, at)
    lately = walks[walks["started_at"] >= at - timedelta(days=SEEN_DAYS)].drop_duplicates("patrol")
    teams = {team.id: team for team in session.scalars(select(Team).where(Team.community_id == community.id))}
    asked = []
    for row in lately.groupby("team").head(WINDOWS).to_dict("records"):
        local = row["started_at"].astimezone(zone(community.timezone))
        hour, half = min(local.hour, 21), time(min(local.hour, 21), local.minute // 30 * 30)
        when = When((local.isoweekday(),), half, time(hour + 1, half.minute), today - timedelta(days=PLANNED_DAYS))
        asked.append(Asked(teams[row["team"]], when, Where(row["grid_code"])))
    return len({window.id for windows in plan.plan_all(session, community, asked) for window in windows})


def _fixes(session: Session, community: Community, since: datetime) -> gpd.GeoDataFrame:
    """Where known people have been since then: `patrol`, `person`, `at`; in the community's metres."""
    wanted = (
        select(Fix.patrol_id, Patrol.person_id, Fix.at, Fix.lon, Fix.lat)
        .join(Patrol, Patrol.id == Fix.patrol_id)
        .where(Patrol.community_id == community.id, Patrol.started_at >= since, Patrol.person_id.is_not(None))
        .where(Fix.dropped_by.is_(None))
        .order_by(Fix.id)
    )
    table = pd.DataFrame(session.execute(wanted).all(), columns=["patrol", "person", "at", "lon", "lat"])
    crs = frames.crs_of(session, community.id)
    spots = gpd.points_from_xy(*frames.points_in_metres(table.pop("lon"), table.pop("lat"), crs), crs=crs)
    return gpd.GeoDataFrame(table, geometry=spots)


def _points(
    session: Session,
    community: Community,
    edition: GridEdition,
    walks: pd.DataFrame,
    fixes: gpd.GeoDataFrame,
    opened: datetime,
) -> list[CheckPoint]:
    """A check-point in each of the grids most walked in, on the named street nearest to where most people pass."""
    most = walks.groupby("grid_code")["minutes"].sum().sort_values(ascending=False).head(POINTS).index
    grids = frames.grids(session, edition.id).set_index("grid_code")
    streets = frames.streets(session, community.id)
    named = streets[streets["name"].fillna("") != ""]
    found = []
    for code in sorted(most):
        inside = fixes.geometry[fixes.within(grids.geometry[code])]
        passed = [shapely.dwithin(inside.array, one, PASSED_M).sum() for one in inside.iloc[::20]]
        spot = inside.iloc[::20].iloc[int(np.argmax(passed))]
        nearest = named.geometry.distance(spot).idxmin()
        place = frames.to_degrees(gpd.GeoSeries([spot], crs=grids.crs)).iloc[0]
        name = f"{named['name'][nearest]}（{grids['name'][code]}）"
        found.append(check_points.add(session, community, name, (place.x, place.y), at=opened))
    return found


def _check_ins(session: Session, community: Community, points: Sequence[CheckPoint], fixes: gpd.GeoDataFrame) -> int:
    """Let everybody who passed a check-point check in, once a walk, where they came nearest."""
    people = {row.id: row for row in session.scalars(select(Person).where(Person.community_id == community.id))}
    count = 0
    for point in points:
        place = point.places[0]
        x, y = frames.points_in_metres([place.lon], [place.lat], fixes.crs)
        away = fixes.geometry.distance(shapely.Point(x[0], y[0]))
        near = away[away <= PASSED_M].groupby(fixes["patrol"]).idxmin().astype(int)
        for patrol, which in near.items():
            person, moment = people[int(fixes["person"][which])], fixes["at"][which]
            key = f"sample-{patrol}-{point.number}"
            check_points.check_in(session, person, key=key, at=moment.to_pydatetime(), code=point.code)
            count += 1
    return count
