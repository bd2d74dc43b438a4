"""The ways by which people are told outside of the website: mail addresses and groups' robots."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import Community, NoticeWay, Person, WayKind
from geo.errors import N_
from patrols import notice_sendings, outbox
from patrols.errors import BadRule


def ways(session: Session, community: Community) -> list[tuple[NoticeWay, Person | None]]:
    """The ways in use in a community, by person."""
    rows = session.execute(
        select(NoticeWay, Person)
        .outerjoin(Person, Person.id == NoticeWay.person_id)
        .where(NoticeWay.community_id == community.id, NoticeWay.ended_at.is_(None))
        .order_by(Person.number, NoticeWay.id)
    )
    return [(row[0], row[1]) for row in rows]


def add(
    session: Session,
    community: Community,
    person: Person,
    kind: WayKind,
    address: str,
    *,
    secret: str = "",
    language: str = "zh",
) -> NoticeWay:
    """Tell a person by this way too from now on; what was told before is not sent again.

    Parameters
    ----------
    address : str
        A mail address, or an address that begins with http:// or https://.
    secret : str
        Signs what is sent to a robot or webhook, so that its owner knows it is ours.

    Raises
    ------
    BadRule
        If the person is of another community, or the address cannot be one of that kind.
    Conflict
        If the person is told by it already.
    """
    if person.community_id != community.id:
        raise BadRule(
            N_("%(person)s is not on the roster of %(community)s."), person=person.name, community=community.name
        )
    _check_address(kind, address)
    taken = select(NoticeWay).where(
        NoticeWay.person_id == person.id, NoticeWay.address == address, NoticeWay.ended_at.is_(None)
    )
    if session.scalars(taken).first() is not None:
        raise Conflict(N_("%(person)s is told by this way already."), person=person.name)
    row = NoticeWay(
        community_id=community.id, person_id=person.id, kind=kind, address=address, secret=secret, language=language
    )
    session.add(row)
    session.flush()
    return row


def end(session: Session, community: Community, number: int, *, at: datetime) -> None:
    """Use a way no more; what waits to be sent by it is given up.

    Raises
    ------
    NotFound
        If the community has no such way.
    """
    row = session.get(NoticeWay, number)
    if row is None or row.community_id != community.id or row.ended_at is not None:
        raise NotFound(N_("There is no way %(number)s."), number=number)
    row.ended_at, row.secret = at, ""
    session.flush()
    outbox.give_up_ended(session, notice_sendings.BOX, at=at)


def covered(way: NoticeWay) -> str:
    """An address as lists show it: whoever reads over a shoulder cannot use it.

    Examples
    --------
    >>> covered(NoticeWay(kind=WayKind.MAIL, address="wang.xiuying@example.org"))
    'w…@example.org'
    >>> covered(NoticeWay(kind=WayKind.WECOM, address="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"))
    'qyapi.weixin.qq.com/…'
    """
    if way.kind is WayKind.MAIL:
        name, _at, host = way.address.rpartition("@")
        return f"{name[:1]}…@{host}"
    return f"{urlsplit(way.address).hostname}/…"


def _check_address(kind: WayKind, address: str) -> None:
    if kind is WayKind.MAIL:
        name, _at, host = address.rpartition("@")
        good = bool(name) and "." in host and not any(sign.isspace() or sign in ",;<>" for sign in address)
    else:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    if not good:
        raise BadRule(N_("%(address)s is no address for this way."), address=address)
