"""Walks that volunteers begin and end by pressing a button: what was before and after is nobody's business.

A walk lasts from its start to its stop. It ends by itself after the community's longest walk
(`Rules.longest_walk_s`), when the same phone begins another, and when its person withdraws the consent;
`patrols.walk_windows` says what of a phone's fixes lies within.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community, Device, Walk, WalkEnd, WalkPhone
from geo.errors import N_
from patrols.errors import PatrolError
from patrols.rules import Rules


class WalkRefused(PatrolError):
    """A walk that cannot be begun or ended like this."""


def start(session: Session, phone: WalkPhone, key: str, *, at: datetime, clock_off: timedelta, now: datetime) -> Walk:
    """Begin a walk; whether its person agreed to be recorded is asked by whoever calls this.

    A walk of the same phone that was still going on ends at this moment.

    Parameters
    ----------
    key : str
        The walk's own, a UUID that the phone made.
    at : datetime
        When, by the phone's clock.
    clock_off : timedelta
        What must be added to that clock.
    now : datetime
        Later than this no walk began, whatever clocks say.

    Raises
    ------
    WalkRefused
        If a walk with that key was begun before.
    """
    device = _locked(session, phone)
    if session.scalar(select(Walk.id).where(Walk.key == key)) is not None:
        raise WalkRefused(N_("This walk was begun before."))
    began_ms = _ms(at)
    for other in _open(session, device.id):
        if other.started_ms <= began_ms:
            _end(session, device, other, began_ms, at + clock_off, WalkEnd.NEXT)
    walk = Walk(
        key=key,
        device_id=device.id,
        person_id=device.person_id,
        community_id=device.community_id,
        team_id=device.team_id,
        started_ms=began_ms,
        started_at=min(at + clock_off, now),
    )
    session.add(walk)
    session.flush()
    _derive(device, began_ms, began_ms, now)
    return walk


def stop(
    session: Session, phone: WalkPhone, key: str, *, at: datetime, clock_off: timedelta, now: datetime, why: WalkEnd
) -> Walk:
    """End a walk. Of several ends the earliest counts: what comes after it was never part of the walk.

    Raises
    ------
    WalkRefused
        If the phone has no such walk, or it would end before it began.
    """
    device = _locked(session, phone)
    walk = session.scalar(select(Walk).where(Walk.key == key))
    if walk is None or walk.person_id != device.person_id:
        raise WalkRefused(N_("This phone has begun no such walk."))
    ended_ms = _ms(at)
    if ended_ms < walk.started_ms:
        raise WalkRefused(N_("The walk would end before it began."))
    _end(session, device, walk, ended_ms, min(at + clock_off, now), why)
    _derive(device, walk.started_ms, ended_ms, now)
    return walk


def end_all(
    session: Session,
    person_id: int | None,
    *,
    at: datetime,
    why: WalkEnd = WalkEnd.WITHDRAWN,
    device_id: int | None = None,
) -> int:
    """End whatever walks of a person are going on, on any phone or on one; return how many that were."""
    wanted = select(Walk).where(Walk.person_id == person_id, Walk.ended_ms.is_(None))
    if device_id is not None:
        wanted = wanted.where(Walk.device_id == device_id)
    walks = list(session.scalars(wanted))
    for walk in walks:
        device = session.get_one(Device, walk.device_id, with_for_update=True)
        # The phone's clock may be off; its own start is what is known of it.
        off_ms = _ms(walk.started_at) - walk.started_ms
        ended_ms = max(_ms(at) - off_ms, walk.started_ms)
        _end(session, device, walk, ended_ms, max(at, walk.started_at), why)
        _derive(device, walk.started_ms, ended_ms, at)
    session.flush()
    return len(walks)


def going_on(session: Session, device: Device, *, at: datetime) -> Walk | None:
    """The walk that a phone has begun and that has not ended, by itself or otherwise."""
    community = session.get_one(Community, device.community_id)
    longest = timedelta(seconds=Rules.for_community(community.rules).longest_walk_s)
    newest = next(iter(_open(session, device.id)), None)
    return newest if newest is not None and newest.started_at + longest > at else None


def _open(session: Session, device_id: int) -> list[Walk]:
    """The walks of a phone without an end, the newest first."""
    wanted = select(Walk).where(Walk.device_id == device_id, Walk.ended_ms.is_(None))
    return list(session.scalars(wanted.order_by(Walk.started_ms.desc(), Walk.id.desc())))


def _end(session: Session, device: Device, walk: Walk, ended_ms: int, ended_at: datetime, why: WalkEnd) -> None:
    longest_ms = int(_rules(session, walk).longest_walk_s * 1000)
    if ended_ms - walk.started_ms > longest_ms:
        ended_ms, why = walk.started_ms + longest_ms, WalkEnd.LONGEST
        ended_at = walk.started_at + timedelta(milliseconds=longest_ms)
    if walk.ended_ms is None or ended_ms < walk.ended_ms:
        walk.ended_ms, walk.ended_by = ended_ms, why
        walk.ended_at = max(ended_at, walk.started_at)


def _rules(session: Session, walk: Walk) -> Rules:
    return Rules.for_community(session.get_one(Community, walk.community_id).rules)


def _locked(session: Session, phone: WalkPhone) -> Device:
    """The phone's row, which what it sends at this moment waits for."""
    return session.get_one(Device, phone.device_id, with_for_update=True, populate_existing=True)


def _derive(device: Device, first_ms: int, last_ms: int, now: datetime) -> None:
    """Have the patrols of a stretch of time derived again: its fixes may have come before its start."""
    before, after = device.stale_from_ms, device.stale_until_ms
    device.stale_from_ms = first_ms if before is None else min(first_ms, before)
    device.stale_until_ms = last_ms if after is None else max(last_ms, after)
    device.stale_since_ms = device.stale_since_ms or _ms(now)


def _ms(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
