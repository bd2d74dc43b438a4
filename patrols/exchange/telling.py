"""Telling platforms at once: each step of an incident that is theirs goes out until it has arrived, in order.

What is told is written down in the step's own transaction, in the words of that moment; a sender takes it from there,
as it takes notices (`patrols.outbox`). An incident is a platform's if it told it to us, or if its office is the
platform's. A step that a platform told us is not told back. An incident's steps go out one after the other: the next
waits until the one before has arrived, or was given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import (
    Community,
    ExternalKey,
    ExternalStep,
    Incident,
    IncidentStep,
    Platform,
    StepKind,
    Telling,
)
from geo.errors import N_
from patrols.exchange.giving import of_one
from patrols.outbox import Box, Letter

OURS_ALONE = frozenset({StepKind.ESCALATE, StepKind.HAND_OVER})
"""Steps that are told to nobody outside: to whom it was told further up here, and that our grids changed."""


@dataclass(frozen=True)
class Message(Letter):
    """What a sender needs to tell a platform one thing."""

    address: str
    secret: str
    body: dict[str, Any]


def of_step(
    session: Session, community: Community, incident: Incident, step: IncidentStep, *, heard_from: str = ""
) -> int:
    """Write down what platforms are told of a step, in the step's own transaction; how many are told.

    Parameters
    ----------
    heard_from : str
        The platform that told us the step.
    """
    if step.kind in OURS_ALONE:
        return 0
    told = 0
    for platform in _to(session, community, incident):
        if platform.name != heard_from:
            _put(session, community, platform, incident, step.number, at=step.at)
            told += 1
    return told


def _to(session: Session, community: Community, incident: Incident) -> Sequence[Platform]:
    """The platforms that an incident is told to."""
    came = exists().where(ExternalKey.platform == Platform.name, ExternalKey.incident_id == incident.id)
    wanted = select(Platform).where(
        Platform.community_id == community.id,
        Platform.ended_at.is_(None),
        Platform.address != "",
        or_(Platform.organisation_id == incident.organisation_id, came),
    )
    return session.scalars(wanted.order_by(Platform.id)).all()


def _put(
    session: Session, community: Community, platform: Platform, incident: Incident, number: int, *, at: datetime
) -> None:
    """Write down a step and the ones before it that the platform was not told. What lacks a field waits for a person.

    The document is small: it holds no other steps.
    """
    body, lacking = of_one(session, community, platform.name, incident, _untold(session, platform, incident, number))
    row = Telling(platform_id=platform.id, incident_id=incident.id, number=number, body=body, at=at, next_try_at=at)
    if lacking:
        fields = ", ".join(dict.fromkeys(one.column or "" for one in lacking))
        row.next_try_at, row.given_up_at, row.error = None, at, f"lacks {fields}"
    session.add(row)
    session.flush()


def _untold(session: Session, platform: Platform, incident: Incident, number: int) -> set[int]:
    """The numbers of the steps up to one that the platform has to be told: not its own, nor any that is on its way."""
    before = (Telling.platform_id == platform.id) & (Telling.incident_id == incident.id) & (Telling.number < number)
    going = select(func.max(Telling.number)).where(before, Telling.given_up_at.is_(None))
    told = session.scalar(going) or 0
    own = (
        select(IncidentStep.number)
        .join(ExternalStep, ExternalStep.step_id == IncidentStep.id)
        .where(ExternalStep.platform == platform.name, IncidentStep.incident_id == incident.id)
    )
    return set(range(told + 1, number + 1)) - set(session.scalars(own))


def _messages(session: Session, numbers: Sequence[int]) -> list[Message]:
    rows = session.execute(
        select(Telling, Platform).join(Platform, Platform.id == Telling.platform_id).where(Telling.id.in_(numbers))
    )
    return [Message(row.id, _key(row), row.at, one.address, one.secret_out, row.body) for row, one in rows]


def _key(row: Telling) -> str:
    """The key by which the receiver knows a message again: the same at every try, another one for other words."""
    return f"{row.id}-{int(row.at.timestamp())}"


BOX = Box(
    rows=Telling,
    letters=_messages,
    receiver="platform_id",
    ended=select(Platform.id).where(Platform.ended_at.is_not(None)),
    ended_why="the platform was ended",
    queue=("platform_id", "incident_id"),
    place="number",
    # The platform has its words then; they are not kept twice.
    once_there={"body": {}},
)
"""Steps on their way to platforms: of each incident one after the other."""


def again(session: Session, community: Community, telling_id: int, *, at: datetime) -> None:
    """Try once more what was given up, in the words of now: whatever was missing may be there.

    Raises
    ------
    NotFound
        If nothing of the community was given up under that number.
    """
    row = session.get(Telling, telling_id)
    platform = None if row is None else session.get_one(Platform, row.platform_id)
    if row is None or platform is None or platform.community_id != community.id or row.given_up_at is None:
        raise NotFound(N_("Nothing waits under the number %(number)s."), number=telling_id)
    if platform.ended_at is not None:
        raise NotFound(N_("%(platform)s is told nothing any more."), platform=platform.name)
    incident = session.get_one(Incident, row.incident_id)
    numbers = _untold(session, platform, incident, row.number)
    row.body, lacking = of_one(session, community, platform.name, incident, numbers)
    fields = ", ".join(dict.fromkeys(one.column or "" for one in lacking))
    row.error = f"lacks {fields}" if lacking else ""
    row.at, row.tries = at, 0
    row.given_up_at, row.next_try_at = (at, None) if lacking else (None, at)
    session.flush()
