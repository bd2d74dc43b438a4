"""Figures: what each grid's card says, and the three to five numbers a day begins with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import WGS84, Community, Grid, GridEdition, Incident, Patrol, Role, Stage
from geo.errors import N_
from geo.streets import cut_streets
from patrols import chains, check_points, credits, incident_lists, privacy, redraw, standing
from patrols.chains import Link
from patrols.coverage import cells_seen, coverage_of
from patrols.days import local_day, start_of_day
from patrols.incident_lists import Filters
from patrols.moves import OPEN_STAGES
from patrols.rules import Rules
from patrols.scope import Scope
from patrols.yards import Yards, ground_seen, make_yards, yards_by_grid, yards_seen

WEEK_DAYS = 7
"""Days, today included, that the weekly figures of a card are about."""

COLUMNS = (
    *("name", "kind", "households", "residents", "buildings", "compounds", "explanation"),
    *("open_incidents", "overdue_incidents", "last_patrol_at", "days_since_patrol"),
    *("patrols_7d", "metres_7d", "minutes_7d", "street_metres", "street_metres_seen_7d", "coverage_7d"),
    *("yard_m2", "yard_m2_seen_7d", "yard_share_7d", "check_points", "check_points_visited_7d"),
)


@dataclass(frozen=True)
class GridCard:
    """Everything a grid's card shows. `figures` holds the columns of `grid_cards`, `chain` is nearest first.

    `posted` are those posted on the compounds and buildings inside the grid.
    """

    community: Community
    edition: GridEdition
    grid: Grid
    figures: dict[str, Any]
    chain: list[Link]
    posted: list[Link]


@dataclass(frozen=True)
class HomeNumber:
    """One number of the home page: how many, of what, what to do about it, and where.

    `what` and `verb` are sentences to translate; `page` and `filters` say which list shows exactly these.
    """

    key: str
    count: int
    what: str
    verb: str
    page: str
    filters: dict[str, Any] = field(default_factory=dict)
    alarm: bool = False


def grid_cards(
    session: Session,
    scope: Scope,
    community: Community,
    at: datetime,
    *,
    with_coverage: bool = True,
    codes: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The figures of every grid of the edition in force that may be seen, in a handful of queries.

    Parameters
    ----------
    at : datetime
        Now, aware, or an earlier moment: then all is told as it was, by the grids of that day, whatever was adopted,
        handed over or closed since. The week is the day of `at` and the six local days before.
    with_coverage : bool
        Whether to compute which metres of street were seen, which costs most; else those columns are NaN.
    codes : sequence of str, optional
        Only these grids.

    Returns
    -------
    DataFrame
        Index `grid_code`; `name`, `kind`, `households`, `residents`, `buildings`, `compounds`, `explanation`;
        `open_incidents`, `overdue_incidents` (open and past their due time; those of sensitive categories for those
        alone who are shown reporters); `last_patrol_at` (end of the last patrol that spent `Rules.least_visit_s` there;
        NaT: never), `days_since_patrol` (local days, NaN: never);
        `patrols_7d`, `metres_7d`, `minutes_7d` (credited in the week); `street_metres`, `street_metres_seen_7d`,
        `coverage_7d` (seen / all, NaN where there is no street); `yard_m2`, `yard_m2_seen_7d` (open ground of the
        compounds, see `patrols.yards`), `yard_share_7d` (NaN where there is none); `check_points`,
        `check_points_visited_7d`.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    """
    scope.require_entry(community.id)
    edition = redraw.edition_in_force(session, community.id, at)
    if edition is None:
        return pd.DataFrame(columns=list(COLUMNS), index=pd.Index([], name="grid_code", dtype=object))
    grids = frames.grids(session, edition.id)
    wanted = [scope.allows(community.id, code) and (codes is None or code in codes) for code in grids["grid_code"]]
    grids = grids[wanted]
    cards = pd.DataFrame(grids.drop(columns="geometry")).set_index("grid_code")
    cards = cards.join(_incident_figures(session, scope, community, at, cards.index))
    cards = cards.join(_patrol_figures(session, community, at, cards.index))
    cards = cards.join(_coverage_figures(session, community, at, grids, wanted=with_coverage))
    return cards[list(COLUMNS)]


