"""What was overdue at the end of the period, whose it was, and since when."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pandas as pd

from geo.errors import N_
from patrols.days import local_day
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Cell, Column, Kind, Row, Said, Section, Table

MOST_LISTED = 50
"""The oldest so many are listed one by one: what a meeting gets through; the tables above count them all."""

AGES = (1, 3, 7, 30)
"""Overdue for less than so many days, each step about two or three times the one before."""

MEANT = Said(N_("Overdue: past when it was due, and neither closed nor parked, declined or voided."))


def section(asked: Asked) -> Section:
    """Overdue incidents by office, and the oldest one by one."""
    late = asked.counted.table[asked.counted.marks["overdue"]].copy()
    late["days"] = [_days(asked, due) for due in late["due_at"]]
    tables = (_by_office(asked, late), _listed(asked, late)) if len(late) else ()
    return Section("overdue", Said(N_("Overdue, and whose")), _sentences(late), tables)


def _days(asked: Asked, due: datetime) -> int:
    return (asked.last_day - local_day(asked.community, due)).days


def _sentences(late: pd.DataFrame) -> tuple[Said, ...]:
    if late.empty:
        return (Said(N_("Nothing was overdue at the end.")),)
    facts = {"count": len(late), "days": max(late["days"].tolist())}
    return (Said(N_("%(count)s were overdue at the end, the oldest for %(days)s days."), facts),)


def _by_office(asked: Asked, late: pd.DataFrame) -> Table:
    """How many each office had that were overdue, by how long."""
    ages = pd.cut(late["days"], [-1, *(days - 1 for days in AGES), 10**6], labels=False).to_numpy()
    offices = late["organisation_id"].fillna(0).astype(int)
    counts = pd.crosstab(offices, ages).reindex(columns=range(len(AGES) + 1), fill_value=0)
    by_age: dict[int, list[int]] = dict(zip(counts.index.tolist(), counts.to_numpy().tolist(), strict=True))
    order = sorted(by_age, key=lambda key: (-sum(by_age[key]), key == 0, key))
    columns = (
        Column("office", Said(N_("Office")), Kind.TEXT),
        Column("overdue", counting.OVERDUE, Kind.COUNT, summed=True),
        *(Column(f"age_{place}", name, Kind.COUNT, summed=True) for place, name in enumerate(_age_names())),
        Column("oldest", Said(N_("The oldest, days")), Kind.COUNT),
    )
    rows: list[Row] = []
    for key in order:
        row = by_age[key]
        oldest = max(late.loc[offices == key, "days"].tolist())
        rows.append((asked.office(key or None), sum(row), *row, oldest))
    return Table(
        *("offices", Said(N_("Whose it is")), columns, tuple(rows), counting.of(asked), (MEANT,)),
        total=counting.added(columns, rows),
    )


def _age_names() -> list[Said]:
    between = [
        Said(N_("%(least)s to %(most)s days"), {"least": least, "most": most - 1}) for least, most in pairwise(AGES)
    ]
    return [
        Said(N_("Due on the last day")),
        *between,
        Said(N_("%(least)s days and more"), {"least": AGES[-1]}),
    ]


def _listed(asked: Asked, late: pd.DataFrame) -> Table:
    """The oldest ones, without anybody's name, place or words."""
    shown = late.sort_values(["due_at", "number"]).head(MOST_LISTED)
    columns = (
        Column("number", Said(N_("Incident number")), Kind.CODE),
        Column("category", Said(N_("Category")), Kind.TEXT),
        Column("grid_code", Said(N_("Grid")), Kind.CODE),
        Column("name", Said(N_("Grid name")), Kind.TEXT),
        Column("office", Said(N_("Office")), Kind.TEXT),
        Column("stage", Said(N_("Stage")), Kind.TEXT),
        Column("due_at", Said(N_("Due")), Kind.MOMENT),
        Column("days", Said(N_("Days overdue")), Kind.COUNT),
    )
    due = asked.local(shown["due_at"])
    found: list[dict[Any, Any]] = shown.to_dict("records")
    rows = tuple(
        (
            *(row["number"], _category(asked, row["category_id"]), row["grid_code"], asked.grid_name(row["grid_code"])),
            *(asked.office(row["organisation_id"]), row["stage"], moment.to_pydatetime(), row["days"]),
        )
        for row, moment in zip(found, due, strict=True)
    )
    notes = () if len(late) <= MOST_LISTED else (Said(N_("Of %(count)s, the oldest %(most)s."), _of(late)),)
    title = Said(N_("The oldest"))
    formula = Said(N_("days overdue = days from the day it was due to the last day"))
    return Table("listed", title, columns, rows, counting.of(asked), (MEANT, formula), None, notes)


def _of(late: pd.DataFrame) -> dict[str, Cell]:
    return {"count": len(late), "most": MOST_LISTED}


def _category(asked: Asked, key: Any) -> Cell:
    """Of what is nobody else's business the sheet only says that it is."""
    row = None if pd.isna(key) else asked.categories.get(int(key))
    return Said(N_("a sensitive category")) if row is not None and row.sensitive else asked.category(key)
