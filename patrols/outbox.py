"""The outbox: what somebody is told is written down with what caused it, and then sent until it has arrived.

A notice and its sendings are rows of the same transaction as the step that causes them: either both are there or
neither. A sender leases a sending, sends it without holding the database, and writes down how that went. A sending
whose sender died is leased again when its lease is over. So none is lost, and one goes out twice only if its sender
died between the receiver's yes and our record of it; it then bears the same key, by which the receiver knows it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from data.models import Community, Incident, Notice, NoticeKind, NoticeWay, Person, Sending, WayKind

LEASE = timedelta(minutes=2)
"""How long one try may take; longer than any server is waited for."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=3)
"""A notice that nobody could be given for three days is out of date; the manager is shown that it was given up."""

AT_ONCE = 20


_ENDED = select(NoticeWay.id).where(NoticeWay.ended_at.is_not(None))


@dataclass(frozen=True)
class Parcel:
    """What a sender needs to send one notice, and what it must say again when it did."""

    sending_id: int
    key: str
    kind: NoticeKind
    facts: dict[str, Any]
    way: WayKind
    address: str
    secret: str
    language: str
    at: datetime


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


def lease(session: Session, *, at: datetime, most: int = AT_ONCE) -> list[Parcel]:
    """Take the sendings whose turn it is, the longest waiting first; nobody else takes them for `LEASE`.

    Commit before sending.
    """
    ready = and_(
        Sending.next_try_at <= at,
        Sending.sent_at.is_(None),
        Sending.given_up_at.is_(None),
        or_(Sending.leased_until.is_(None), Sending.leased_until <= at),
    )
    session.execute(
        update(Sending)
        .where(Sending.sent_at.is_(None), Sending.given_up_at.is_(None), Sending.way_id.in_(_ENDED))
        .values(given_up_at=at, next_try_at=None, error="the way was ended")
    )
    turn = select(Sending.id).where(ready).order_by(Sending.next_try_at, Sending.id).limit(most)
    keys = list(session.scalars(turn.with_for_update(skip_locked=True)))
    if not keys:
        return []
    session.execute(update(Sending).where(Sending.id.in_(keys), ready).values(leased_until=at + LEASE))
    rows = session.execute(
        select(Sending, Notice, NoticeWay)
        .join(Notice, Notice.id == Sending.notice_id)
        .join(NoticeWay, NoticeWay.id == Sending.way_id)
        .where(Sending.id.in_(keys))
        .order_by(Sending.next_try_at, Sending.id)
    )
    return [
        Parcel(
            sending.id,
            f"{notice.key}:{way.id}",
            notice.kind,
            notice.facts,
            way.kind,
            way.address,
            way.secret,
            way.language,
            notice.at,
        )
        for sending, notice, way in rows
    ]


def arrived(session: Session, sending_id: int, *, at: datetime) -> None:
    """Write down that the receiver said yes."""
    row = session.get_one(Sending, sending_id)
    row.sent_at, row.leased_until, row.next_try_at, row.tries, row.error = at, None, None, row.tries + 1, ""
    session.flush()


def failed(session: Session, sending_id: int, why: str, *, at: datetime, for_good: bool = False) -> None:
    """Write down that it did not arrive, and try again later: twice as long after each time.

    Parameters
    ----------
    for_good : bool
        The receiver said that it will never take it: it is not tried again.
    """
    row = session.get_one(Sending, sending_id)
    row.tries, row.leased_until, row.error = row.tries + 1, None, why[:255]
    begun = session.get_one(Notice, row.notice_id).at
    row.next_try_at = None if for_good else next_try(row.tries, begun, at=at)
    row.given_up_at = at if row.next_try_at is None else None
    session.flush()


def next_try(tries: int, begun: datetime, *, at: datetime) -> datetime | None:
    """When something that did not arrive is tried again, after so many tries since it was begun; None: no more."""
    if at - begun >= GIVE_UP_AFTER:
        return None
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 12))
    return at + pause


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


def of_person(session: Session, person_id: int, *, most: int = 50) -> list[Notice]:
    """What a person was told, the latest first."""
    wanted = select(Notice).where(Notice.person_id == person_id).order_by(Notice.at.desc(), Notice.id.desc())
    return list(session.scalars(wanted.limit(most)))


def mark_read(session: Session, person_id: int, *, at: datetime) -> None:
    """Keep that a person has seen what they were told so far."""
    session.execute(update(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None)).values(read_at=at))
