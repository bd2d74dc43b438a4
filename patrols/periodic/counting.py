"""Incidents of a period counted by category, by who found them, by grid, and by day."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from data.models import IncidentSource, Stage
from geo.errors import N_
from patrols.histories import REFUSED
from patrols.moves import OPEN_STAGES
from patrols.periodic.asked import Asked
from patrols.periodic.cells import (
    Cell,
    Chart,
    ChartKind,
    Column,
    GridMap,
    Kind,
    Row,
    Said,
    Section,
    Series,
    Table,
)
from patrols.periods import Period, PeriodKind
from patrols.rates import Rate

SHOWN_IN_CHART = 12
"""Bars of a chart that can be told apart on a printed page; the table has them all."""

PER_HOUSEHOLDS = 100

OF = N_("Incidents of %(community)s from %(since)s to %(until)s, as they stood at the end of %(until)s.")
FILED = Said(N_("Sent up"))
VALID = Said(N_("Valid"))
CLOSED = Said(N_("Closed"))
OPEN = Said(N_("Open at the end"))
OVERDUE = Said(N_("Overdue at the end"))
TOTAL = Said(N_("Total"))

COUNTED = ("filed", "valid", "closed", "open", "overdue")
COUNT_COLUMNS = tuple(
    Column(key, name, Kind.COUNT, summed=True)
    for key, name in zip(COUNTED, (FILED, VALID, CLOSED, OPEN, OVERDUE), strict=True)
)
MEANT = (
    Said(N_("Sent up: first reported in the period. Valid: of these, neither declined nor voided at its end.")),
    Said(N_("Closed: closed in the period and not opened again by its end, whenever it was sent up.")),
    Said(N_("Open and overdue: at the end of the period, whenever it was sent up; what is parked is never overdue.")),
)


def section(asked: Asked) -> Section:
    """What came in, by stage, category, source and grid, and when."""
    tables, charts = [_flow(asked), _stages(asked)], []
    parts = list(asked.period.parts())
    if len(parts) > 1:
        by_time = _by_time(asked, parts)
        tables.append(by_time)
        charts.append(_over_time(by_time))
    categories = _categories(asked)
    tables += [categories, _sources(asked), _grids(asked)]
    if categories.rows:
        charts.append(_bars(categories))
    return Section(
        "incidents",
        Said(N_("Incidents")),
        _sentences(categories),
        tuple(tables),
        tuple(charts),
        _maps(asked, tables[-1]),
    )


def of(asked: Asked) -> Said:
    """What the tables of incidents are of."""
    facts: dict[str, Cell] = {
        "community": asked.community.name,
        "since": asked.period.first,
        "until": asked.last_day,
    }
    return Said(OF, facts)


def sums(marked: pd.DataFrame, by: "pd.Series[Any]", keys: Sequence[str]) -> dict[Any, list[int]]:
    """How many incidents count for each mark, by what stands in `by`; what has nothing in it is under None."""
    counts = marked[list(keys)].groupby(by.to_numpy(dtype=object), dropna=False, sort=False).sum().astype(int)
    rows = zip(counts.index.tolist(), counts.to_numpy().tolist(), strict=True)
    return {None if pd.isna(key) else key: row for key, row in rows}


def added(columns: Sequence[Column], rows: Sequence[Row]) -> Row:
    """The last row of a table: the sums of those columns that add up."""
    total: list[Cell] = [TOTAL]
    for place, column in enumerate(columns[1:], start=1):
        total.append(_sum(rows, place) if column.summed else None)
    return tuple(total)


def _sum(rows: Sequence[Row], place: int) -> int | float:
    return sum(cell for row in rows if isinstance(cell := row[place], int | float))


def _flow(asked: Asked) -> Table:
    """What was open when the period began, what came, and what became of it; the two sides are equal."""
    table, marked = asked.counted.table, asked.counted.marks
    open_before = table["stage_before"].isin(OPEN_STAGES)
    done_before = table["stage_before"].notna() & ~open_before
    again = done_before & ((table["reopened"] > 0) | marked["open"])
    came = open_before | marked["filed"] | again
    refused = came & table["stage"].isin(REFUSED)
    closed = came & (table["stage"] == Stage.CLOSED)
    rows = (
        (Said(N_("Open when the period began")), int(open_before.sum())),
        (Said(N_("Sent up in the period")), int(marked["filed"].sum())),
        (Said(N_("Opened again in the period")), int(again.sum())),
        (Said(N_("Of these: closed at the end")), int(closed.sum())),
        (Said(N_("Of these: declined or voided at the end")), int(refused.sum())),
        (Said(N_("Of these: open at the end")), int((came & marked["open"]).sum())),
    )
    return Table(
        key="flow",
        title=Said(N_("What came and what was left")),
        columns=(Column("what", Said(N_("Incidents")), Kind.TEXT), Column("count", Said(N_("Number")), Kind.COUNT)),
        rows=rows,
        of=of(asked),
        formulas=(
            Said(N_("open at the beginning + sent up + opened again = closed + declined or voided + open at the end")),
        ),
    )


def _stages(asked: Asked) -> Table:
    """Where what was sent up stands, and where all that is open stands."""
    table, marked = asked.counted.table, asked.counted.marks
    filed = table.loc[marked["filed"], "stage"].value_counts()
    waiting = table.loc[marked["open"], "stage"].value_counts()
    columns = (
        Column("stage", Said(N_("Stage")), Kind.TEXT),
        Column("filed", FILED, Kind.COUNT, summed=True),
        Column("open", OPEN, Kind.COUNT, summed=True),
    )
    rows: list[Row] = [
        (stage, int(filed.get(stage, 0)), int(waiting.get(stage, 0)) if stage in OPEN_STAGES else None)
        for stage in Stage
    ]
    return Table("stages", Said(N_("By stage")), columns, tuple(rows), of(asked), MEANT[:1], added(columns, rows))


def _by_time(asked: Asked, parts: Sequence[Period]) -> Table:
    """What was sent up, and what was closed, in each part of the period."""
    table, marked = asked.counted.table, asked.counted.marks
    begins = pd.DatetimeIndex([part.begins_at(asked.community) for part in parts]).tz_convert("UTC")
    counts = {
        key: _per_part(table.loc[marked[key], moment], begins)
        for key, moment in (("filed", "reported_at"), ("closed", "closed_at"))
    }
    columns = (
        Column("when", WHEN[asked.period.kind], Kind.TEXT),
        Column("filed", FILED, Kind.COUNT, summed=True),
        Column("closed", CLOSED, Kind.COUNT, summed=True),
    )
    told = [part for part in parts if part.begins_at(asked.community) < asked.span.until]
    rows: list[Row] = [
        (label(part, asked.period.kind), counts["filed"][place], counts["closed"][place])
        for place, part in enumerate(told)
    ]
    return Table("by_time", Said(N_("Over time")), columns, tuple(rows), of(asked), MEANT[:2], added(columns, rows))


WHEN = {
    PeriodKind.DAY: Said(N_("Day")),
    PeriodKind.WEEK: Said(N_("Day")),
    PeriodKind.MONTH: Said(N_("Day")),
    PeriodKind.QUARTER: Said(N_("Week")),
    PeriodKind.YEAR: Said(N_("Month")),
}
"""What the parts of a period are called."""


def label(part: Period, kind: PeriodKind) -> Cell:
    """What a part of a period is called: a day by its date, a week by its first and last day, a month 2026-10."""
    if kind is PeriodKind.YEAR:
        return f"{part.first:%Y-%m}"
    if kind is PeriodKind.QUARTER and part.days > 1:
        return f"{part.first:%m-%d}–{part.last:%m-%d}"
    return part.first


def _per_part(moments: "pd.Series[Any]", begins: pd.DatetimeIndex) -> list[int]:
    place = begins.searchsorted(pd.DatetimeIndex(moments), side="right") - 1
    counts = pd.Series(place).value_counts()
    return [int(counts.get(number, 0)) for number in range(len(begins))]


def _categories(asked: Asked) -> Table:
    counts = sums(asked.counted.marks, asked.counted.table["category_id"], COUNTED)
    counts = {key: row for key, row in counts.items() if any(row)}
    order = sorted(counts, key=lambda key: (-counts[key][0], -counts[key][3], key is None, key))
    all_filed = sum(row[0] for row in counts.values())
    columns = (
        Column("category", Said(N_("Category")), Kind.TEXT),
        *COUNT_COLUMNS,
        Column("share", Said(N_("Share of what was sent up")), Kind.RATE),
    )
    rows: list[Row] = [(asked.category(key), *counts[key], Rate(counts[key][0], all_filed)) for key in order]
    return Table("categories", Said(N_("By category")), columns, tuple(rows), of(asked), MEANT, added(columns, rows))


def _sources(asked: Asked) -> Table:
    counts = sums(asked.counted.marks, asked.counted.table["source"], COUNTED)
    columns = (Column("source", Said(N_("Found by")), Kind.TEXT), *COUNT_COLUMNS)
    rows: list[Row] = [(source, *counts[source]) for source in IncidentSource if source in counts]
    return Table("sources", Said(N_("By who found it")), columns, tuple(rows), of(asked), MEANT, added(columns, rows))


def _grids(asked: Asked) -> Table:
    """A row for each grid in force at the end, for those that were then no longer, and for what lies in none."""
    counts = sums(asked.counted.marks, asked.counted.table["grid_code"], COUNTED)
    codes = asked.with_gone(counts)
    columns = (
        Column("grid_code", Said(N_("Grid")), Kind.CODE),
        Column("name", Said(N_("Grid name")), Kind.TEXT),
        Column("households", Said(N_("Households")), Kind.COUNT, summed=True),
        *COUNT_COLUMNS,
        Column("per_100", Said(N_("Sent up per 100 households")), Kind.AMOUNT),
    )
    rows: list[Row] = []
    for code in codes:
        row, households = counts.get(code, [0] * len(COUNTED)), asked.households.get(code or "")
        per_100 = row[0] * PER_HOUSEHOLDS / households if households else None
        rows.append((code, asked.grid_name(code), households, *row, per_100))
    formula = Said(N_("per 100 households = sent up × 100 / households of the grid's buildings"))
    return Table(
        *("grids", Said(N_("By grid")), columns, tuple(rows), of(asked), (*MEANT, formula)),
        total=_with_share(added(columns, rows)),
        notes=asked.notes_on_grids(codes),
    )


def _with_share(total: Row) -> Row:
    """The last row of the table of grids with what was sent up per 100 households of all."""
    households, filed = total[2], total[3]
    if not isinstance(households, int) or not isinstance(filed, int) or not households:
        return total
    return (*total[:-1], filed * PER_HOUSEHOLDS / households)


def _over_time(table: Table) -> Chart:
    return Chart(
        key="over_time",
        title=Said(N_("Sent up and closed over time")),
        kind=ChartKind.LINES if len(table.rows) > SHOWN_IN_CHART else ChartKind.BARS,
        table=table.key,
        labels=tuple(table.column("when")),
        series=tuple(Series(name, floats(table.column(key))) for key, name in (("filed", FILED), ("closed", CLOSED))),
    )


def _bars(table: Table) -> Chart:
    return Chart(
        key="categories",
        title=Said(N_("The most frequent categories")),
        kind=ChartKind.BARS,
        table=table.key,
        labels=tuple(table.column("category")[:SHOWN_IN_CHART]),
        series=tuple(
            Series(name, floats(table.column(key)[:SHOWN_IN_CHART])) for key, name in (("filed", FILED), ("open", OPEN))
        ),
    )


def _sentences(categories: Table) -> tuple[Said, ...]:
    """What came most often."""
    most = [row for row in categories.rows[:3] if row[1]]
    return tuple(
        Said(N_("%(rank)s. %(category)s: %(filed)s sent up, %(open)s open at the end."), facts)
        for facts in (
            {"rank": rank, "category": row[0], "filed": row[1], "open": row[4]}
            for rank, row in enumerate(most, start=1)
        )
    )


def _maps(asked: Asked, table: Table) -> tuple[GridMap, ...]:
    if asked.edition is None:
        return ()
    values = map_values(asked, table, "filed")
    return (GridMap("filed", Said(N_("Incidents sent up, by grid")), table.key, "filed", asked.edition.id, values),)


def map_values(asked: Asked, table: Table, column: str) -> dict[str, float | None]:
    """A column of a table of grids, by code, for the grids that can be drawn."""
    values = dict(zip(table.column("grid_code"), floats(table.column(column)), strict=True))
    return {code: values[code] for code in asked.households}


def floats(cells: Sequence[Cell]) -> tuple[float | None, ...]:
    """Cells as a chart or a map takes them: shares as numbers between 0 and 1, None for what is no number."""
    plain = [cell.share if isinstance(cell, Rate) else cell for cell in cells]
    return tuple(float(cell) if isinstance(cell, int | float) else None for cell in plain)