def grid_card(session: Session, scope: Scope, grid_code: str, at: datetime) -> GridCard:
    """The card of one grid as it is now: figures, the chain of people, and who is posted inside it.

    Raises
    ------
    NotFound
        If no edition in force has that code.
    OutOfScope
        If it may not be seen.
    """
    community, edition, grid = find_grid(session, scope, grid_code, at)
    figures = grid_cards(session, scope, community, at, codes=[grid_code]).loc[grid_code]
    chain = chains.chain_for(session, community, grid_code, at=at)
    posted = chains.posted_inside(session, community, grid, at=at)
    return GridCard(community, edition, grid, {str(key): value for key, value in figures.items()}, chain, posted)


def find_grid(session: Session, scope: Scope, grid_code: str, at: datetime) -> tuple[Community, GridEdition, Grid]:
    """The grid that bears a code now, with its community and edition.

    Raises
    ------
    NotFound
        If no edition in force has that code.
    OutOfScope
        If it may not be seen.
    """
    bearers = select(GridEdition.community_id).join(Grid, Grid.edition_id == GridEdition.id)
    candidates = session.scalars(select(Community).where(Community.id.in_(bearers.where(Grid.code == grid_code)))).all()
    editions = redraw.editions_in_force(session, candidates, at)
    statement = select(Grid).where(Grid.code == grid_code, Grid.edition_id.in_([row.id for row in editions.values()]))
    grid = session.scalars(statement.order_by(Grid.id)).first()
    if grid is None:
        raise NotFound(N_("No grid in force has the code %(code)s."), code=grid_code)
    scope.require(grid.edition.community_id, grid_code)
    return grid.edition.community, grid.edition, grid


def home(session: Session, scope: Scope, role: Role, at: datetime) -> list[HomeNumber]:
    """The three to five numbers that a person of a role begins the day with, what needs doing first."""
    stages = _stage_counts(session, scope, at)
    overdue = sum(late for _, late in stages.values())
    late = _number("overdue", overdue, N_("incidents are overdue"), N_("Handle"), overdue=1, alarm=overdue > 0)
    if role is Role.HANDLER:
        waiting = _count(stages, Stage.TRIAGED, Stage.DISPATCHED)
        parked = _count(stages, Stage.PARKED)
        return [
            late,
            _number("to_handle", waiting, N_("incidents wait to be handled"), N_("Handle"), stage="triaged,dispatched"),
            _number("parked", parked, N_("incidents are parked"), N_("Look through"), stage="parked"),
        ]
    unwalked = _unpatrolled(session, scope, at)
    walk = HomeNumber(
        "unpatrolled",
        unwalked,
        N_("grids have not been patrolled for seven days"),
        N_("Patrol"),
        "map",
        {"colour": "days_since_patrol"},
        alarm=unwalked > 0,
    )
    opened = _number("open", _count(stages, *OPEN_STAGES), N_("incidents are open"), N_("Look through"), open=1)
    if role is Role.GRID_WORKER:
        mine = _mine(session, scope)
        return [_number("mine", mine, N_("incidents were dispatched to you"), N_("Handle"), mine=1), late, walk, opened]
    if role is Role.OFFICIAL:
        return [late, walk, opened]
    accept, triage = _count(stages, Stage.REPORTED), _count(stages, Stage.ACCEPTED)
    close = _count(stages, Stage.RESOLVED)
    return [
        late,
        _number("to_accept", accept, N_("incidents wait to be accepted"), N_("Accept"), stage="reported"),
        _number("to_triage", triage, N_("incidents wait to be passed on"), N_("Triage"), stage="accepted"),
        _number("to_close", close, N_("incidents are resolved and wait to be checked"), N_("Check"), stage="resolved"),
        walk,
    ]


def week_begins(community: Community, at: datetime) -> datetime:
    """The moment from which the weekly figures count: the local midnight six days before today's."""
    return start_of_day(community, local_day(community, at) - timedelta(days=WEEK_DAYS - 1))


