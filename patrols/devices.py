"""Phones of a community: enrolled by hand or by their first message, accepted by a person, revoked."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from data import fix_store
from data.errors import NotFound
from data.models import Community, Device, DeviceStage, Person, PhoneFix, Team
from geo.datum import DEGREES
from geo.errors import N_
from patrols.errors import OutOfScope, PatrolError
from patrols.scope import Scope

TOKEN_MARK = "gp-"  # noqa: S105 - what every token begins with, no secret
"""What every token begins with, so that one is known wherever an app has room for it."""

PENDING_DAYS = 30
"""How long a phone may wait for somebody to accept it."""

SPEED_UNITS = {"": 0.0, "m/s": 1.0, "km/h": 1 / 3.6, "kn": 1852 / 3600, "mph": 1609.344 / 3600}
"""Units a phone may speak in, in metres a second; the empty one: as its app is known to."""


class DeviceRefused(PatrolError):
    """A phone cannot be changed like this."""


def new_token() -> str:
    """A token that nobody guesses: 128 random bits, fit for an address."""
    return TOKEN_MARK + secrets.token_urlsafe(16)


def hash_token(token: str) -> str:
    """What is kept of a token. It is random through and through, so that a plain hash cannot be turned back.

    Examples
    --------
    >>> len(hash_token("gp-example"))
    64
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def add(
    session: Session,
    community: Community,
    *,
    at: datetime,
    label: str = "",
    person: Person | None = None,
    team: Team | None = None,
    datum: str = "wgs84",
    speed_unit: str = "",
) -> tuple[Device, str]:
    """Enrol a phone whose fixes count from the first on.

    Returns
    -------
    tuple
        The phone, and its token, which is shown once and kept nowhere.

    Raises
    ------
    DeviceRefused
        The datum is not one of degrees, or the unit of speed is unknown.
    """
    token = new_token()
    device = Device(
        stage=DeviceStage.ACCEPTED, token_hash=hash_token(token), enrolled_at=at, decided_at=at, label=label
    )
    set_up(device, community, person=person, team=team, datum=datum, speed_unit=speed_unit)
    session.add(device)
    session.flush()
    return device, token


def set_up(
    device: Device,
    community: Community,
    *,
    person: Person | None = None,
    team: Team | None = None,
    datum: str | None = None,
    speed_unit: str | None = None,
    label: str | None = None,
) -> None:
    """Say whose phone it is and how it counts; what is None stays. Its patrols are derived again where that matters.

    Raises
    ------
    DeviceRefused
        The datum is not one of degrees, the unit of speed is unknown, or the person or team is another community's.
    """
    for one in (person, team):
        if one is not None and one.community_id != community.id:
            raise DeviceRefused(
                N_("%(name)s does not belong to %(community)s."), name=one.name, community=community.name
            )
    if datum is not None and datum not in DEGREES:
        raise DeviceRefused(N_("A phone's datum is one of: %(known)s."), known=", ".join(DEGREES))
    if speed_unit is not None and speed_unit not in SPEED_UNITS:
        raise DeviceRefused(
            N_("A phone's unit of speed is one of: %(known)s."), known=", ".join(filter(None, SPEED_UNITS))
        )
    device.community = community
    device.community_id = community.id
    device.person = person or device.person
    device.team = team or device.team
    device.datum = device.datum if datum is None else datum
    device.datum = device.datum or "wgs84"
    device.speed_unit = (device.speed_unit or "") if speed_unit is None else speed_unit
    device.label = (device.label or "") if label is None else label


def accept(session: Session, device: Device, community: Community, *, at: datetime, **wanted: Any) -> None:
    """Let a phone's fixes count, those it sent while it waited included; also one that was revoked by mistake.

    Parameters
    ----------
    wanted
        As `set_up` takes them.

    Raises
    ------
    DeviceRefused
        As `set_up`.
    """
    set_up(device, community, **wanted)
    device.stage, device.decided_at = DeviceStage.ACCEPTED, at
    derive_again(session, device, at=at)


