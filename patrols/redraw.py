"""Redrawing: which editions of its grids a community has, which is in force on a day, and the next draft."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import Community, EditionStage, Grid, GridEdition, GridKind
from geo.errors import N_, CannotDraw
from patrols import codes, given_codes
from patrols.days import local_day
from patrols.errors import NoEditionInForce

IN_FORCE = (EditionStage.ADOPTED, EditionStage.RETIRED)
"""Stages of editions that answered for the ground on the days of their term; retired ones do for the past."""

OPEN = (EditionStage.DRAFT, EditionStage.SUBMITTED, EditionStage.REVIEWED)
"""Stages of editions that may yet come into force."""

_AT_ONCE = 500
"""Codes that a database is asked for in one question."""

LARGEST_NUMBER = 2**31 - 1
"""Beyond any edition's number."""


def edition_in_force(session: Session, community_id: int, at: datetime | date) -> GridEdition | None:
    """The edition that answers for a community's ground on the local day of `at`; None before the first was adopted.

    Raises
    ------
    NotFound
        If there is no such community.
    """
    community = session.get(Community, community_id)
    if community is None:
        raise NotFound(N_("There is no community with the id %(id)s."), id=community_id)
    return editions_in_force(session, [community], at).get(community_id)


def editions_in_force(
    session: Session, communities: Iterable[Community], at: datetime | date
) -> dict[int, GridEdition]:
    """The edition in force of each community that has one, by the community's id, in one query."""
    days = {community.id: local_day(community, at) for community in communities}
    if not days:
        return {}
    statement = (
        select(GridEdition)
        .where(
            GridEdition.community_id.in_(days),
            GridEdition.stage.in_(IN_FORCE),
            GridEdition.valid_from <= max(days.values()),
            or_(GridEdition.valid_until.is_(None), GridEdition.valid_until > min(days.values())),
        )
        .order_by(GridEdition.valid_from, GridEdition.number)
    )
    found = {}
    for row in session.scalars(statement):
        day = days[row.community_id]
        if row.valid_from is not None and row.valid_from <= day and (row.valid_until is None or row.valid_until > day):
            found[row.community_id] = row
    return found


def require_edition(session: Session, community: Community, at: datetime | date) -> GridEdition:
    """The edition in force, where nothing can be done without one.

    Raises
    ------
    NoEditionInForce
        If the community had adopted none by then.
    """
    found = edition_in_force(session, community.id, at)
    if found is None:
        raise NoEditionInForce(
            N_("%(community)s had no adopted grids on %(day)s: draw or import them, then adopt them."),
            community=community.name,
            day=local_day(community, at).isoformat(),
        )
    return found


def editions(session: Session, community: Community) -> list[GridEdition]:
    """All editions of a community, the newest first."""
    statement = select(GridEdition).where(GridEdition.community_id == community.id).order_by(GridEdition.number.desc())
    return list(session.scalars(statement))


def sizes(session: Session, editions: Iterable[GridEdition]) -> dict[int, int]:
    """How many grids each of some editions has, by the edition's id, in one query."""
    counted = select(Grid.edition_id, func.count()).group_by(Grid.edition_id)
    found = session.execute(counted.where(Grid.edition_id.in_([one.id for one in editions]))).all()
    return {int(number): int(count) for number, count in found}