def tracks(
    session: Session,
    community: Community,
    *,
    since: datetime,
    until: datetime,
    degrees: bool = False,
    seen_by: Scope | None = None,
    persons: bool = False,
) -> gpd.GeoDataFrame:
    """The cleaned lines of the patrols that began in a time, without names.

    Parameters
    ----------
    degrees : bool
        Return WGS 84 instead of the community's metres.
    seen_by : Scope, optional
        Of somebody who is not shown whole walks: of other people's only what everybody may see (`patrols.privacy`), and
        only where that is something.
    persons : bool
        Add `person_id`, to count by, never to be shown.

    Returns
    -------
    GeoDataFrame
        Index `patrol_id`; `started_at`, `metres`, `minutes` (of the whole walk), `geometry` (MultiLineString).
    """
    statement = (
        select(
            *(Patrol.id, Patrol.started_at, Patrol.metres, Patrol.minutes, Patrol.person_id),
            *(Patrol.track, Patrol.ends_cut_at),
        )
        .where(
            Patrol.community_id == community.id,
            Patrol.started_at >= since,
            Patrol.started_at < until,
            Patrol.track.is_not(None),
        )
        .order_by(Patrol.id)
    )
    rows = session.execute(statement).all()
    known = ["patrol_id", "started_at", "metres", "minutes", *(["person_id"] if persons else [])]
    table = pd.DataFrame([row[: len(known)] for row in rows], columns=known)
    shapes = frames.decode([row[5] for row in rows])
    frame = gpd.GeoDataFrame(table, geometry=list(shapes), crs=WGS84).set_index("patrol_id")
    whole = seen_by is None or seen_by.walkers
    if whole and degrees:
        return frame
    frame = frames.to_metres(frame, frames.crs_of(session, community.id))
    if seen_by is not None and not whole:
        walkers, cut = [row[4] for row in rows], [row[6] for row in rows]
        own = np.array([person is not None and person == seen_by.person_id for person in walkers], bool)
        seen = privacy.shown(session, community, frame.geometry, walkers, cut).where(~own, frame.geometry)
        frame = frame.set_geometry(seen)[seen.notna()]
    return frames.to_degrees(frame) if degrees else frame


def _incident_figures(
    session: Session, scope: Scope, community: Community, at: datetime, codes: "pd.Index[Any]"
) -> pd.DataFrame:
    counts = standing.counts_by_grid(session, scope, community, at=at)
    rows = [counts.get(code, (0, 0)) for code in codes]
    return pd.DataFrame(rows, index=codes, columns=["open_incidents", "overdue_incidents"], dtype=int)


def _patrol_figures(session: Session, community: Community, at: datetime, codes: "pd.Index[Any]") -> pd.DataFrame:
    since = week_begins(community, at)
    earned = credits.by_grid(Patrol.community_id == community.id, Patrol.started_at <= at)
    # Metres and minutes count from the first; a visit counts only from the least that makes one.
    visited = earned.c.minutes * 60 >= Rules.for_community(community.rules).least_visit_s

    def in_week(value: Any) -> Any:
        return func.sum(case((Patrol.started_at >= since, value), else_=0))

    statement = (
        select(
            earned.c.grid_code,
            func.max(case((visited, Patrol.ended_at))).label("last_patrol_at"),
            in_week(case((visited, 1), else_=0)).label("patrols_7d"),
            in_week(earned.c.metres).label("metres_7d"),
            in_week(earned.c.minutes).label("minutes_7d"),
        )
        .join(Patrol, Patrol.id == earned.c.patrol_id)
        .group_by(earned.c.grid_code)
    )
    result = session.execute(statement)
    found = pd.DataFrame(result.all(), columns=list(result.keys())).set_index("grid_code").reindex(codes)
    last = pd.to_datetime(found["last_patrol_at"], utc=True)
    today = local_day(community, at)
    since_then = [_days_between(community, moment, today) for moment in last]
    return pd.DataFrame(
        {
            "last_patrol_at": last,
            "days_since_patrol": pd.Series(since_then, index=codes, dtype=float),
            "patrols_7d": found["patrols_7d"].fillna(0).astype(int),
            "metres_7d": found["metres_7d"].fillna(0.0).astype(float),
            "minutes_7d": found["minutes_7d"].fillna(0.0).astype(float),
        },
        index=codes,
    )


def _days_between(community: Community, moment: Any, today: date) -> float:
    return float("nan") if pd.isna(moment) else float((today - local_day(community, moment.to_pydatetime())).days)


