"""How long an incident has: the limit its steps gave, the extensions, and the time that it stood parked.

A limit counts from the step that gave it. The report gives that of the category's rule; whoever passes an incident on
may give another one, which then counts from there, and gives the rule's where none was given yet. In an emergency
limits are shortened as they are given; what was given before stays. An incident that is opened again gets its limit
once more, from that moment. All of it is read from the steps, so it comes out the same whenever it is asked.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.models import Category, Community, Emergency, Incident, IncidentStep, LimitUnit, Stage, StepKind, TriageRule
from patrols import deadlines, work_calendar
from patrols.deadlines import Clock, Limit

LIMIT = "limit"
"""Under which name a step says the limit it gives: an amount and a unit."""


def clock_of(steps: Iterable[IncidentStep]) -> Clock | None:
    """The clock that an incident's steps set, in their order; None where no limit was ever given."""
    begin: datetime | None = None
    limits: list[Limit] = []
    pauses: list[tuple[datetime, datetime | None]] = []
    for step in steps:
        limit = said_limit(step)
        if limit is not None and step.kind is StepKind.EXTEND:
            limits.append(limit)
        elif limit is not None:
            begin, limits = step.at, [limit]
        elif step.kind is StepKind.REOPEN and limits:
            begin, limits = step.at, limits[:1]
        if pauses and pauses[-1][1] is None and step.stage is not Stage.PARKED:
            pauses[-1] = (pauses[-1][0], step.at)
        if step.kind is StepKind.PARK:
            pauses.append((step.at, None))
    return None if begin is None else Clock(begin, tuple(limits), tuple(pauses))


def said_limit(step: IncidentStep) -> Limit | None:
    """The limit that a step gave, if it gave one."""
    pair = (step.said or {}).get(LIMIT)
    return None if pair is None else Limit(pair[0], LimitUnit(pair[1]))


def saying(limit: Limit | None) -> dict[str, Any]:
    """What a step that gives a limit says of it."""
    return {} if limit is None else {LIMIT: [limit.amount, limit.unit.value]}


def set_due(session: Session, community: Community, incident: Incident, steps: Iterable[IncidentStep]) -> None:
    """Write down when an incident is due and warned of. A due moment from elsewhere, without a limit, stays.

    While it is parked its earlier due moment stands: nothing asks for it until its time runs again.
    """
    clock = clock_of(steps)
    if clock is None or clock.stands:
        return
    calendar = work_calendar.of(session, community)
    incident.due_at, incident.warn_at = deadlines.due(clock, calendar), deadlines.warn(clock, calendar)


def usual_limit(session: Session, community: Community, category: Category | None, *, at: datetime) -> Limit | None:
    """The limit that the community's rules give a category now; in an emergency, shortened."""
    rule = rule_for(session, community.id, category)
    return None if rule is None else in_force(session, community, Limit(rule.amount, rule.unit), at=at)


def in_force(session: Session, community: Community, limit: Limit, *, at: datetime) -> Limit:
    """A usual limit as it is given at a moment: shortened, if the community is in an emergency."""
    emergency = emergency_at(session, community.id, at)
    return limit if emergency is None else limit.shortened(emergency.limit_share)


def rule_for(session: Session, community_id: int, category: Category | None) -> TriageRule | None:
    """The rule of a category, or else the one for all that have none."""
    key = None if category is None else category.id
    rules = session.scalars(
        select(TriageRule)
        .where(
            TriageRule.community_id == community_id,
            or_(TriageRule.category_id == key, TriageRule.category_id.is_(None)),
        )
        # Databases differ in where they sort what is null.
        .order_by(TriageRule.category_id.is_(None))
    )
    return rules.first()


def emergency_at(session: Session, community_id: int, at: datetime) -> Emergency | None:
    """The emergency that a community is in at a moment, the latest begun."""
    return session.scalars(
        select(Emergency)
        .where(
            Emergency.community_id == community_id,
            Emergency.begins_at <= at,
            or_(Emergency.ends_at.is_(None), Emergency.ends_at > at),
        )
        .order_by(Emergency.begins_at.desc(), Emergency.id.desc())
    ).first()
