"""How many incidents a map would have to draw, by grid: where there are too many for points, counts stand in."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from data.models import Category, Community, Incident, Stage
from patrols import incident_lists
from patrols.moves import OPEN_STAGES
from patrols.scope import Scope


class Crowd(NamedTuple):
    """The incidents of one grid (None: of none): open and in time, overdue, and closed."""

    grid_code: str | None
    open: int
    late: int
    done: int


def crowds(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    at: datetime,
    done_since: datetime,
    meant: ColumnElement[bool],
) -> list[Crowd]:
    """Count what `patrols.on_map.incidents_on_map` would draw, in one query; incidents without a place count too.

    Sensitive categories are left out here as there.
    """
    is_open = Incident.stage.in_(OPEN_STAGES)
    late = incident_lists.is_overdue(at)
    lately = (Incident.stage == Stage.CLOSED) & (Incident.closed_at >= done_since)
    sums = (
        # Not "open and not late": of one without a due time a database knows neither.
        func.sum(case((is_open & late, 0), (is_open, 1), else_=0)),
        func.sum(case((is_open & late, 1), else_=0)),
        func.sum(case((~is_open, 1), else_=0)),
    )
    wanted = (
        select(Incident.grid_code, *sums)
        .where(scope.condition(Incident), Incident.community_id == community.id, Incident.found_at <= at)
        .where(
            or_(is_open, lately), or_(Incident.category_id.is_(None), Incident.category_id.not_in(_sensitive())), meant
        )
        .group_by(Incident.grid_code)
    )
    return [Crowd(code, int(a), int(b), int(c)) for code, a, b, c in session.execute(wanted)]


def _sensitive() -> Select[int]:
    return select(Category.id).where(Category.sensitive)
