"""Figures of whole communities, for maps of a subdistrict or county: counted by the database, however many."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from data import frames
from data.errors import NotFound
from data.models import WGS84, Community, Grid, Incident, Patrol
from geo.errors import N_
from patrols import credits, incident_lists, redraw
from patrols.days import local_day, start_of_day
from patrols.incident_view import IncidentView
from patrols.moves import OPEN_STAGES
from patrols.rules import Rules
from patrols.scope import Scope
from patrols.viewed import countable, found_in, of_kind

COUNTY, SUBDISTRICT, COMMUNITY = 6, 9, 12
"""How many digits of a code name which level; a grid's own number follows a community's."""

WEEK = timedelta(days=7)
SIMPLER_DEGREES = 2e-5
"""Two metres: nobody sees a finer corner of a community's outline on the map of a county."""

COLUMNS = ("grids", "households", "residents", "open", "overdue", "found", "found_before", "unpatrolled")


def within(session: Session, scope: Scope, code: str, *, on: date) -> list[Community]:
    """The communities of a county or subdistrict of which anything may be seen, by code; "" for all of them.

    Raises
    ------
    NotFound
        If there is none.
    """
    wanted = scope.narrow(select(Community), Community).where(
        Community.valid_from <= on, or_(Community.valid_until.is_(None), Community.valid_until > on)
    )
    wanted = wanted.where(Community.code.startswith(code, autoescape=True)).order_by(Community.code)
    found = list(session.scalars(wanted.options(joinedload(Community.subdistrict))))
    if not found:
        raise NotFound(N_("There is no community that you may see under the code %(code)s."), code=code)
    return found


def smallest_around(found: Sequence[Community]) -> str:
    """The code of the smallest subdistrict or county that holds some communities; "" where several counties do.

    Examples
    --------
    >>> smallest_around([Community(code="110108999001"), Community(code="110108999002")])
    '110108999'
    >>> smallest_around([Community(code="110108999001"), Community(code="110109001001")])
    ''
    """
    for digits in (SUBDISTRICT, COUNTY):
        codes = {one.code[:digits] for one in found}
        if len(codes) == 1:
            return codes.pop()
    return ""


def outlines(session: Session, found: Iterable[Community]) -> gpd.GeoSeries:
    """The ground of communities, in degrees and without corners that nobody sees; index: their ids.

    A community without an outline is left out.
    """
    wanted = select(Community.id, frames.as_wkb(Community.outline)).where(
        Community.id.in_([one.id for one in found]), Community.outline.is_not(None)
    )
    rows = session.execute(wanted).all()
    shapes = shapely.simplify(shapely.from_wkb([shape for _, shape in rows]), SIMPLER_DEGREES)
    return gpd.GeoSeries(shapes, index=[number for number, _ in rows], crs=WGS84)


def community_figures(
    session: Session, scope: Scope, found: Sequence[Community], view: IncidentView, *, at: datetime
) -> pd.DataFrame:
    """What each of some communities has come to, as far as it may be seen; six queries for any number.

    Parameters
    ----------
    view : IncidentView
        Which incidents count; its days are those in which they were found. Open and overdue ones count whenever they
        were found; those of sensitive categories for those alone who are shown reporters.

    Returns
    -------
    DataFrame
        Index: the community's id, in the order given. ``grids, households, residents`` (of the edition in force),
        ``open, overdue`` (at the moment `at`), ``found`` (in the view's days), ``found_before`` (in as many days before
        them), ``unpatrolled`` (grids in which nobody spent `Rules.least_visit_s` in the last seven local days).
    """
    ids = [one.id for one in found]
    parts: list[pd.DataFrame | pd.Series[Any]] = [
        _ground(session, scope, found, at),
        _standing(session, scope, ids, view, at),
        _found(session, scope, found, view).rename("found"),
        _found(session, scope, found, view.before()).rename("found_before"),
        _unpatrolled(session, scope, found, at).rename("unpatrolled"),
    ]
    table: pd.DataFrame = pd.concat([part.reindex(ids) for part in parts], axis=1)
    return table[list(COLUMNS)].fillna(0).astype(int)


def _rows(session: Session, statement: Select[Any]) -> pd.DataFrame:
    result = session.execute(statement)
    return pd.DataFrame(result.all(), columns=list(result.keys())).set_index("id")


def _ground(session: Session, scope: Scope, found: Sequence[Community], at: datetime) -> pd.DataFrame:
    editions = {row.id: number for number, row in redraw.editions_in_force(session, found, at).items()}
    statement = (
        scope.narrow(select(Grid.edition_id.label("id")), Grid)
        .add_columns(
            func.count().label("grids"),
            func.sum(Grid.households).label("households"),
            func.sum(Grid.residents).label("residents"),
        )
        .where(Grid.edition_id.in_(editions))
        .group_by(Grid.edition_id)
    )
    return _rows(session, statement).rename(index=editions)


def _standing(session: Session, scope: Scope, ids: Sequence[int], view: IncidentView, at: datetime) -> pd.DataFrame:
    late = func.sum(case((incident_lists.is_overdue(at), 1), else_=0))
    wanted = scope.narrow(select(Incident.community_id.label("id")), Incident)
    wanted = wanted.where(
        Incident.community_id.in_(ids), Incident.stage.in_(OPEN_STAGES), of_kind(view), countable(scope)
    )
    return _rows(
        session, wanted.add_columns(func.count().label("open"), late.label("overdue")).group_by(Incident.community_id)
    )


def _found(session: Session, scope: Scope, found: Sequence[Community], view: IncidentView) -> "pd.Series[Any]":
    wanted = scope.narrow(select(Incident.community_id.label("id")), Incident).where(
        found_in(view, found), countable(scope)
    )
    return _rows(session, wanted.add_columns(func.count().label("found")).group_by(Incident.community_id))["found"]


def _unpatrolled(session: Session, scope: Scope, found: Sequence[Community], at: datetime) -> "pd.Series[Any]":
    """Grids in force less those that somebody visited in the week, by community; two queries."""
    editions = {row.id: number for number, row in redraw.editions_in_force(session, found, at).items()}
    theirs = select(Grid.edition_id, Grid.code).where(Grid.edition_id.in_(editions), scope.condition(Grid))
    grids = pd.DataFrame(session.execute(theirs).all(), columns=["edition", "code"])
    weeks = [
        and_(Patrol.community_id == one.id, Patrol.started_at >= _week_begins(one, at), Patrol.started_at <= at)
        for one in found
    ]
    earned = credits.by_grid(or_(false(), *weeks))
    least = {one.id: Rules.for_community(one.rules).least_visit_s for one in found}
    visits = pd.DataFrame(
        session.execute(
            select(earned.c.grid_code, earned.c.minutes, Patrol.community_id).join(
                Patrol, Patrol.id == earned.c.patrol_id
            )
        ).all(),
        columns=["code", "minutes", "community"],
    )
    long = visits["minutes"].astype(float) * 60 >= visits["community"].map(least).astype(float)
    cold = grids[~grids["code"].isin(visits.loc[long, "code"])]
    return cold["edition"].map(editions).value_counts()


def _week_begins(community: Community, at: datetime) -> datetime:
    return start_of_day(community, local_day(community, at) - WEEK + timedelta(days=1))


def by_subdistrict(found: Sequence[Community], figures: pd.DataFrame) -> pd.DataFrame:
    """The figures of `community_figures` summed over subdistricts; index: the subdistrict's code, first nine digits."""
    codes = pd.Series({one.id: one.code[:SUBDISTRICT] for one in found})
    return figures.groupby(codes.reindex(figures.index)).sum()
