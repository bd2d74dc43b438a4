"""Knocks are counted by window, for all processes together, and forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import open_engine, open_session
from data.models import KnockCount
from patrols.knocking import DAY, HOUR, Allowance, is_shut, knock

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TWO = (Allowance("two", 2, HOUR),)


def test_the_third_of_two_waits_until_the_window_ends(session: Session) -> None:
    assert [knock(session, "a", TWO, at=AT) for _ in range(3)] == [None, None, AT.replace(hour=7, minute=0)]
    assert knock(session, "a", TWO, at=AT + timedelta(minutes=30)) is None


def test_others_do_not_wait(session: Session) -> None:
    for _ in range(3):
        knock(session, "a", TWO, at=AT)

    assert knock(session, "b", TWO, at=AT) is None
    assert knock(session, "a", (Allowance("else", 2, HOUR),), at=AT) is None


def test_of_two_windows_the_longer_wait_counts(session: Session) -> None:
    both = (Allowance("hour", 1, HOUR), Allowance("day", 1, DAY))

    assert knock(session, "a", both, at=AT) is None
    assert knock(session, "a", both, at=AT) == datetime(2026, 11, 23, tzinfo=UTC)


def test_looking_counts_nothing(session: Session) -> None:
    for _ in range(2):
        assert not is_shut(session, "a", TWO, at=AT)
        knock(session, "a", TWO, at=AT)

    assert is_shut(session, "a", TWO, at=AT)
    assert not is_shut(session, "a", TWO, at=AT + HOUR)


def test_counts_of_former_days_are_forgotten(session: Session) -> None:
    knock(session, "a", TWO, at=AT)
    knock(session, "b", TWO, at=AT + timedelta(days=3))

    assert session.scalars(select(KnockCount.name)).all() == ["two:b"]


def test_knocks_at_the_same_moment_are_all_counted(own_url: str) -> None:
    engine = open_engine(own_url)

    def come(_number: int) -> bool:
        with open_session(engine, writing=True) as session:
            wait = knock(session, "a", (Allowance("ten", 10, HOUR),), at=AT)
            session.commit()
            return wait is None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(24))) == 10
    with open_session(engine) as session:
        assert session.scalars(select(KnockCount.count)).all() == [24]
    engine.dispose()
