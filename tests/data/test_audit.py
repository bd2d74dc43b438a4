"""The audit: rows that are only added, sealed so that a change shows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.audit import FIRST_SEAL, find_broken_seal, seal, write
from data.database import open_engine, open_session
from data.models import AuditRow

AT = datetime(2026, 11, 22, 6, 30, 15, 123456, tzinfo=UTC)


def add_three(session: Session) -> list[AuditRow]:
    return [
        write(session, f"thing.{verb}", at=AT + timedelta(seconds=i), object_key="键", facts={"n": i, "was": None})
        for i, verb in enumerate(("seen", "changed", "left"))
    ]


def test_each_row_is_sealed_with_the_seal_before_it(session: Session) -> None:
    first, second, third = add_three(session)

    assert first.seal == seal(first, FIRST_SEAL)
    assert second.seal == seal(second, first.seal)
    assert third.seal == seal(third, second.seal)
    session.expire_all()
    assert find_broken_seal(session) is None


def test_a_changed_row_breaks_its_seal(session: Session) -> None:
    _first, second, _third = add_three(session)

    with session.no_autoflush:
        second.facts = {"n": 7}

        assert find_broken_seal(session) == second.id


def test_the_database_itself_refuses_to_change_or_remove_a_row(session: Session) -> None:
    add_three(session)
    for statement in ("UPDATE audit SET action = 'x'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))

    session.expire_all()
    assert len(session.scalars(select(AuditRow)).all()) == 3


def test_rows_of_many_writers_at_once_follow_one_another(own_url: str) -> None:
    engine = open_engine(own_url)

    def write_ten(writer: int) -> None:
        for i in range(10):
            with open_session(engine, writing=True) as session:
                write(session, "thing.done", at=AT, object_key=f"{writer}-{i}")
                session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_ten, range(4)))

    with open_session(engine) as session:
        assert len(session.scalars(select(AuditRow)).all()) == 40
        assert find_broken_seal(session) is None
    engine.dispose()


def test_keys_and_addresses_that_are_too_long_are_cut_instead_of_lost(session: Session) -> None:
    row = write(session, "sign_in.refused", at=AT, object_key="x" * 500, address="y" * 500)

    assert (len(row.object_key), len(row.address)) == (64, 64)
