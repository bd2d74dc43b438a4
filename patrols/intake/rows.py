"""Rows on their way into the database, many at once."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from data.models import Base


def write_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows in one statement, all with the same columns.

    Through the table, not the mapped class: the latter leaves empty cells out, and so makes a statement of its own of
    every row whose empty cells differ from those of the row before.
    """
    if rows:
        session.execute(insert(cast(Table, model.__table__)), rows)


def plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of a frame as the database takes it: None for what is missing, plain Python numbers and moments."""
    return {str(key): _plain_value(value) for key, value in row.items()}


def _plain_value(value: Any) -> Any:
    if value is None or isinstance(value, (str, dict)):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value
