"""The outbox: what somebody is told is written down with what caused it, and then sent until it has arrived.

Whatever goes out is a row of the same transaction as the step that causes it: either both are there or neither. A
sender leases a row, sends it without holding the database, and writes down how that went. A row whose sender died is
leased again when its lease is over. So none is lost, and one goes out twice only if its sender died between the
receiver's yes and our record of it; it then bears the same key, by which the receiver knows it again.

Notices to people (`patrols.notice_sendings`) and steps to platforms (`patrols.exchange.telling`) are two boxes of
this one mechanism. Where the order matters, a box says which rows stand in one queue: of those only the earliest that
has neither arrived nor been given up has its turn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from data.models import Outgoing

LEASE = timedelta(minutes=2)
"""How long one try may take; longer than any server is waited for."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=3)
"""What nobody could be given for three days is out of date; the manager is shown that it was given up."""

AT_ONCE = 20


@dataclass(frozen=True)
class Letter:
    """What every sender needs of one row: which it is, its key, and since when it waits."""

    row_id: int
    key: str
    at: datetime


L = TypeVar("L", bound=Letter)


@dataclass(frozen=True)
class Box(Generic[L]):
    """One table of things that go out, and its rules.

    Parameters
    ----------
    rows : type
        The table.
    letters : callable
        Gives what is sent for the rows of some numbers, in any order.
    receiver : str
        The column that says whose door it is.
    ended : select
        The receivers that are told nothing any more; what waits for one is given up, with `ended_why`.
    queue, place : sequence of str, str
        Rows that are alike in the columns of `queue` go out one after the other by `place`; empty: in any order.
    once_there : mapping
        What a row holds no longer when it has arrived.
    """

    rows: type[Outgoing]
    letters: Callable[[Session, Sequence[int]], Sequence[L]]
    receiver: str
    ended: Select[Any]
    ended_why: str
    queue: Sequence[str] = ()
    place: str = ""
    once_there: Mapping[str, Any] = field(default_factory=dict)


def lease(session: Session, box: Box[L], *, at: datetime, most: int = AT_ONCE) -> list[L]:
    """Take what has its turn, the longest waiting first; nobody else takes it for `LEASE`.

    Commit before sending.
    """
    give_up_ended(session, box, at=at)
    row = box.rows
    ready = and_(
        row.next_try_at <= at,
        row.sent_at.is_(None),
        row.given_up_at.is_(None),
        or_(row.leased_until.is_(None), row.leased_until <= at),
    )
    turn = select(row.id).where(ready, *_nobody_before(box)).order_by(row.next_try_at, row.id).limit(most)
    keys = list(session.scalars(turn.with_for_update(skip_locked=True, of=row)))
    if not keys:
        return []
    session.execute(update(row).where(row.id.in_(keys), ready).values(leased_until=at + LEASE))
    return sorted(box.letters(session, keys), key=lambda letter: keys.index(letter.row_id))


def _nobody_before(box: Box[L]) -> list[ColumnElement[bool]]:
    """That no earlier row of the same queue is still on its way."""
    if not box.place:
        return []
    earlier = aliased(box.rows)
    alike = [getattr(earlier, column) == getattr(box.rows, column) for column in box.queue]
    before = getattr(earlier, box.place) < getattr(box.rows, box.place)
    return [~exists().where(*alike, before, earlier.sent_at.is_(None), earlier.given_up_at.is_(None))]


def arrived(session: Session, box: Box[L], row_id: int, *, at: datetime) -> None:
    """Write down that the receiver said yes."""
    row = session.get_one(box.rows, row_id)
    row.sent_at, row.leased_until, row.next_try_at, row.tries, row.error = at, None, None, row.tries + 1, ""
    row.given_up_at = None
    for column, value in box.once_there.items():
        setattr(row, column, value)
    session.flush()


def failed(session: Session, box: Box[L], letter: Letter, why: str, *, at: datetime, for_good: bool = False) -> None:
    """Write down that it did not arrive, and try again later: twice as long after each time.

    Whatever else waits for the same receiver waits a first pause too: a thousand things do not knock one after the
    other at a door that nobody opens, while others wait for theirs; nor does one that always fails keep the rest back.

    Parameters
    ----------
    for_good : bool
        The receiver said that it will never take it: it is not tried again.
    """
    row = session.get_one(box.rows, letter.row_id)
    row.tries, row.leased_until, row.error = row.tries + 1, None, why[:255]
    row.next_try_at = None if for_good or row.given_up_at is not None else next_try(row.tries, letter.at, at=at)
    row.given_up_at = at if row.next_try_at is None else None
    session.flush()
    if not for_good:
        others = (getattr(box.rows, box.receiver) == getattr(row, box.receiver)) & (box.rows.id != row.id)
        later = update(box.rows).where(others, box.rows.next_try_at < at + FIRST_PAUSE)
        session.execute(later.values(next_try_at=at + FIRST_PAUSE))


def next_try(tries: int, begun: datetime, *, at: datetime) -> datetime | None:
    """When something that did not arrive is tried again, after so many tries since it was begun; None: no more."""
    if at - begun >= GIVE_UP_AFTER:
        return None
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 12))
    return at + pause


def give_up_ended(session: Session, box: Box[L], *, at: datetime) -> None:
    """Give up whatever waits for receivers that are told nothing any more."""
    row = box.rows
    waits = and_(row.sent_at.is_(None), row.given_up_at.is_(None), getattr(row, box.receiver).in_(box.ended))
    session.execute(update(row).where(waits).values(given_up_at=at, next_try_at=None, error=box.ended_why))
    session.flush()
