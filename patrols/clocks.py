"""How long an incident has: the limit its steps gave, the extensions, and the time that it stood parked.

A limit counts from the step that gave it. The report gives that of the category's rule; whoever passes an incident on
may give another one, which then counts from there, and gives the rule's where none was given yet. A due moment that
somebody else set (the hotline) stands until it sets another one or a limit is given here; extensions lengthen it. In
an emergency limits are shortened as they are given; what was given before stays. An incident that is opened again gets
its limit once more, from that moment. All of it is read from the steps, so it comes out the same whenever it is asked.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.models import Category, Community, Emergency, Incident, IncidentStep, LimitUnit, Stage, StepKind, TriageRule
from patrols import deadlines, work_calendar
from patrols.deadlines import Clock, Limit

LIMIT, ASKED = "limit", "asked"
"""Under which names a step says the limit that it gives, or only asks for: an amount and a unit."""

DUE = "due"
"""Under which name a step says a due moment that somebody else set: the hotline, or another platform."""

ANSWERS = frozenset({StepKind.EXTEND, StepKind.REFUSE_LONGER, StepKind.SEND_BACK, StepKind.RESOLVE})
"""Steps after which nobody waits for more time any more."""


def clock_of(steps: Iterable[IncidentStep]) -> Clock | None:
    """The clock that an incident's steps set, in their order; None where no limit was ever given."""
    begin: datetime | None = None
    ends: datetime | None = None
    limits: list[Limit] = []
    pauses: list[tuple[datetime, datetime | None]] = []
    for step in steps:
        limit, moment = said_limit(step), said_due(step)
        if moment is not None:
            begin, ends, limits = begin or step.at, moment, []
        elif limit is not None and step.kind is StepKind.EXTEND:
            limits.append(limit)
        elif limit is not None:
            begin, ends, limits = step.at, None, [limit]
        elif step.kind is StepKind.REOPEN and limits:
            begin, limits = step.at, limits[:1]
        if pauses and pauses[-1][1] is None and step.stage is not Stage.PARKED:
            pauses[-1] = (pauses[-1][0], step.at)
        if step.kind is StepKind.PARK:
            pauses.append((step.at, None))
    return None if begin is None else Clock(begin, tuple(limits), tuple(pauses), ends)


def said_limit(step: IncidentStep) -> Limit | None:
    """The limit that a step gave, if it gave one."""
    return _limit(step, LIMIT)


def said_asked(step: IncidentStep) -> Limit | None:
    """How much more time a step asked for, if it did."""
    return _limit(step, ASKED)


def said_due(step: IncidentStep) -> datetime | None:
    """The due moment of somebody else that a step said, if it did."""
    told = (step.said or {}).get(DUE)
    return None if told is None else datetime.fromisoformat(told)


def _limit(step: IncidentStep, name: str) -> Limit | None:
    pair = (step.said or {}).get(name)
    return None if pair is None else Limit(pair[0], LimitUnit(pair[1]))


def waiting(steps: Iterable[IncidentStep]) -> IncidentStep | None:
    """The step that asks for more time and was not answered yet, the last one; None where nobody waits."""
    asks = None
    for step in steps:
        if step.kind is StepKind.ASK_LONGER:
            asks = step
        elif step.kind in ANSWERS:
            asks = None
    return asks


def saying(limit: Limit | None, *, asked: bool = False, due_at: datetime | None = None) -> dict[str, Any]:
    """What a step says of the limit that it gives, or only asks for, and of a due moment that somebody else set."""
    said: dict[str, Any] = {}
    if limit is not None:
        said[ASKED if asked else LIMIT] = [limit.amount, limit.unit.value]
    if due_at is not None:
        said[DUE] = due_at.isoformat()
    return said


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
