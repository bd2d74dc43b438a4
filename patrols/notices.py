"""Who is told of a step in an incident's history: whose turn it is now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.models import Community, Duty, Incident, IncidentStep, Notice, NoticeKind, Person, StepKind, User
from patrols import notice_sendings
from patrols.responsibility import chain_of
from patrols.rules import Rules

TOLD = {
    StepKind.TRIAGE: NoticeKind.HANDED,
    StepKind.DISPATCH: NoticeKind.HANDED,
    StepKind.SEND_BACK: NoticeKind.SENT_BACK,
    StepKind.RESOLVE: NoticeKind.RESOLVED,
    StepKind.SETTLE_ON_THE_SPOT: NoticeKind.RESOLVED,
    StepKind.REDO: NoticeKind.REDO,
    StepKind.SUPERVISE: NoticeKind.SUPERVISED,
    StepKind.ESCALATE: NoticeKind.OVERDUE,
    StepKind.ASK_LONGER: NoticeKind.ASKED_LONGER,
    StepKind.EXTEND: NoticeKind.GIVEN_LONGER,
    StepKind.REFUSE_LONGER: NoticeKind.REFUSED_LONGER,
    StepKind.RATE: NoticeKind.RATED_LOW,
    StepKind.REOPEN: NoticeKind.REOPENED,
}
"""Which steps are told to somebody, and as what; of ratings only the low ones."""

LOW = 2
"""A rating as bad as this, or as one that opens it again (`Rules.reopening_rating`): somebody has to talk about it."""

TO_MANAGER = frozenset(
    {
        *(NoticeKind.SENT_BACK, NoticeKind.RESOLVED, NoticeKind.ASKED_LONGER),
        *(NoticeKind.RATED_LOW, NoticeKind.REOPENED),
    }
)
"""What the grid's manager has to do something about; the others go to whoever has the incident."""


def of_step(session: Session, incident: Incident, step: IncidentStep) -> int:
    """Tell those whose turn it is after a step; how many. Whoever took the step is told nothing.

    In the step's own transaction, so that no step is without its notice.
    """
    kind = TOLD.get(step.kind)
    if kind is None:
        return 0
    community = session.get_one(Community, incident.community_id)
    if kind is NoticeKind.RATED_LOW and not _is_low(community, incident):
        return 0
    to: Iterable[int]
    if step.kind is StepKind.ESCALATE:
        to = [] if step.to_person_id is None else [step.to_person_id]
    elif kind in TO_MANAGER:
        to = managers(session, incident, at=step.at)
    else:
        to = hands(session, incident)
    own = None if step.by_user_id is None else session.get_one(User, step.by_user_id).person_id
    to = [person for person in to if person != own]
    facts: dict[str, Any] = {
        "number": incident.number,
        "due": None if incident.due_at is None else incident.due_at.isoformat(),
    }
    if kind is NoticeKind.RATED_LOW:
        facts |= {"rating": incident.rating, "due": None}
    key = f"step:{incident.id}:{step.number}"
    return notice_sendings.put(session, community, to, kind, key, at=step.at, incident=incident, facts=facts)


def _is_low(community: Community, incident: Incident) -> bool:
    """Whether it was rated so badly that somebody has to talk with whoever reported it."""
    return incident.rating is not None and incident.rating <= max(
        LOW, Rules.for_community(community.rules).reopening_rating
    )


def hands(session: Session, incident: Incident) -> list[int]:
    """Whoever has the incident: its handler, or else everybody of its office."""
    if incident.handler_id is not None:
        return [incident.handler_id]
    if incident.organisation_id is None:
        return []
    wanted = select(Person.id).where(Person.organisation_id == incident.organisation_id).order_by(Person.id)
    return list(session.scalars(wanted))


def managers(session: Session, incident: Incident, *, at: datetime) -> list[int]:
    """The grid's manager; where nobody is posted as one, the nearest of the chain above the grid's worker."""
    links = [link for link in chain_of(session, incident, at=at) if link.person_id is not None]
    wanted = [link for link in links if link.duty == Duty.GRID_MANAGER] or links[-1:]
    return [link.person_id for link in wanted if link.person_id is not None]


def unread(session: Session, person_id: int) -> int:
    """How many notices a person has not seen yet."""
    wanted = select(func.count()).select_from(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    return session.scalar(wanted) or 0


def of_person(session: Session, person_id: int, *, most: int = 50) -> list[Notice]:
    """What a person was told, the latest first."""
    wanted = select(Notice).where(Notice.person_id == person_id).order_by(Notice.at.desc(), Notice.id.desc())
    return list(session.scalars(wanted.limit(most)))


def mark_read(session: Session, person_id: int, *, at: datetime) -> None:
    """Keep that a person has seen what they were told so far."""
    session.execute(update(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None)).values(read_at=at))
