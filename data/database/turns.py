"""One writer at a time, where what is written next depends on what was written last."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.models import Base


def take_turn(session: Session, model: type[Base]) -> None:
    """Wait until nobody else writes to a table, and let others wait until this session's transaction ends.

    Reading goes on. On SQLite any write takes the one write lock, also one that touches no row.
    """
    table = model.__table__.name  # type: ignore[attr-defined]
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f'LOCK TABLE "{table}" IN SHARE ROW EXCLUSIVE MODE'))
    else:
        session.execute(text(f'DELETE FROM "{table}" WHERE 0'))  # noqa: S608
