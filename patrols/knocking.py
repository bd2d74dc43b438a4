"""How often somebody without a sign-in may do something: counted in the database, so for all processes together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.models import KnockCount

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT = 2 * DAY


@dataclass(frozen=True)
class Allowance:
    """How often something may be done within a window of time; windows begin at full hours or days (UTC)."""

    name: str
    most: int
    within: timedelta


AT_ONE_BOARD = (Allowance("report-here", 10, HOUR), Allowance("report-here-day", 30, DAY))
"""Of one address at one board: a family on one network that tells of everything it saw on its way home."""

AT_ALL_BOARDS = (Allowance("report", 60, HOUR),)
"""Of one address: hundreds of telephones share one at their carrier."""

OF_ONE_BOARD = (Allowance("board", 60, HOUR), Allowance("board-day", 300, DAY))
"""Of all addresses at one board: in a power cut every household of a tall building tells of it once."""

WRONG_CODES = (Allowance("wrong-code", 20, HOUR),)
"""Of one address: whoever mistypes a code does so three times, not twenty."""


def knock(session: Session, who: str, allowances: Sequence[Allowance], *, at: datetime) -> datetime | None:
    """Count one more; return when the next one is taken where it was too much, None where it was not.

    Commit it although what was asked for is refused.

    Parameters
    ----------
    who : str
        Whose count it is, at most 64 characters; never an address itself.
    """
    waits = [_window(one, at) + one.within for one in allowances if _add(session, one, who, at) > one.most]
    return max(waits, default=None)


def is_shut(session: Session, who: str, allowances: Sequence[Allowance], *, at: datetime) -> bool:
    """Whether one more would be too much, without counting one."""
    for one in allowances:
        wanted = select(KnockCount.count).where(
            KnockCount.name == f"{one.name}:{who}", KnockCount.begins_at == _window(one, at)
        )
        if (session.scalar(wanted) or 0) >= one.most:
            return True
    return False


def _window(allowance: Allowance, at: datetime) -> datetime:
    seconds = int(allowance.within.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def _add(session: Session, allowance: Allowance, who: str, at: datetime) -> int:
    name, begins = f"{allowance.name}:{who}", _window(allowance, at)
    same = (KnockCount.name == name, KnockCount.begins_at == begins)
    more = update(KnockCount).where(*same).values(count=KnockCount.count + 1)
    if not session.execute(more).rowcount:  # type: ignore[attr-defined]
        session.execute(delete(KnockCount).where(KnockCount.begins_at < at - KEPT))
        try:
            with session.begin_nested():
                session.add(KnockCount(name=name, begins_at=begins, count=1))
        except IntegrityError:
            # Another process counted the first one of this window at the same moment.
            session.execute(more)
    return session.scalar(select(KnockCount.count).where(*same).execution_options(populate_existing=True)) or 0
