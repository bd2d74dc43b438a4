"""Telling people: a notice waits on each one's own page, and goes out by the ways that are in use for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community, Incident, Notice, NoticeKind, NoticeWay, Person, Sending, WayKind
from patrols.outbox import Box, Letter


@dataclass(frozen=True)
class Parcel(Letter):
    """What a sender needs to send one notice by one way."""

    kind: NoticeKind
    facts: dict[str, Any]
    way: WayKind
    address: str
    secret: str
    language: str


def put(
    session: Session,
    community: Community,
    person_ids: Iterable[int],
    kind: NoticeKind,
    key: str,
    *,
    at: datetime,
    incident: Incident | None = None,
    facts: dict[str, Any] | None = None,
) -> int:
    """Tell some people one thing, each once however often this is called with the same key; how many were new.

    Parameters
    ----------
    key : str
        What it is about, the same for the same thing: ``step:7:3``.
    facts : dict
        What the words are made of; no names or telephone numbers of reporters.
    """
    wanted = {f"{key}:{person}": person for person in dict.fromkeys(person_ids)}
    known = set(session.scalars(select(Notice.key).where(Notice.key.in_(wanted))))
    new = {name: person for name, person in wanted.items() if name not in known}
    if not new:
        return 0
    rows = [
        Notice(
            key=name,
            community_id=community.id,
            person_id=person,
            kind=kind,
            incident_id=None if incident is None else incident.id,
            facts=facts or {},
            at=at,
        )
        for name, person in new.items()
    ]
    session.add_all(rows)
    session.flush()
    ways = session.execute(
        select(NoticeWay.id, NoticeWay.person_id).where(
            NoticeWay.person_id.in_(new.values()), NoticeWay.ended_at.is_(None)
        )
    ).all()
    session.add_all(
        Sending(notice_id=row.id, way_id=way.id, next_try_at=at)
        for row in rows
        for way in ways
        if way.person_id == row.person_id
    )
    session.flush()
    return len(rows)


def _parcels(session: Session, numbers: Sequence[int]) -> list[Parcel]:
    rows = session.execute(
        select(Sending.id, Notice, NoticeWay)
        .join(Notice, Notice.id == Sending.notice_id)
        .join(NoticeWay, NoticeWay.id == Sending.way_id)
        .where(Sending.id.in_(numbers))
    )
    return [
        Parcel(
            number,
            f"{notice.key}:{way.id}",
            notice.at,
            kind=notice.kind,
            facts=notice.facts,
            way=way.kind,
            address=way.address,
            secret=way.secret,
            language=way.language,
        )
        for number, notice, way in rows
    ]


BOX = Box(
    rows=Sending,
    letters=_parcels,
    receiver="way_id",
    ended=select(NoticeWay.id).where(NoticeWay.ended_at.is_not(None)),
    ended_why="the way was ended",
)
"""Notices on their ways; each says when it was, so they may arrive in any order."""


def given_up(session: Session, community: Community, *, since: datetime) -> list[tuple[Sending, Notice, Person]]:
    """The sendings that were given up lately, for the manager to see; the latest first."""
    rows = session.execute(
        select(Sending, Notice, Person)
        .join(Notice, Notice.id == Sending.notice_id)
        .join(Person, Person.id == Notice.person_id)
        .where(Notice.community_id == community.id, Sending.given_up_at >= since)
        .order_by(Sending.given_up_at.desc(), Sending.id.desc())
    )
    return [(row[0], row[1], row[2]) for row in rows]
