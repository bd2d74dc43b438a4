"""Grids that were: a code that no grid bears any more, when it was given up, why, and what followed."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from data.errors import NotFound
from data.models import Community, Grid, GridEdition, GridLineage, PlaceKind, Posting
from geo.errors import N_
from patrols import redraw
from patrols.days import local_day
from patrols.roster import in_force
from patrols.scope import Scope


@dataclass(frozen=True)
class PastGrid:
    """A grid of an earlier edition.

    Parameters
    ----------
    community, grid, edition
        The grid as it last was, in the last edition that had it.
    until : date
        The first day on which it was no more.
    by : GridEdition or None
        The edition that gave it up.
    reason : str
        Why, as somebody wrote it down; may be empty.
    heirs : list of Grid
        The grids that its ground went to, those with most of it first; they may be past themselves.
    postings : list of Posting
        Who is posted on it still. A redraw ends no posting: somebody decides where these people go.
    """

    community: Community
    grid: Grid
    edition: GridEdition
    until: date
    by: GridEdition | None
    reason: str
    heirs: list[Grid]
    postings: list[Posting]


def find_past_grid(session: Session, scope: Scope, grid_code: str, at: datetime) -> PastGrid:
    """Find the grid that bore a code before a redraw gave it up.

    Raises
    ------
    NotFound
        No adopted edition that has begun had such a grid.
    OutOfScope
        It may not be seen.
    """
    wanted = (
        select(Grid)
        .join(GridEdition)
        .options(joinedload(Grid.edition).joinedload(GridEdition.community))
        .where(Grid.code == grid_code, GridEdition.stage.in_(redraw.IN_FORCE), GridEdition.valid_until.is_not(None))
        .order_by(GridEdition.valid_until.desc(), GridEdition.id.desc())
    )
    grid = session.scalars(wanted).first()
    until = None if grid is None else grid.edition.valid_until
    if grid is None or until is None or until > local_day(grid.edition.community, at):
        raise NotFound(N_("No grid in force has the code %(code)s."), code=grid_code)
    community = grid.edition.community
    scope.require(community.id, grid_code)
    by = session.scalars(
        select(GridEdition).where(
            GridEdition.community_id == community.id,
            GridEdition.stage.in_(redraw.IN_FORCE),
            GridEdition.valid_from == until,
        )
    ).first()
    rows = [] if by is None else _rows(session, by, grid_code)
    return PastGrid(
        community=community,
        grid=grid,
        edition=grid.edition,
        until=until,
        by=by,
        reason=next((row.reason for row in rows if row.reason), ""),
        heirs=[] if by is None else _heirs(session, by, rows),
        postings=_postings(session, community, grid_code, local_day(community, at)),
    )


def _rows(session: Session, by: GridEdition, grid_code: str) -> list[GridLineage]:
    wanted = select(GridLineage).where(GridLineage.edition_id == by.id, GridLineage.parent_code == grid_code)
    return list(session.scalars(wanted.order_by(GridLineage.shared_m2.desc(), GridLineage.child_code)))


def _heirs(session: Session, by: GridEdition, rows: list[GridLineage]) -> list[Grid]:
    codes = [row.child_code for row in rows if row.child_code is not None]
    found = session.scalars(select(Grid).where(Grid.edition_id == by.id, Grid.code.in_(codes)))
    return sorted(found, key=lambda heir: codes.index(heir.code))


def _postings(session: Session, community: Community, grid_code: str, day: date) -> list[Posting]:
    wanted = (
        select(Posting)
        .options(joinedload(Posting.person))
        .where(
            Posting.community_id == community.id,
            Posting.place_kind == PlaceKind.GRID,
            Posting.grid_code == grid_code,
            in_force(day),
        )
        .order_by(Posting.duty, Posting.id)
    )
    return list(session.scalars(wanted))
