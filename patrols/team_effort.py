"""What teams did in a time: hours, kilometres, streets covered, valid reports. By team only, never by single person."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, Community, Patrol, Team, TeamMember
from patrols import seen
from patrols.coverage import coverage
from patrols.days import local_day, start_of_day
from patrols.rules import Rules
from patrols.valid_reports import valid_reports

LEAST_WALKERS = 3
"""A month in which fewer of a team walked tells what single persons did: nothing of it is shown."""

_KEPT = 512

Flags = NDArray[np.bool_]
_seen_pieces: "OrderedDict[tuple[Any, ...], Flags]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Effort:
    """What one team did in the months of a time in which at least `LEAST_WALKERS` of it walked.

    `months` are those that are told, `hidden` those in which some walked, but too few; with none told the figures are
    None. `street_metres_seen` counts each piece of street once, however many walked it, of `street_metres` in all.
    """

    team: Team
    months: int
    hidden: int
    patrols: int | None = None
    minutes: float | None = None
    metres: float | None = None
    street_metres_seen: float | None = None
    street_metres: float | None = None
    valid_reports: int | None = None


def months_of(year: int, first: int, count: int = 1) -> list[date]:
    """The first days of months that follow each other.

    Examples
    --------
    >>> months_of(2026, 10, 3)
    [datetime.date(2026, 10, 1), datetime.date(2026, 11, 1), datetime.date(2026, 12, 1)]
    """
    return [date(year, first + number, 1) for number in range(count)]


def effort(
    session: Session, community: Community, teams: Sequence[Team], months: Sequence[date], *, at: datetime
) -> list[Effort]:
    """What each team did in some whole months, in the order of the teams.

    A patrol counts for the team it was walked for; where none is told, for the only team that its walker belonged to
    that day; else for none. A valid report counts for the only team of whoever sent it. A time of several months adds
    up those months that may be told, so that no difference of two times tells what one person did.

    Parameters
    ----------
    months : sequence of date
        First local days of months.
    at : datetime
        Now, aware; what began later does not count.
    """
    walks = _walks(session, community, months, at)
    per_month = walks.groupby(["team_id", "month"]).agg(
        walkers=("person_id", "nunique"), patrols=("id", "size"), minutes=("minutes", "sum"), metres=("metres", "sum")
    )
    told = per_month[per_month["walkers"] >= LEAST_WALKERS]
    reports = _reports(session, community, months, at)
    ground = seen.ground_of(session, community, at=at)
    found = []
    for team in teams:
        mine = told.xs(team.id, level="team_id") if team.id in told.index.get_level_values(0) else told.iloc[:0]
        walked = team.id in per_month.index.get_level_values(0)
        hidden = (len(per_month.loc[team.id]) if walked else 0) - len(mine)
        if mine.empty:
            found.append(Effort(team, 0, hidden))
            continue
        shown = [month for month in months if month in mine.index]
        streets = _streets(session, community, ground, walks[walks["team_id"] == team.id], shown)
        found.append(
            Effort(
                team,
                len(mine),
                hidden,
                int(mine["patrols"].sum()),
                float(mine["minutes"].sum()),
                float(mine["metres"].sum()),
                *streets,
                valid_reports=sum(reports[team.id, month] for month in shown),
            )
        )
    return found


def _walks(session: Session, community: Community, months: Sequence[date], at: datetime) -> pd.DataFrame:
    """The patrols of the months, each with its month and team: `id, person_id, team_id, minutes, metres, month`."""
    wanted = select(
        Patrol.id, Patrol.person_id, Patrol.team_id, Patrol.started_at, Patrol.minutes, Patrol.metres
    ).where(
        Patrol.community_id == community.id,
        Patrol.started_at >= start_of_day(community, min(months)),
        Patrol.started_at < start_of_day(community, _after(max(months))),
        Patrol.started_at <= at,
    )
    belongs = _Belonging(session, community)
    wished = set(months)
    rows = []
    for key, person, team, started, minutes, metres in session.execute(wanted):
        day = local_day(community, started)
        whose = team if team is not None else belongs.only_team(person, day)
        if whose is not None and day.replace(day=1) in wished:
            rows.append((key, person, whose, minutes, metres, day.replace(day=1)))
    return pd.DataFrame(rows, columns=["id", "person_id", "team_id", "minutes", "metres", "month"])


def _reports(
    session: Session, community: Community, months: Sequence[date], at: datetime
) -> defaultdict[tuple[int, date], int]:
    """How many valid reports each team sent in each month."""
    belongs = _Belonging(session, community)
    counts: defaultdict[tuple[int, date], int] = defaultdict(int)
    for found in valid_reports(session, community, begins=min(months), ends=_after(max(months)), at=at):
        team = belongs.only_team(found.person_id, found.on)
        if team is not None:
            counts[team, found.on.replace(day=1)] += 1
    return counts


class _Belonging:
    """Who belonged to which teams, on any day; one query."""

    def __init__(self, session: Session, community: Community) -> None:
        wanted = select(TeamMember.person_id, TeamMember.team_id, TeamMember.valid_from, TeamMember.valid_until)
        wanted = wanted.join(Team, Team.id == TeamMember.team_id).where(Team.community_id == community.id)
        self._held: defaultdict[int, list[tuple[int, date, date]]] = defaultdict(list)
        for person, team, begins, ends in session.execute(wanted):
            self._held[person].append((team, begins, ends or date.max))

    def only_team(self, person: int | None, day: date) -> int | None:
        """The team of somebody on a day, if it is one alone."""
        held = {team for team, begins, ends in self._held.get(person or 0, []) if begins <= day < ends}
        return held.pop() if len(held) == 1 else None


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _streets(
    session: Session, community: Community, ground: seen.Ground | None, walks: pd.DataFrame, months: Iterable[date]
) -> tuple[float | None, float | None]:
    """Metres of street that a team's walks of some months have seen together, and metres of street in all."""
    if ground is None:
        return None, None
    metres = ground.pieces["metres"].to_numpy()
    flags = np.zeros(len(metres), dtype=bool)
    for month in months:
        flags |= _seen_in(session, community, ground, walks[walks["month"] == month])
    return float(metres[flags].sum()), float(metres.sum())


def _seen_in(session: Session, community: Community, ground: seen.Ground, walks: pd.DataFrame) -> Flags:
    """Which pieces of street the walks of one month have seen; remembered, as laying them takes seconds."""
    mark = (ground.mark, *walks[["id", "metres", "minutes"]].itertuples(index=False, name=None))
    with _lock:
        found = _seen_pieces.get(mark)
    if found is None:
        lines = _lines(session, community, walks["id"].tolist())
        _, pieces = coverage(lines, ground.pieces, ground.grids, Rules.for_community(community.rules))
        found = pieces["metres_seen"].to_numpy() >= seen.SEEN_SHARE * pieces["metres"].to_numpy()
        with _lock:
            _seen_pieces[mark] = found
            while len(_seen_pieces) > _KEPT:
                _seen_pieces.popitem(last=False)
    return found


def _lines(session: Session, community: Community, patrols: list[int]) -> gpd.GeoDataFrame:
    wanted = select(Patrol.track).where(Patrol.id.in_(patrols), Patrol.track.is_not(None)).order_by(Patrol.id)
    shapes = list(frames.decode(list(session.scalars(wanted))))
    return frames.to_metres(gpd.GeoDataFrame(geometry=shapes, crs=WGS84), frames.crs_of(session, community.id))