def edition(session: Session, community: Community, number: int) -> GridEdition:
    """One edition by its number within the community.

    Raises
    ------
    NotFound
        If the community has no edition of that number.
    """
    # No database takes a larger number, not even to look for it.
    wanted = select(GridEdition).where(
        GridEdition.community_id == community.id, GridEdition.number == min(number, LARGEST_NUMBER)
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFound(N_("%(community)s has no edition %(number)s."), community=community.name, number=number)
    return found


def last_adopted(session: Session, community: Community) -> GridEdition | None:
    """The edition that was adopted for the latest day, begun or not; None before the first."""
    return session.scalar(
        select(GridEdition)
        .where(GridEdition.community_id == community.id, GridEdition.stage.in_(IN_FORCE))
        .order_by(GridEdition.valid_from.desc(), GridEdition.number.desc())
        .limit(1)
    )


def codes_of(session: Session, community: Community, stages: Iterable[EditionStage]) -> set[str]:
    """Every code that a grid of the community bears in the editions of these stages."""
    bearers = select(Grid.code).join(GridEdition, GridEdition.id == Grid.edition_id)
    return set(
        session.scalars(bearers.where(GridEdition.community_id == community.id, GridEdition.stage.in_(list(stages))))
    )


def bearers(session: Session, community: Community, codes: Iterable[str]) -> dict[int, set[str]]:
    """Which of some codes each edition of a community has that was ever in force, by the edition's id."""
    wanted, found = sorted(codes), dict[int, set[str]]()
    adopted = [row.id for row in editions(session, community) if row.stage in IN_FORCE]
    for at in range(0, len(wanted), _AT_ONCE):
        some = Grid.code.in_(wanted[at : at + _AT_ONCE])
        for number, code in session.execute(
            select(Grid.edition_id, Grid.code).where(Grid.edition_id.in_(adopted), some)
        ):
            found.setdefault(number, set()).add(code)
    return found


def newest_draft(session: Session, community: Community, *, stages: Iterable[EditionStage] = OPEN) -> GridEdition:
    """The newest edition of a community that has not been adopted, or is in one of some other stages.

    Raises
    ------
    NotFound
        If there is none.
    """
    wanted = set(stages)
    found = next((one for one in editions(session, community) if one.stage in wanted), None)
    if found is None:
        raise NotFound(
            N_("%(community)s has no draft: draw one with gridpatrol grids draw, or import one."),
            community=community.name,
        )
    return found


def store_draft(
    session: Session,
    community: Community,
    grids: gpd.GeoDataFrame,
    *,
    at: datetime,
    made_how: Mapping[str, Any] | None = None,
    name: str = "",
    keep_codes: bool = False,
) -> GridEdition:
    """Store drawn grids as a draft, the community's next edition.

    A grid that keeps more than half of its ground keeps its code; other ground gets a number that the community has
    never used, nor given in any other draft. Only with `keep_codes` (for grids that come with official codes) are the
    frame's own codes left alone.

    Parameters
    ----------
    grids : GeoDataFrame
        Columns `grid_code`, `geometry`; optionally `name`, `kind`, `households`, `residents`, `buildings`, `compounds`,
        `explanation`. Any coordinate reference system.
    at : datetime
        Now, aware.
    made_how : mapping, optional
        The settings it was drawn with, kept beside it.

    Raises
    ------
    CannotDraw
        If there are no grids, or the community's numbers run out past 999.
    Conflict
        If a code that the grids came with was given to a grid of another draft.
    """
    if grids.empty:
        raise CannotDraw(N_("There are no grids to store."))
    frame = grids.reset_index(drop=True)
    last = session.scalar(select(func.max(GridEdition.number)).where(GridEdition.community_id == community.id))
    draft = GridEdition(
        community_id=community.id,
        number=(last or 0) + 1,
        name=name,
        stage=EditionStage.DRAFT,
        created_at=at,
        made_how=dict(made_how or {}),
    )
    session.add(draft)
    session.flush()
    if keep_codes:
        given_codes.claim(session, draft, frame["grid_code"].astype(str))
    else:
        frame = frame.assign(grid_code=_give_codes(session, draft, frame))
    session.execute(insert(Grid), _grid_rows(draft, frame))
    return draft


def _give_codes(session: Session, draft: GridEdition, frame: gpd.GeoDataFrame) -> list[str]:
    """The frame's own codes for a community's first drawing; later ones carry on those in force."""
    community, own = draft.community, [str(code) for code in frame["grid_code"]]
    first = last_adopted(session, community) is None
    borne = given_codes.borne(session, community)

    def choose(used: set[str]) -> list[str]:
        if first and not (borne or used):
            return own
        return codes_for(session, community, frame, used=used)

    return given_codes.give_all(session, draft, choose, of=borne)


def codes_for(
    session: Session,
    community: Community,
    grids: gpd.GeoDataFrame,
    *,
    taken: Iterable[str] = (),
    used: set[str] | None = None,
) -> list[str]:
    """A code for each new grid: that of the grid last adopted which keeps most of its ground, else a new number.

    Parameters
    ----------
    grids : GeoDataFrame
        In any coordinate reference system.
    taken : iterable of str
        Codes that others of the same edition have already.
    used : set of str, optional
        As `patrols.given_codes.used` tells, which is asked where it is left out.

    Raises
    ------
    CannotDraw
        If the community's numbers run out past 999.
    """
    taken, latest = set(taken), last_adopted(session, community)
    if latest is None:
        current = frames.to_metres(grids).assign(grid_code="").iloc[:0]
    else:
        current = frames.grids(session, latest.id)
        current = current[~current["grid_code"].isin(taken)]
    known = given_codes.used(session, community) if used is None else used
    return codes.carry_codes(community, current, grids, used=known | taken)


def _grid_rows(draft: GridEdition, frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    columns: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {
        "name": ("name", "", str),
        "households": ("households", 0, int),
        "residents": ("residents", 0, int),
        "buildings": ("buildings", 0, int),
        "compounds": ("compounds", 0, int),
        "explanation": ("explanation", "", str),
    }
    rows = pd.DataFrame({"code": frame["grid_code"].astype(str)})
    for target, (source, default, cast) in columns.items():
        given = frame[source] if source in frame else pd.Series(default, index=frame.index)
        rows[target] = [cast(default if pd.isna(value) else value) for value in given]
    kinds = frame["kind"] if "kind" in frame else pd.Series(GridKind.GENERAL, index=frame.index)
    rows["kind"] = [GridKind(kind) for kind in kinds]
    shapes = frames.store_geometry(frame.geometry)
    return [
        {**{str(key): value for key, value in row.items()}, "geom": shape, "edition_id": draft.id}
        for row, shape in zip(rows.to_dict("records"), shapes, strict=True)
    ]
