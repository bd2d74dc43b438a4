"""Passing on many incidents: each by itself, accepted first where nobody has, so that one conflict stops no other."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from data.errors import NotFound
from data.models import Incident, IncidentStep, Organisation, Stage, StepKind, User
from geo.errors import N_
from patrols import incidents
from patrols.deadlines import Limit
from patrols.errors import BadRule, OutOfScope
from patrols.moves import MOVES
from patrols.scope import Scope

FROM = frozenset(stage for stage, moves in MOVES.items() if StepKind.TRIAGE in moves) | {Stage.REPORTED}
"""Where an incident may stand that is passed on to an office; a reported one is accepted on the way."""


class Picked(NamedTuple):
    """An incident that somebody picked from a list, and the number of the last step that the list showed."""

    key: int
    seen: int


def last_steps(session: Session, rows: Iterable[Incident]) -> dict[int, int]:
    """The number of the last step of each incident, by its id; one query."""
    keys = [row.id for row in rows]
    wanted = select(IncidentStep.incident_id, func.max(IncidentStep.number)).where(IncidentStep.incident_id.in_(keys))
    return dict(session.execute(wanted.group_by(IncidentStep.incident_id)).all()) if keys else {}


def pass_on(
    session: Session,
    scope: Scope,
    picked: Picked,
    office: Organisation,
    limit: Limit | None,
    *,
    by: User,
    at: datetime,
    note: str = "",
) -> Incident:
    """Pass one incident on to an office. Commit after each, and roll back what was refused.

    Parameters
    ----------
    limit : Limit, optional
        How long it has from now on; without one, what it has, or what the rule of its category gives.

    Raises
    ------
    NotFound, OutOfScope
        If there is no such incident, or not for this person.
    BadRule
        If the office is another community's.
    Conflict
        If somebody added a step since the list was shown.
    StepNotAllowed
        If it may not be passed on from where it stands, or not by this person.
    """
    wanted = select(Incident).where(Incident.id == picked.key)
    row = session.scalars(wanted.options(joinedload(Incident.category), selectinload(Incident.steps))).one_or_none()
    if row is None:
        raise NotFound(N_("There is no incident %(number)s."), number=picked.key)
    if not scope.allows_incident(row):
        raise OutOfScope(N_("This lies outside the communities and grids you answer for."))
    if office.community_id != row.community_id:
        raise BadRule(N_("%(office)s is no office of the incident's community."), office=office.name)
    seen = picked.seen
    if row.stage is Stage.REPORTED:
        seen = incidents.step(session, row, StepKind.ACCEPT, by=by, at=at, seen=seen).number
    incidents.step(
        session, row, StepKind.TRIAGE, by=by, at=at, note=note, to_organisation=office, limit=limit, seen=seen
    )
    return row
