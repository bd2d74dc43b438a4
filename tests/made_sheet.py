"""A sheet of figures made up for tests: every kind of cell, what a spreadsheet would take for something else, a map."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from data.models import Community, GridEdition, Stage
from patrols.periodic import (
    Amount,
    Change,
    ChangeUnit,
    Chart,
    ChartKind,
    Column,
    GridMap,
    Kind,
    Named,
    Period,
    PeriodKind,
    Said,
    Section,
    Series,
    Sheet,
    Table,
)
from patrols.rates import Rate

LOCAL = ZoneInfo("Asia/Shanghai")
HOSTILE = "=1+1 <b>&'\"]]>\x07"
"""A name that a spreadsheet would reckon, and a page or a Word document break at."""

COLUMNS = (
    Column("grid", Said("Grid"), Kind.CODE),
    Column("name", Said("Name"), Kind.TEXT),
    Column("filed", Said("Sent up"), Kind.COUNT, summed=True),
    Column("metres", Said("Walked"), Kind.METRES, summed=True),
    Column("hours", Said("Time"), Kind.HOURS),
    Column("seen", Said("Seen"), Kind.SHARE),
    Column("closed", Said("Closed rate"), Kind.RATE),
    Column("day", Said("Since"), Kind.DAY),
    Column("at", Said("Last"), Kind.MOMENT),
    Column("mixed", Said("Figure"), Kind.MIXED),
    Column("change", Said("Change"), Kind.CHANGE),
)


def table(code: str, *, rows: int = 3) -> Table:
    """A table of grids; the total of its metres is of other things too, so that no formula may be written for it."""
    moment = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    first = (
        *(f"{code}001", HOSTILE, 7, 1234.5, 2.25, 0.4136, Rate(911, 972), date(2026, 11, 19), moment),
        *(Amount(56667.4, Kind.METRES), Change(-12.34, ChangeUnit.PERCENT)),
    )
    second = (
        *(f"{code}002", Named("老宿舍", "old dormitory"), 0, None, None, None, Rate(0, 0), None, None),
        *(Rate(1, 8), Change(3.125, ChangeUnit.POINTS)),
    )
    more = [
        (*(f"{code}{i:03d}", Stage.CLOSED, i, 10.0, 0.0, 1.0, Rate(1, 3), None, None, 4), Change(0, ChangeUnit.COUNT))
        for i in range(3, rows + 1)
    ]
    every = (first, second, *more)
    total = (None, None, sum(row[2] for row in every), 99999.0, None, None, Rate(911, 972), None, None, None, None)
    return Table(
        key="grids",
        title=Said("By grid: [all]/*?"),
        columns=COLUMNS,
        rows=every,
        of=Said("Incidents from %(since)s.", {"since": date(2026, 11, 16)}),
        formulas=(Said("closed = a / b"),),
        total=total,
        notes=(Said("%(count)s are not told.", {"count": 1234}),),
    )


def sheet(place: Community, edition: GridEdition, *, rows: int = 3) -> Sheet:
    """A week of a community."""
    made = table(place.code, rows=rows)
    labels = tuple(row[0] for row in made.rows)
    values = tuple(float(row[2]) for row in made.rows)
    empty = Table("none", Said("Nothing"), COLUMNS[:2], (), Said("Of nothing."))
    charts = (
        Chart("filed", Said("Sent up by grid"), ChartKind.BARS, "grids", labels, (Series(Said("Sent up"), values),)),
        Chart("noughts", Said("Noughts"), ChartKind.LINES, "grids", labels, (Series(Said("None"), (0.0,) * rows),)),
    )
    shown = {f"{place.code}001": 7.0, f"{place.code}002": 0.0, f"{place.code}003": None}
    drawn = GridMap("map", Said("Sent up, by grid"), "grids", "filed", edition.id, shown)
    return Sheet(
        period=Period(PeriodKind.WEEK, date(2026, 11, 16), date(2026, 11, 22)),
        title=Said("Weekly meeting"),
        community_id=place.id,
        community=place.name,
        community_code=place.code,
        as_of=datetime(2026, 11, 23, tzinfo=LOCAL),
        made_at=datetime(2026, 11, 23, 9, 5, tzinfo=LOCAL),
        sections=(
            Section("grids", Said("Grids"), (Said("%(n)s came.", {"n": 1234}),), (made, empty), charts, (drawn,)),
            Section("silent", Said("Left out")),
        ),
        notes=(Said("The end."),),
    )
