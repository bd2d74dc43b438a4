"""A community's own rules of handling: which office gets what and until when, office hours, and emergencies."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import CalendarDay, Category, Community, Emergency, OfficeHours, Organisation, TriageRule, User
from geo.errors import N_
from patrols import clocks, work_calendar
from patrols.deadlines import Limit
from patrols.errors import BadRule


def rules(session: Session, community: Community) -> list[tuple[TriageRule, Category | None, Organisation | None]]:
    """The rules of a community with their categories and offices: by category, the one for all others last."""
    statement = (
        select(TriageRule, Category, Organisation)
        .outerjoin(Category, Category.id == TriageRule.category_id)
        .outerjoin(Organisation, Organisation.id == TriageRule.organisation_id)
        .where(TriageRule.community_id == community.id)
        .order_by(TriageRule.category_id.is_(None), Category.family, Category.kind, Category.code)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(statement)]


def set_rule(
    session: Session,
    community: Community,
    category: Category | None,
    organisation: Organisation | None,
    limit: Limit | None,
) -> None:
    """Say where incidents of a category go and how long they have; without a limit, say nothing of them any more.

    Incidents that have their limit keep it.

    Raises
    ------
    BadRule
        If the office is not one of the community.
    """
    if organisation is not None and organisation.community_id != community.id:
        raise BadRule(
            N_("%(office)s is no office of %(community)s."), office=organisation.name, community=community.name
        )
    key = None if category is None else category.id
    row = session.scalars(
        select(TriageRule).where(
            TriageRule.community_id == community.id, TriageRule.category_id.is_not_distinct_from(key)
        )
    ).one_or_none()
    if limit is None:
        if row is not None:
            session.delete(row)
        session.flush()
        return
    if row is None:
        row = TriageRule(community_id=community.id, category_id=key)
        session.add(row)
    row.organisation_id = None if organisation is None else organisation.id
    row.amount, row.unit = limit.amount, limit.unit
    session.flush()


def hours(session: Session, community: Community) -> str:
    """When the community's office works on a working day."""
    row = session.get(OfficeHours, community.id)
    return work_calendar.USUAL_HOURS if row is None else row.hours


def set_hours(session: Session, community: Community, text: str) -> None:
    """Say when the office works. Deadlines that run are reckoned by it from the incident's next step on.

    Raises
    ------
    BadRule
        If it is not written like ``08:30-12:00 14:30-18:00``.
    """
    said = " ".join(text.split())
    work_calendar.parse_hours(said)
    row = session.get(OfficeHours, community.id)
    if row is None:
        session.add(OfficeHours(community_id=community.id, hours=said))
    else:
        row.hours = said
    session.flush()


def days(session: Session, community: Community) -> list[CalendarDay]:
    """The days that the community says itself, the latest first."""
    return list(
        session.scalars(
            select(CalendarDay).where(CalendarDay.community_id == community.id).order_by(CalendarDay.day.desc())
        )
    )


def emergencies(session: Session, community: Community) -> list[Emergency]:
    """All emergencies of a community, the latest first."""
    return list(
        session.scalars(
            select(Emergency).where(Emergency.community_id == community.id).order_by(Emergency.begins_at.desc())
        )
    )


def begin_emergency(
    session: Session,
    community: Community,
    *,
    at: datetime,
    by: User | None,
    reason: str,
    limit_share: float = 0.5,
    frequency_share: float = 0.5,
) -> Emergency:
    """Work in emergency mode from now on: limits are shortened as they are given, streets are walked more often.

    Raises
    ------
    BadRule
        Without a reason, or if a share is not above nought and at most 1.
    Conflict
        If it is in an emergency already.
    """
    if not reason.strip():
        raise BadRule(N_("Say why there is an emergency."))
    if not (0 < limit_share <= 1 and 0 < frequency_share <= 1):
        raise BadRule(N_("In an emergency limits are a share of the usual ones, above nought and at most 1."))
    if clocks.emergency_at(session, community.id, at) is not None:
        raise Conflict(N_("%(community)s is in an emergency already."), community=community.name)
    row = Emergency(
        community_id=community.id,
        begins_at=at,
        limit_share=limit_share,
        frequency_share=frequency_share,
        reason=reason.strip(),
        begun_by_id=None if by is None else by.id,
    )
    session.add(row)
    session.flush()
    return row


def end_emergency(session: Session, community: Community, *, at: datetime, by: User | None) -> Emergency:
    """Go back to usual. What was given a short limit keeps it.

    Raises
    ------
    NotFound
        If it is in no emergency.
    """
    row = clocks.emergency_at(session, community.id, at)
    if row is None:
        raise NotFound(N_("%(community)s is in no emergency."), community=community.name)
    row.ends_at, row.ended_by_id = at, None if by is None else by.id
    session.flush()
    return row
