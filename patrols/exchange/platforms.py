"""The platforms that a community exchanges incidents with step by step, and how that goes."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import Community, HeardMessage, Incident, Organisation, Platform, Telling
from geo.errors import N_
from patrols import outbox
from patrols.errors import BadExchange
from patrols.exchange.fields import check_platform
from patrols.exchange.telling import BOX

LEAST_SECRET = 16
"""A shorter secret is guessed."""


class Told(NamedTuple):
    """One platform: its office, how many tellings arrived, wait and were given up, how many messages came, and when."""

    platform: Platform
    office: Organisation | None
    arrived: int
    waiting: int
    lost: int
    heard: int
    heard_at: datetime | None


def told(session: Session, community: Community) -> list[Told]:
    """The platforms of a community that are not ended, by name."""
    counts = (
        select(
            Telling.platform_id,
            func.count(Telling.sent_at).label("arrived"),
            func.sum(case((Telling.sent_at.is_(None) & Telling.given_up_at.is_(None), 1), else_=0)).label("waiting"),
            func.count(Telling.given_up_at).label("lost"),
        )
        .group_by(Telling.platform_id)
        .subquery()
    )
    heard = (
        select(HeardMessage.platform_id, func.count().label("times"), func.max(HeardMessage.at).label("last"))
        .group_by(HeardMessage.platform_id)
        .subquery()
    )
    rows = session.execute(
        select(
            *(Platform, Organisation, counts.c.arrived, counts.c.waiting, counts.c.lost),
            *(heard.c.times, heard.c.last),
        )
        .outerjoin(Organisation, Organisation.id == Platform.organisation_id)
        .outerjoin(counts, counts.c.platform_id == Platform.id)
        .outerjoin(heard, heard.c.platform_id == Platform.id)
        .where(Platform.community_id == community.id, Platform.ended_at.is_(None))
        .order_by(Platform.name)
    )
    return [
        Told(one, office, arrived or 0, int(waiting or 0), lost or 0, times or 0, last)
        for one, office, arrived, waiting, lost, times, last in rows
    ]


def lost(session: Session, community: Community, *, most: int = 100) -> Sequence[tuple[Telling, str, str]]:
    """What platforms could not be told, the latest first: with the platform's name and the incident's number."""
    rows = session.execute(
        select(Telling, Platform.name, Incident.number)
        .join(Platform, Platform.id == Telling.platform_id)
        .join(Incident, Incident.id == Telling.incident_id)
        .where(Platform.community_id == community.id, Platform.ended_at.is_(None), Telling.given_up_at.is_not(None))
        .order_by(Telling.given_up_at.desc(), Telling.id.desc())
        .limit(most)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def add(
    session: Session,
    community: Community,
    name: str,
    *,
    at: datetime,
    address: str = "",
    office: Organisation | None = None,
    secret_out: str = "",
    secret_in: str = "",
) -> Platform:
    """Exchange incidents with a platform step by step from now on.

    Parameters
    ----------
    address : str
        Where it is told, http:// or https://; "" where it only tells us.
    office : Organisation, optional
        The office whose incidents are the platform's, besides those that it told us.
    secret_out, secret_in : str
        What we sign with and what it signs with, agreed with it; made here where they are empty.

    Raises
    ------
    BadExchange
        If the name is none, the address is no address, a secret is too short, or the office is another community's.
    Conflict
        If a platform of that name is there.
    """
    check_platform(name)
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise BadExchange(
            N_("%(address)s is no address of a platform: it begins with https:// or http://."), address=address
        )
    if any(one and len(one) < LEAST_SECRET for one in (secret_out, secret_in)):
        raise BadExchange(N_("A secret needs at least %(least)s characters."), least=LEAST_SECRET)
    if office is not None and office.community_id != community.id:
        raise BadExchange(N_("%(office)s is no office of %(community)s."), office=office.name, community=community.name)
    row = session.scalars(
        select(Platform).where(Platform.community_id == community.id, Platform.name == name)
    ).one_or_none()
    if row is not None and row.ended_at is None:
        raise Conflict(N_("%(platform)s is there already: end it before you add it anew."), platform=name)
    row = row or Platform(community_id=community.id, name=name)
    row.address, row.added_at, row.ended_at = address, at, None
    row.organisation_id = None if office is None else office.id
    row.secret_out = secret_out or secrets.token_urlsafe(32)
    row.secret_in = secret_in or secrets.token_urlsafe(32)
    session.add(row)
    session.flush()
    return row


def end(session: Session, community: Community, number: int, *, at: datetime) -> Platform:
    """Exchange with a platform no more; what waits to be told is given up.

    Raises
    ------
    NotFound
        If the community has no such platform.
    """
    row = session.get(Platform, number)
    if row is None or row.community_id != community.id or row.ended_at is not None:
        raise NotFound(N_("There is no platform %(number)s."), number=number)
    row.ended_at, row.secret_out, row.secret_in = at, "", ""
    session.flush()
    outbox.give_up_ended(session, BOX, at=at)
    return row
