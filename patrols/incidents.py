"""Incidents: reporting them, and taking the next step."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import shapely
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.models import (
    Category,
    Community,
    Incident,
    IncidentMerge,
    IncidentSource,
    IncidentStep,
    Organisation,
    Outcome,
    Person,
    Role,
    Stage,
    StepKind,
    User,
)
from geo.errors import N_
from patrols import clocks, notices
from patrols.days import local_day
from patrols.deadlines import Limit
from patrols.errors import StepNotAllowed
from patrols.exchange import telling
from patrols.explanations import facts_of
from patrols.moves import (
    MERGE_INTO,
    MOVES,
    Move,
    check_step,
    consequences,
    note_of,
)
from patrols.redraw import edition_in_force
from patrols.responsibility import Rule, find_responsible


def report(
    session: Session,
    community: Community,
    *,
    at: datetime,
    source: IncidentSource,
    description: str,
    point: tuple[float, float] | None = None,
    accuracy_m: float | None = None,
    found_at: datetime | None = None,
    category: Category | None = None,
    address: str = "",
    reporter_name: str = "",
    reporter_phone: str = "",
    by: User | None = None,
    number: str | None = None,
    due_at: datetime | None = None,
    extra: dict[str, Any] | None = None,
) -> Incident:
    """Take in one incident: whose ground it is, is decided now, by the grids in force when it was found, and kept.

    Without a point, or outside of every grid, the community itself answers.

    Parameters
    ----------
    at : datetime
        Now, aware.
    point : (float, float), optional
        Longitude, latitude, WGS 84.
    found_at : datetime, optional
        When it was found; now unless said.
    due_at : datetime, optional
        When it is due, where somebody else says so; by default what the rule of its category gives.
    number : str, optional
        Its number; by default the local day and the next number of that day, ``20261122-0007``.

    Raises
    ------
    Conflict
        If the number is taken.
    StepNotAllowed
        If it is said to have been found in the future.
    """
    found_at = found_at or at
    if found_at > at + timedelta(minutes=5):
        raise StepNotAllowed(N_("An incident cannot be found in the future: %(at)s."), at=found_at.isoformat())
    place = _place(session, community, point, found_at, accuracy_m)
    limit = None if due_at is not None else clocks.usual_limit(session, community, category, at=at)
    incident = Incident(
        number=number or next_number(session, community, at),
        community_id=community.id,
        category=category,
        source=source,
        description=description,
        address=address,
        found_at=found_at,
        accuracy_m=accuracy_m,
        stage=Stage.REPORTED,
        due_at=due_at,
        reporter_name=reporter_name,
        reporter_phone=reporter_phone,
        extra=extra or {},
        **place,
    )
    said = clocks.saying(limit, due_at=due_at)
    step = IncidentStep(number=1, kind=StepKind.REPORT, stage=Stage.REPORTED, at=at, by_user_id=_id(by), said=said)
    incident.steps.append(step)
    clocks.set_due(session, community, incident, incident.steps)
    _add(session, incident, N_("The number %(number)s is taken."), number=incident.number)
    return incident


def step(
    session: Session,
    incident: Incident,
    kind: StepKind,
    *,
    by: User | None,
    at: datetime,
    note: str = "",
    to_person: Person | None = None,
    to_organisation: Organisation | None = None,
    other: Incident | None = None,
    limit: Limit | None = None,
    due_at: datetime | None = None,
    outcome: Outcome | None = None,
    rating: int | None = None,
    seen: int | None = None,
    heard_from: str = "",
) -> IncidentStep:
    """Add one step to an incident's history and move it to the stage after it.

    Parameters
    ----------
    by : User or None
        Who does it; None for the program itself, which is not asked for its role.
    at : datetime
        When, aware.
    other : Incident, optional
        The one that this one is merged into.
    limit : Limit, optional
        How long it has from now on, or how much longer; without one, passing it on gives its category's, unless one
        was given before.
    due_at : datetime, optional
        Until when somebody else (the hotline) gives it more time, in place of a limit.
    outcome : Outcome, optional
        How a mediation ended.
    seen : int, optional
        Number of the last step that the person saw; if there is a newer one, nothing is done.
    heard_from : str
        The platform that told us the step: it is not told back.

    Raises
    ------
    StepNotAllowed
        If the step may not follow now, not by this person, lacks what it needs, or is dated before the last.
    Conflict
        If somebody else added a step first.
    """
    last = _check_last(incident, at, seen)
    move = check_step(
        incident.stage,
        kind,
        note=note,
        person_id=_id(to_person),
        organisation_id=_id(to_organisation),
        other_id=_id(other),
        limited=limit is not None or due_at is not None,
        outcome=outcome,
        rating=rating,
    )
    _check_actor(move, kind, by)
    _check_other(incident, other)
    community = session.get_one(Community, incident.community_id)
    if limit is None and move.takes_limit and clocks.clock_of(incident.steps) is None and incident.due_at is None:
        limit = clocks.usual_limit(session, community, incident.category, at=at)
    row = IncidentStep(
        incident_id=incident.id,
        number=last + 1,
        kind=kind,
        stage=move.after,
        at=at,
        by_user_id=_id(by),
        to_person_id=_id(to_person),
        to_organisation_id=_id(to_organisation),
        note=note_of(kind, note, rating),
        said=_said(kind, limit, due_at, outcome, other),
    )
    _add(session, row, _CHANGED, number=incident.number)
    changed = consequences(kind, move.after, at, row.to_person_id, row.to_organisation_id, outcome, rating)
    for name, value in changed.items():
        setattr(incident, name, value)
    _merge(session, incident, kind, other)
    session.flush()
    session.expire(incident, ["steps", "organisation", "handler"])
    clocks.set_due(session, community, incident, incident.steps)
    notices.of_step(session, incident, row)
    telling.of_step(session, community, incident, row, heard_from=heard_from)
    return row


_CHANGED = N_("Somebody else changed incident %(number)s first: look at it again.")


def _merge(session: Session, incident: Incident, kind: StepKind, other: Incident | None) -> None:
    """Keep which one it was merged into, until it is opened again."""
    if kind is StepKind.REOPEN:
        session.execute(delete(IncidentMerge).where(IncidentMerge.incident_id == incident.id))
    if other is not None:
        session.add(IncidentMerge(incident_id=incident.id, into_id=other.id))


def _check_actor(move: Move, kind: StepKind, by: User | None) -> None:
    if by is not None and by.role not in move.roles:
        raise StepNotAllowed(N_("The step %(kind)s is not for the role %(role)s."), kind=kind.value, role=by.role.value)


def _check_other(incident: Incident, other: Incident | None) -> None:
    """What it is merged into must be another one of the same community that is not itself merged."""
    if other is None:
        return
    if other.id == incident.id or other.community_id != incident.community_id or other.stage not in MERGE_INTO:
        raise StepNotAllowed(
            N_("Incident %(number)s cannot be merged into %(other)s."), number=incident.number, other=other.number
        )


def _check_last(incident: Incident, at: datetime, seen: int | None) -> int:
    """The number of the last step, once it is the one that was seen and is not dated after the next."""
    last = incident.steps[-1] if incident.steps else None
    number = 0 if last is None else last.number
    if seen is not None and seen != number:
        raise Conflict(_CHANGED, number=incident.number)
    if last is not None and at < last.at:
        raise StepNotAllowed(N_("The step is dated before the one it follows: %(at)s."), at=at.isoformat())
    return number


def _said(
    kind: StepKind, limit: Limit | None, due_at: datetime | None, outcome: Outcome | None, other: Incident | None
) -> dict[str, Any]:
    """What a step says besides its columns."""
    said = clocks.saying(limit, asked=kind is StepKind.ASK_LONGER, due_at=due_at)
    if outcome is not None:
        said["outcome"] = outcome.value
    if other is not None:
        said["other"] = other.number
    return said


def next_steps(incident: Incident, role: Role | None) -> list[StepKind]:
    """The steps that may follow now, for a role; for None, all of them."""
    return [kind for kind, move in MOVES[incident.stage].items() if role is None or role in move.roles]


def next_number(session: Session, community: Community, at: datetime) -> str:
    """The next free number of the local day, ``20261122-0007``; of two people at once, one is told it is taken."""
    prefix = f"{local_day(community, at):%Y%m%d}-"
    taken: Sequence[str] = session.scalars(
        select(Incident.number).where(Incident.community_id == community.id, Incident.number.startswith(prefix))
    ).all()
    last = max((int(text[len(prefix) :]) for text in taken if text[len(prefix) :].isdigit()), default=0)
    return f"{prefix}{last + 1:04d}"


def _place(
    session: Session,
    community: Community,
    point: tuple[float, float] | None,
    found_at: datetime,
    accuracy_m: float | None,
) -> dict[str, Any]:
    if point is None:
        return {
            "grid_rule": Rule.COMMUNITY_FALLBACK.value,
            "sure": True,
            "grid_facts": facts_of({}, stated=False, placed=False),
        }
    answer = find_responsible(session, point, at=found_at, accuracy_m=accuracy_m, communities=[community])
    # Whoever told a community of a place far off is answered by it; which grids it had that day is kept all the same.
    edition = answer.edition or edition_in_force(session, community.id, found_at)
    return {
        "edition_id": edition and edition.id,
        "grid_code": answer.grid_code,
        "grid_rule": (Rule.COMMUNITY_FALLBACK if answer.rule is Rule.NONE else answer.rule).value,
        "border_m": answer.border_m,
        "sure": answer.sure,
        "grid_facts": answer.facts,
        "geom": shapely.Point(point),
    }


def _id(row: Person | Organisation | User | Incident | None) -> int | None:
    return None if row is None else row.id


def _add(session: Session, row: object, template: str, **facts: object) -> None:
    """Write one row at once; a key that somebody else took first is told as a conflict, and the session lives on."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(template, **facts) from error