def _coverage_figures(
    session: Session, community: Community, at: datetime, grids: gpd.GeoDataFrame, *, wanted: bool
) -> pd.DataFrame:
    codes = pd.Index(grids["grid_code"], name="grid_code")
    if not wanted:
        return pd.DataFrame(float("nan"), index=codes, columns=list(COLUMNS[-8:]))
    rules = Rules.for_community(community.rules)
    walked = tracks(session, community, since=week_begins(community, at), until=at)
    pieces = cut_streets(frames.streets(session, community.id), grids, border_m=rules.border_street_m)
    seen = cells_seen(walked, pieces, rules)
    per_grid, _ = coverage_of(seen, pieces, grids, rules)
    found = per_grid.set_index("grid_code").reindex(codes)
    metres, metres_seen = found["street_metres"].fillna(0.0), found["street_metres_seen"].fillna(0.0)
    yards = yards_of(session, community, pieces, grids)
    ground = yards_by_grid(yards_seen(seen, ground_seen(walked, yards), yards), codes)
    points = check_points.visited_by_grid(session, community, since=week_begins(community, at), until=at)
    points = points.reindex(codes).fillna(0)
    return pd.DataFrame(
        {
            "street_metres": metres,
            "street_metres_seen_7d": metres_seen,
            "coverage_7d": metres_seen / metres.where(metres > 0),
            "yard_m2": ground["yard_m2"],
            "yard_m2_seen_7d": ground["yard_m2_seen"],
            "yard_share_7d": ground["yard_m2_seen"] / ground["yard_m2"].where(ground["yard_m2"] > 0),
            "check_points": points["check_points"],
            "check_points_visited_7d": points["check_points_visited"],
        }
    )


def yards_of(session: Session, community: Community, pieces: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> Yards:
    """The compounds of a community as patrols count them, over its streets and grids in metres."""
    return make_yards(
        frames.compounds(session, community.id),
        frames.buildings(session, community.id),
        pieces,
        grids,
        Rules.for_community(community.rules),
    )


def _number(key: str, count: int, what: str, verb: str, *, alarm: bool = False, **filters: object) -> HomeNumber:
    return HomeNumber(key, count, what, verb, "incidents", dict(filters), alarm)


def _stage_counts(session: Session, scope: Scope, at: datetime) -> dict[Stage, tuple[int, int]]:
    """Of each open stage, how many incidents may be seen and how many of them are overdue; one query."""
    late = func.sum(case((incident_lists.is_overdue(at), 1), else_=0))
    statement = incident_lists.filtered(select(Incident), scope, Filters(open_only=True))
    rows = session.execute(statement.with_only_columns(Incident.stage, func.count(), late).group_by(Incident.stage))
    return {stage: (count, int(overdue)) for stage, count, overdue in rows}


def _count(stages: dict[Stage, tuple[int, int]], *wanted: Stage) -> int:
    return sum(stages.get(stage, (0, 0))[0] for stage in wanted)


def _mine(session: Session, scope: Scope) -> int:
    if scope.person_id is None:
        return 0
    wanted = incident_lists.filtered(
        select(Incident), scope, Filters(handler_id=scope.person_id, stages=(Stage.DISPATCHED,))
    )
    return session.scalar(wanted.with_only_columns(func.count())) or 0


def _unpatrolled(session: Session, scope: Scope, at: datetime) -> int:
    """How many grids in force that may be seen nobody has visited this week, as their cards count it; three queries."""
    communities = session.scalars(scope.narrow(select(Community), Community)).all()
    editions = redraw.editions_in_force(session, communities, at)
    grids = scope.narrow(select(Grid.code), Grid).where(Grid.edition_id.in_([row.id for row in editions.values()]))
    weeks = [
        and_(Patrol.community_id == community.id, Patrol.started_at >= week_begins(community, at))
        for community in communities
    ]
    earned = credits.by_grid(or_(false(), *weeks), Patrol.started_at <= at)
    visits = [
        and_(
            Patrol.community_id == community.id,
            earned.c.minutes * 60 >= Rules.for_community(community.rules).least_visit_s,
        )
        for community in communities
    ]
    visited = select(earned.c.grid_code).join(Patrol, Patrol.id == earned.c.patrol_id).where(or_(false(), *visits))
    return len(set(session.scalars(grids)) - set(session.scalars(visited)))
