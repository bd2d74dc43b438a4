"""Conditions that rows are not looked up by."""

import make
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from data.database.row_by_row import row_by_row
from data.models import Grid


def test_a_condition_keeps_the_same_rows_either_way(session: Session) -> None:
    make.town(session)
    codes = session.scalars(select(Grid.code).order_by(Grid.code)).all()
    wanted = Grid.code.in_(codes[:2]) | (Grid.code > codes[4])

    found = session.scalars(select(Grid.code).where(row_by_row(wanted)).order_by(Grid.code)).all()

    assert found == session.scalars(select(Grid.code).where(wanted).order_by(Grid.code)).all()
    assert len(found) == 3
    assert session.scalars(select(Grid.code).where(~row_by_row(wanted))).all() != found


def test_sqlite_looks_nothing_up_by_such_a_condition_and_postgresql_is_asked_the_plain_one(session: Session) -> None:
    made = select(Grid.id).where(row_by_row(Grid.code == "1"))
    asked = str(made.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    if session.get_bind().dialect.name != "sqlite":
        assert "+" not in asked
        return

    plans = [
        session.execute(text(f"EXPLAIN QUERY PLAN {one}")).all()[0][-1]
        for one in (asked, "SELECT id FROM grid WHERE code = '1'")
    ]

    assert [plan.split()[0] for plan in plans] == ["SCAN", "SEARCH"]