def revoke(device: Device, *, at: datetime) -> None:
    """Take no more fixes of a phone. The patrols made of what it sent before stay."""
    device.stage, device.decided_at = DeviceStage.REVOKED, at


def renew_token(device: Device) -> str:
    """Give a phone another token; the one it had stops working. The new one is returned and kept nowhere."""
    token = new_token()
    device.token_hash = hash_token(token)
    return token


def forget_strangers(session: Session, *, at: datetime) -> int:
    """Forget the phones that nobody accepted within `PENDING_DAYS`, with all they sent; return how many."""
    late = Device.enrolled_at < at - timedelta(days=PENDING_DAYS)
    strangers = session.scalars(select(Device).where(Device.stage == DeviceStage.PENDING, late)).all()
    for device in strangers:
        fix_store.forget(session, device.id, before_ms=fix_store.NEVER_MS)
        session.delete(device)
    session.flush()
    return len(strangers)


def derive_again(session: Session, device: Device, *, at: datetime, since: datetime | None = None) -> None:
    """Have the patrols of a phone derived again, all or those since a moment: what its fixes mean has changed."""
    session.flush()
    times = select(func.min(PhoneFix.at_ms), func.max(PhoneFix.at_ms)).where(PhoneFix.device_id == device.id)
    if since is not None:
        times = times.where(PhoneFix.at_ms >= int(since.timestamp() * 1000))
    first, last = session.execute(times).one()
    if first is not None:
        device.stale_from_ms = first if device.stale_from_ms is None else min(first, device.stale_from_ms)
        device.stale_until_ms = last if device.stale_until_ms is None else max(last, device.stale_until_ms)
        device.stale_since_ms = device.stale_since_ms or int(at.timestamp() * 1000)


def listing(session: Session, scope: Scope | None = None, *, stages: Iterable[DeviceStage] = ()) -> list[Device]:
    """Phones, those that wait first, then the one heard last first.

    Parameters
    ----------
    scope : Scope, optional
        Leaves out phones of communities that may not be seen; a phone that waits belongs to none yet and is shown.
    """
    wanted = select(Device).options(joinedload(Device.person), joinedload(Device.team), joinedload(Device.community))
    if stages := tuple(stages):
        wanted = wanted.where(Device.stage.in_(stages))
    if scope is not None and scope.communities is not None:
        wanted = wanted.where(or_(Device.community_id.is_(None), Device.community_id.in_(scope.communities)))
    found = session.scalars(wanted.order_by(Device.heard_ms.desc(), Device.id.desc())).all()
    return sorted(found, key=lambda device: device.stage is not DeviceStage.PENDING)


def heard_at(device: Device) -> datetime | None:
    """When a phone was last heard."""
    return None if device.heard_ms is None else datetime.fromtimestamp(device.heard_ms / 1000, UTC)


def teams(session: Session, community: Community) -> list[Team]:
    """A community's teams, by name."""
    return list(session.scalars(select(Team).where(Team.community_id == community.id).order_by(Team.name)))


def team_named(session: Session, community: Community, name: str) -> Team:
    """The team of that name.

    Raises
    ------
    NotFound
    """
    found = session.scalars(select(Team).where(Team.community_id == community.id, Team.name == name)).one_or_none()
    if found is None:
        raise NotFound(N_("%(community)s has no team %(name)s."), community=community.name, name=name)
    return found


def find(session: Session, number: int, scope: Scope | None = None) -> Device:
    """A phone by its number.

    Raises
    ------
    NotFound, OutOfScope
    """
    device = session.get(Device, number)
    if device is None:
        raise NotFound(N_("There is no phone %(number)s."), number=number)
    if scope is not None and device.community_id is not None and not scope.allows(device.community_id):
        raise OutOfScope(N_("Phone %(number)s belongs to a community you do not answer for."), number=number)
    return device
