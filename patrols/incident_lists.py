"""Lists of incidents: which ones may be seen and are asked for, page by page, one by one, and counted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from data.database.row_by_row import row_by_row
from data.errors import NotFound
from data.models import Category, Incident, IncidentSource, Stage
from geo.errors import N_
from patrols.errors import OutOfScope
from patrols.moves import CLOCKED_STAGES, OPEN_STAGES
from patrols.scope import Scope
from patrols.viewed import countable

PAGE_ROWS = 50


@dataclass(frozen=True)
class Filters:
    """What a list of incidents is narrowed to; every field left alone does not narrow.

    `since` (inclusive) and `until` (exclusive) are about when it was found; `text` is looked for in number, description
    and address; `overdue_at` keeps what was still open at that moment, past its due time and not parked.
    """

    community_id: int | None = None
    grid_code: str | None = None
    stages: tuple[Stage, ...] = ()
    open_only: bool = False
    category_id: int | None = None
    source: IncidentSource | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    overdue_at: datetime | None = None
    handler_id: int | None = None
    organisation_id: int | None = None
    unsure_only: bool = False


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, which page it is (from 1), and how many rows and pages there are in all."""

    items: list[Incident]
    page: int
    pages: int
    total: int


def listing(
    session: Session, scope: Scope, filters: Filters | None = None, *, page: int = 1, rows: int = PAGE_ROWS
) -> Page:
    """One page of the incidents that may be seen, the newest first, with category, office and handler at hand.

    A page beyond the last is the last. Three queries at the most, however long the page. Only the keys of what fits are
    sorted; whole rows are read of the page alone.
    """
    filters = filters or Filters()
    wanted = filtered(select(Incident.id), scope, filters)
    newest_first = wanted.order_by(Incident.found_at.desc(), Incident.id.desc())
    # Words are looked for in every row: once, not once for the count and again for the page.
    found = list(session.scalars(newest_first)) if filters.text.strip() else None
    total = (session.scalar(select(func.count()).select_from(wanted.subquery())) or 0) if found is None else len(found)
    pages = max(1, math.ceil(total / rows))
    page = min(max(1, page), pages)
    begin = (page - 1) * rows
    if found is None:
        found = list(session.scalars(newest_first.offset(begin).limit(rows))) if total else []
    else:
        found = found[begin : begin + rows]
    return Page(_in_order(session, found), page, pages, total)


def _in_order(session: Session, keys: Sequence[int]) -> list[Incident]:
    """The incidents of these keys as a list shows them, in the order of the keys."""
    if not keys:
        return []
    statement = (
        select(Incident)
        .where(Incident.id.in_(keys))
        .options(
            joinedload(Incident.category),
            joinedload(Incident.organisation),
            joinedload(Incident.handler),
            defer(Incident.geom),
        )
    )
    there = {row.id: row for row in session.scalars(statement)}
    # Deleted since it was counted: left out.
    return [there[key] for key in keys if key in there]


def filtered(statement: Select[Any], scope: Scope, filters: Filters) -> Select[Any]:
    """A select of incidents narrowed to what may be seen and what is asked for."""
    statement = scope.narrow(statement, Incident)
    for column, value in (
        (Incident.community_id, filters.community_id),
        (Incident.grid_code, filters.grid_code),
        (Incident.category_id, filters.category_id),
        (Incident.source, filters.source),
        (Incident.handler_id, filters.handler_id),
        (Incident.organisation_id, filters.organisation_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if filters.stages:
        statement = statement.where(Incident.stage.in_(filters.stages))
    if filters.open_only or filters.overdue_at is not None:
        statement = statement.where(Incident.stage.in_(OPEN_STAGES))
    if filters.overdue_at is not None:
        # Nearly all that was ever closed was due before now: by its due time SQLite would read everything, by its stage
        # the few that are open.
        statement = statement.where(row_by_row(is_overdue(filters.overdue_at)))
    if filters.since is not None:
        statement = statement.where(Incident.found_at >= filters.since)
    if filters.until is not None:
        statement = statement.where(Incident.found_at < filters.until)
    if filters.unsure_only:
        statement = statement.where(Incident.sure.is_(False))
    if filters.text.strip():
        statement = statement.where(_says(filters.text.strip()))
    return statement


def _says(words: str) -> ColumnElement[bool]:
    """Whether the words stand in number, description or address, in large letters or small.

    Chinese and digits have no small letters: there the databases are spared making them, which takes half the time.
    """
    same = words.lower() == words.upper()
    return or_(
        *(
            column.contains(words, autoescape=True) if same else column.icontains(words, autoescape=True)
            for column in (Incident.description, Incident.address, Incident.number)
        )
    )


def get(session: Session, scope: Scope, number: str, *, community_id: int | None = None) -> Incident:
    """One incident by its number, with its steps, category, office and handler.

    Where two communities use the same number, the one that may be seen is meant; `community_id` says it exactly.

    Raises
    ------
    NotFound
        If there is none of that number.
    OutOfScope
        If there is, but not on ground or in hands that may be seen.
    """
    statement = (
        select(Incident)
        .where(Incident.number == number)
        .options(
            joinedload(Incident.category),
            joinedload(Incident.organisation),
            joinedload(Incident.handler),
            selectinload(Incident.steps),
        )
        .order_by(Incident.community_id)
    )
    if community_id is not None:
        statement = statement.where(Incident.community_id == community_id)
    found = list(session.scalars(statement))
    if not found:
        raise NotFound(N_("There is no incident %(number)s."), number=number)
    seen = [row for row in found if scope.allows_incident(row)]
    if not seen:
        raise OutOfScope(
            N_("Incident %(number)s lies outside the communities and grids you answer for."), number=number
        )
    return seen[0]


def is_overdue(at: datetime) -> ColumnElement[bool]:
    """Whether an incident is past its due time with its time still running: what is parked waits for a reason."""
    return and_(Incident.stage.in_(CLOCKED_STAGES), Incident.due_at < at)


def counts_by_grid(
    session: Session, scope: Scope, filters: Filters, *, at: datetime, without: Select[Any] | None = None
) -> dict[str | None, tuple[int, int]]:
    """Of each grid, how many incidents are open and how many of these are overdue; None: without a grid. One query.

    Those of sensitive categories count for those alone who are shown reporters. `without` selects the ids of incidents
    that are left out.
    """
    late = func.sum(case((is_overdue(at), 1), else_=0))
    wanted = filtered(select(Incident), scope, filters).where(Incident.stage.in_(OPEN_STAGES), countable(scope))
    if without is not None:
        wanted = wanted.where(Incident.id.not_in(without))
    statement = wanted.with_only_columns(Incident.grid_code, func.count(), late).group_by(Incident.grid_code)
    return {code: (count, int(overdue)) for code, count, overdue in session.execute(statement)}


def categories(session: Session) -> list[Category]:
    """All categories, by family, kind and code."""
    return list(session.scalars(select(Category).order_by(Category.family, Category.kind, Category.code)))
