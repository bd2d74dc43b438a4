"""What a cell names: a person by number, an office by name."""

from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.models import Community
from geo.errors import N_
from patrols.intake.sheet import Sheet


def ids_of(
    session: Session, sheet: Sheet, column: str, key: InstrumentedAttribute[str], community: Community
) -> "pd.Series[Any]":
    """Ids of the rows that a column names by `key`, in one query; None where empty, refused where unknown."""
    cells = sheet.text(column, longest=128)
    if (cells == "").all():
        return pd.Series([None] * len(cells), index=cells.index, dtype=object)
    model: Any = key.class_
    known: dict[str, int] = dict(session.execute(select(key, model.id).where(model.community_id == community.id)).all())
    found: list[Any] = [known.get(text) for text in cells]
    ids = pd.Series(found, index=cells.index, dtype=object)
    sheet.refuse(
        (cells != "") & ids.isna(),
        N_("The community has nobody and no office called %(value)s."),
        column=column,
        value=lambda position: cells.iloc[position],
    )
    return ids
