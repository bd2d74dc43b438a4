"""Tables whose rows are only ever added: the program refuses to change them before the database has to."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import object_session

from data.errors import DataError
from data.models import Base
from geo.errors import N_


class RowsOnlyAdded(DataError):
    """Somebody wants to change or delete a row that is there for good."""


def guard(*models: type[Base]) -> None:
    """Refuse, from now on, to change or delete rows of these models through a session.

    Statements that name a table instead of rows go past this; the triggers of the migrations catch them.
    """
    for model in models:
        event.listen(model, "before_update", _refuse_change)
        event.listen(model, "before_delete", _refuse)


def _refuse_change(mapper: Any, connection: Any, row: Base) -> None:
    # A session asks about every row that somebody touched, also where nothing is different in the end.
    session = object_session(row)
    if session is None or session.is_modified(row, include_collections=False):
        _refuse(mapper, connection, row)


def _refuse(_mapper: Any, _connection: Any, row: Base) -> None:
    raise RowsOnlyAdded(
        N_("Rows of %(table)s are only ever added. What is wrong is taken back by a further row."),
        table=str(row.__table__.name),  # type: ignore[attr-defined]
    )
