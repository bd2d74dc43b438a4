"""Patrols as a list: who was out when, how far, in which grids."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, joinedload

from data.errors import NotFound
from data.models import Patrol, PatrolCredit
from geo.errors import N_
from patrols.credits import Credit, sums
from patrols.errors import OutOfScope
from patrols.scope import Scope

PAGE_ROWS = 50


@dataclass(frozen=True)
class Filters:
    """What a list of patrols is narrowed to; every field left alone does not narrow.

    `since` (inclusive) and `until` (exclusive) are about when a patrol began.
    """

    community_id: int | None = None
    grid_code: str | None = None
    person_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, which page it is (from 1), and how many rows and pages there are in all."""

    items: list[Patrol]
    page: int
    pages: int
    total: int


def listing(
    session: Session, scope: Scope, filters: Filters | None = None, *, page: int = 1, rows: int = PAGE_ROWS
) -> Page:
    """One page of the patrols that may be seen, the latest first, with person and team at hand.

    A page beyond the last is the last. Two queries, however long the page.
    """
    filters = filters or Filters()
    wanted = scope.narrow(select(Patrol), Patrol)
    if filters.community_id is not None:
        wanted = wanted.where(Patrol.community_id == filters.community_id)
    if filters.person_id is not None:
        wanted = wanted.where(Patrol.person_id == filters.person_id)
    if filters.grid_code is not None:
        wanted = wanted.where(Patrol.credits.any(PatrolCredit.grid_code == filters.grid_code))
    if filters.since is not None:
        wanted = wanted.where(Patrol.started_at >= filters.since)
    if filters.until is not None:
        wanted = wanted.where(Patrol.started_at < filters.until)
    total = session.scalar(select(func.count()).select_from(wanted.with_only_columns(Patrol.id).subquery())) or 0
    pages = max(1, math.ceil(total / rows))
    page = min(max(1, page), pages)
    statement = (
        wanted.options(joinedload(Patrol.person), joinedload(Patrol.team), defer(Patrol.track))
        .order_by(Patrol.started_at.desc(), Patrol.id.desc())
        .offset((page - 1) * rows)
        .limit(rows)
    )
    return Page(list(session.scalars(statement)), page, pages, total)


def get(session: Session, scope: Scope, number: int) -> Patrol:
    """One patrol by its id, with its credits.

    Raises
    ------
    NotFound
        If there is none.
    OutOfScope
        If there is, but not on ground that may be seen.
    """
    patrol = session.get(Patrol, number)
    if patrol is None:
        raise NotFound(N_("There is no patrol %(number)s."), number=number)
    if session.scalar(scope.narrow(select(Patrol.id), Patrol).where(Patrol.id == number)) is None:
        raise OutOfScope(N_("Patrol %(number)s lies outside the communities and grids you answer for."), number=number)
    return patrol


def credits(session: Session, patrols: Iterable[Patrol]) -> dict[int, list[Credit]]:
    """What each patrol earned each grid, the longest first; by patrol id, in one query."""
    metres = func.sum(PatrolCredit.metres)
    wanted = sums().where(PatrolCredit.patrol_id.in_([patrol.id for patrol in patrols]))
    found: dict[int, list[Credit]] = defaultdict(list)
    for row in session.execute(wanted.order_by(PatrolCredit.patrol_id, metres.desc(), PatrolCredit.grid_code)):
        found[row.patrol_id].append(Credit(*row))
    return dict(found)
