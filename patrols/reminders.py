"""What is told without anybody taking a step: what will soon be over, what is, and the list of every morning."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community, Incident, NoticeKind, Person, StepKind
from patrols import incidents, notice_sendings, work_calendar
from patrols.communities import communities_in_force
from patrols.days import local_day
from patrols.moves import CLOCKED_STAGES
from patrols.notices import hands, managers
from patrols.responsibility import chain_of

MORNING = time(8, 0)
"""From when on, on a working day, people get their list."""

MOST_LISTED = 30


def tick(session: Session, *, at: datetime, each: Callable[[], None] | None = None) -> int:
    """Warn of what has used up three quarters of its time, and tell further up what is over; how many were told.

    Parameters
    ----------
    each : callable, optional
        Called after each community, to commit what was done for it.
    """
    told = 0
    for community in communities_in_force(session, on=at.date()):
        told += _warn(session, community, at) + _escalate(session, community, at) + morning(session, community, at=at)
        if each is not None:
            each()
    return told


def morning(session: Session, community: Community, *, at: datetime) -> int:
    """Give everybody who has something open the list of it, once on each working day; how many got one."""
    calendar = work_calendar.of(session, community)
    day = local_day(community, at)
    if not calendar.works(day) or at.astimezone(calendar.zone).time() < MORNING:
        return 0
    rows = session.scalars(
        select(Incident)
        .where(Incident.community_id == community.id, Incident.stage.in_(CLOCKED_STAGES))
        .order_by(Incident.due_at.is_(None), Incident.due_at, Incident.id)
    )
    offices = _people_by_office(session, community)
    mine: dict[int, list[Incident]] = {}
    for row in rows:
        to = [row.handler_id] if row.handler_id is not None else offices.get(row.organisation_id or 0, [])
        for person in to:
            mine.setdefault(person, []).append(row)
    told = 0
    ends = calendar.closing(day)
    for person, found in mine.items():
        facts = {
            "open": len(found),
            "overdue": sum(row.due_at is not None and row.due_at < at for row in found),
            "today": sum(row.due_at is not None and at <= row.due_at <= ends for row in found),
            "numbers": [row.number for row in found[:MOST_LISTED]],
        }
        told += notice_sendings.put(
            session, community, [person], NoticeKind.MORNING, f"morning:{day}", at=at, facts=facts
        )
    return told


def _warn(session: Session, community: Community, at: datetime) -> int:
    wanted = select(Incident).where(
        Incident.community_id == community.id,
        Incident.stage.in_(CLOCKED_STAGES),
        Incident.warn_at <= at,
        Incident.due_at > at,
    )
    told = 0
    for row in session.scalars(wanted):
        to = hands(session, row) or managers(session, row, at=at)
        due = row.due_at.isoformat() if row.due_at is not None else None
        facts = {"number": row.number, "due": due}
        key = f"warn:{row.id}:{due}"
        told += notice_sendings.put(session, community, to, NoticeKind.WARNED, key, at=at, incident=row, facts=facts)
    return told


def _escalate(session: Session, community: Community, at: datetime) -> int:
    """What is over is told to the next link of the chain above who has it, and a link further each working day."""
    wanted = select(Incident).where(
        Incident.community_id == community.id, Incident.stage.in_(CLOCKED_STAGES), Incident.due_at <= at
    )
    calendar = work_calendar.of(session, community)
    told = 0
    for row in session.scalars(wanted):
        above = _above(session, row, at)
        if row.due_at is None or row.escalations >= max(1, len(above)):
            continue
        if row.escalations and _closings_since(calendar, row.due_at, at) < row.escalations:
            continue
        person = above[row.escalations] if above else None
        incidents.step(session, row, StepKind.ESCALATE, by=None, at=at, to_person=person)
        row.escalations += 1
        told += person is not None
    session.flush()
    return told


def _closings_since(calendar: work_calendar.WorkCalendar, begin: datetime, at: datetime) -> int:
    """How many working days have ended since a moment, a month of them at the most."""
    day = begin.astimezone(calendar.zone).date()
    ahead = (day + timedelta(days=number) for number in range(60))
    closings = (calendar.closing(one) for one in ahead if calendar.works(one))
    return sum(begin < closing <= at for closing in islice(closings, 31))


def _above(session: Session, incident: Incident, at: datetime) -> list[Person]:
    """The people of the chain above whoever has the incident, nearest first; vacant links are passed over."""
    keys = [link.person_id for link in chain_of(session, incident, at=at) if link.person_id is not None]
    if incident.handler_id in keys:
        keys = keys[keys.index(incident.handler_id) + 1 :]
    unique = [key for key in dict.fromkeys(keys) if key != incident.handler_id]
    found = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_(unique)))}
    return [found[key] for key in unique if key in found]


def _people_by_office(session: Session, community: Community) -> dict[int, list[int]]:
    rows = session.execute(
        select(Person.organisation_id, Person.id)
        .where(Person.community_id == community.id, Person.organisation_id.is_not(None))
        .order_by(Person.id)
    )
    found: dict[int, list[int]] = {}
    for office, person in rows:
        if office is not None:
            found.setdefault(office, []).append(person)
    return found
