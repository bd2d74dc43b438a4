"""Which things of volunteers' phones are stored, so that what is sent twice is done once."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import Device, ThingKind, WalkThing
from geo.errors import N_
from patrols.errors import PatrolError


class NotYours(PatrolError):
    """Somebody else has sent a thing with this key."""


class Outcome(NamedTuple):
    """What became of a thing: ``stored`` just now, or ``known`` before; and its row."""

    status: str
    thing: WalkThing


def find(session: Session, device: Device, key: str) -> WalkThing | None:
    """The thing that a phone's person sent under a key before, also with a phone they had before.

    Raises
    ------
    NotYours
        Somebody else did.
    """
    row = session.get(WalkThing, key)
    if row is None or row.device_id == device.id:
        return row
    if session.get_one(Device, row.device_id).person_id != device.person_id or device.person_id is None:
        raise NotYours(N_("This was sent by somebody else."))
    return row


def note(session: Session, device: Device, key: str, kind: ThingKind, *, at: datetime, now: datetime) -> WalkThing:
    """Note that a thing is stored, before it is done: of two who send it at once, the second waits here and fails.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        Somebody else was faster.
    """
    row = WalkThing(key=key, device_id=device.id, kind=kind, at=at, received_at=now)
    session.add(row)
    session.flush()
    return row


def count(session: Session, device: Device, *, since: datetime) -> int:
    """How many things of a phone were stored since a moment."""
    wanted = select(func.count()).where(WalkThing.device_id == device.id, WalkThing.received_at >= since)
    return session.scalar(wanted) or 0
