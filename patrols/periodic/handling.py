"""How well incidents were handled: the rates, beside earlier ones, by office and by grid, and who settled them."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from geo.errors import N_
from patrols.periodic import comparing, counting
from patrols.periodic.asked import Asked, Counted
from patrols.periodic.cells import Cell, Chart, ChartKind, Column, Kind, Row, Said, Section, Series, Table
from patrols.rates import FORMULAS, MADE_OF, Rate, rates_from

NAMES = {
    "closed": N_("Closed rate"),
    "on_time": N_("On-time rate"),
    "done": N_("Done of what was sent up"),
    "valid": N_("Valid-report rate"),
    "missed": N_("Miss rate"),
    "redone": N_("Redo rate"),
    "settled": N_("Mediation success rate"),
}
"""What each of `patrols.rates.FORMULAS` is called."""

JUDGED_BY = ("closed", "on_time", "redone")
REPORTED_BY = ("valid", "missed")

LEAST_RANKED = 30
"""With fewer cases due a rank says more about luck than about work: one case more or less moves the rate by over three
percentage points."""

RANKED = Said(
    N_(
        "Ranked by the on-time rate, only where at least %(least)s cases were due; equal rates share a rank. Counts"
        " alone are never ranked: beside them stand how many reports were valid, and what the public found first."
    ),
    {"least": LEAST_RANKED},
)


def section(asked: Asked) -> Section:
    """The rates of the period, by office and by grid."""
    rates, offices, grids = _rates(asked), _offices(asked), _grids(asked)
    return Section(
        "handling",
        Said(N_("How well it was handled")),
        _sentences(asked),
        tables=(rates, _levels(asked), offices, grids),
        charts=_charts(offices),
    )


def _sentences(asked: Asked) -> tuple[Said, ...]:
    found = rates_from(asked.counted.marks)
    if not found["closed"].whole:
        return (Said(N_("Nothing was due in the period.")),)
    facts: dict[str, Cell] = {"due": found["closed"].whole, "closed": found["closed"], "on_time": found["on_time"]}
    return (Said(N_("%(due)s cases were due: %(closed)s of them closed, %(on_time)s on time."), facts),)


def formulas(*keys: str) -> tuple[Said, ...]:
    """The formulas of some rates, each with its name."""
    return tuple(
        Said("%(name)s = %(formula)s", {"name": Said(NAMES[key]), "formula": Said(FORMULAS[key])}) for key in keys
    )


def _rates(asked: Asked) -> Table:
    """Each rate with the two counts it is made of, beside those of earlier periods."""
    now = rates_from(asked.counted.marks)
    before, year_before = (_earlier(counted) for counted in (asked.counted_before, asked.counted_year_before))
    rows: list[Row] = [
        (Said(NAMES[key]), rate.part, rate.whole, *comparing.compared(rate, before.get(key), year_before.get(key)))
        for key, rate in now.items()
    ]
    columns = (
        Column("name", Said(N_("Indicator")), Kind.TEXT),
        Column("part", Said(N_("So many")), Kind.COUNT),
        Column("whole", Said(N_("of so many")), Kind.COUNT),
        Column("rate", Said(N_("In per cent")), Kind.RATE),
        *comparing.COLUMNS,
    )
    return Table(
        "rates",
        Said(N_("Rates")),
        columns,
        tuple(rows),
        counting.of(asked),
        formulas(*NAMES),
        None,
        asked.compared_with,
    )


def _earlier(counted: Counted | None) -> dict[str, Rate]:
    return {} if counted is None else rates_from(counted.marks)


def _offices(asked: Asked) -> Table:
    columns = (
        Column("office", Said(N_("Office")), Kind.TEXT),
        Column("due", Said(N_("Cases due")), Kind.COUNT, summed=True),
        *(Column(key, Said(NAMES[key]), Kind.RATE) for key in JUDGED_BY),
        Column("open", counting.OPEN, Kind.COUNT, summed=True),
        Column("overdue", counting.OVERDUE, Kind.COUNT, summed=True),
        Column("rank", Said(N_("Rank")), Kind.COUNT),
    )
    groups = _groups(asked.counted, "organisation_id")
    told = {key: marked for key, marked in groups.items() if marked[["due", "open", "resolved"]].to_numpy().any()}
    order = sorted(told, key=lambda key: (key is None, str(asked.office(key))))
    rows = _judged([told[key] for key in order], [(asked.office(key),) for key in order], _office_row)
    notes = (RANKED, Said(N_("An office is told of what was in its hands at the end, or last was.")))
    return Table(
        *("offices", Said(N_("By office")), columns, rows, counting.of(asked), formulas(*JUDGED_BY)),
        total=_total(columns, rows, asked.counted.marks),
        notes=notes,
    )


def _office_row(marked: pd.DataFrame, rates: dict[str, Rate]) -> Row:
    judged: Row = tuple(rates[key] for key in JUDGED_BY)
    return (rates["closed"].whole, *judged, int(marked["open"].sum()), int(marked["overdue"].sum()))


def _grids(asked: Asked) -> Table:
    shown = (*REPORTED_BY, *JUDGED_BY)
    columns = (
        Column("grid_code", Said(N_("Grid")), Kind.CODE),
        Column("name", Said(N_("Grid name")), Kind.TEXT),
        Column("filed", counting.FILED, Kind.COUNT, summed=True),
        *(Column(key, Said(NAMES[key]), Kind.RATE) for key in REPORTED_BY),
        Column("due", Said(N_("Cases due")), Kind.COUNT, summed=True),
        *(Column(key, Said(NAMES[key]), Kind.RATE) for key in JUDGED_BY),
        Column("rank", Said(N_("Rank")), Kind.COUNT),
    )
    groups = _groups(asked.counted, "grid_code")
    codes = asked.with_gone(groups)
    nothing = asked.counted.marks.iloc[:0]
    names: list[Row] = [(code, asked.grid_name(code)) for code in codes]
    rows = _judged([groups.get(code, nothing) for code in codes], names, _grid_row)
    return Table(
        *("grids", Said(N_("By grid")), columns, rows, counting.of(asked), formulas(*shown)),
        total=_total(columns, rows, asked.counted.marks),
        notes=(RANKED, *asked.notes_on_grids(codes)),
    )


def _grid_row(_: pd.DataFrame, rates: dict[str, Rate]) -> Row:
    reported, judged = (tuple(rates[key] for key in keys) for keys in (REPORTED_BY, JUDGED_BY))
    return (rates["valid"].whole, *reported, rates["closed"].whole, *judged)


def _groups(counted: Counted, by: str) -> dict[Any, pd.DataFrame]:
    """The marks of the incidents that share something; under None of those that have none."""
    keys = counted.table[by].to_numpy(dtype=object)
    places = counted.marks.groupby(keys, dropna=False).indices
    return {_or_none(key): counted.marks.iloc[place] for key, place in places.items()}


def _or_none(key: Any) -> Any:
    return None if pd.isna(key) else key


def _judged(
    marked: list[pd.DataFrame], names: list[Row], row_of: Callable[[pd.DataFrame, dict[str, Rate]], Row]
) -> tuple[Row, ...]:
    """Rows with their ranks at the end."""
    rates = [rates_from(one) for one in marked]
    ranked = ranks([one["on_time"] for one in rates])
    return tuple(
        (*name, *row_of(one, rate), rank) for name, one, rate, rank in zip(names, marked, rates, ranked, strict=True)
    )


def ranks(rates: list[Rate]) -> list[int | None]:
    """The rank of each rate among those that are of enough, the highest first; None for the others.

    Examples
    --------
    >>> ranks([Rate(30, 40), Rate(40, 40), Rate(2, 2), Rate(60, 80)])
    [2, 1, None, 2]
    """
    fair = sorted((one.share or 0.0 for one in rates if one.whole >= LEAST_RANKED), reverse=True)
    return [fair.index(one.share or 0.0) + 1 if one.whole >= LEAST_RANKED else None for one in rates]


def _total(columns: tuple[Column, ...], rows: tuple[Row, ...], marked: pd.DataFrame) -> Row:
    """Counts are added up; a rate of all is told anew from all, never as a mean of rates."""
    summed, whole = counting.added(columns, rows), rates_from(marked)
    cells: list[Cell] = [
        whole[column.key] if column.key in MADE_OF and column.kind is Kind.RATE else cell
        for column, cell in zip(columns, summed, strict=True)
    ]
    return tuple(cells)


def _levels(asked: Asked) -> Table:
    """Who settled what was closed in the period: the grid itself, the community, or a department above it."""
    table = asked.counted.table[asked.counted.marks["closed"]]
    office = table["organisation_id"]
    above = office.isin([key for key, row in asked.offices.items() if not row.in_community])
    in_grid = office.isna() | table["on_the_spot"]
    counts = {
        N_("inside the grid"): int(in_grid.sum()),
        N_("inside the community"): int((~in_grid & ~above).sum()),
        N_("above the community"): int((~in_grid & above).sum()),
    }
    columns = (
        Column("level", Said(N_("Settled by")), Kind.TEXT),
        Column("closed", counting.CLOSED, Kind.COUNT, summed=True),
        Column("share", Said(N_("Share of what was closed")), Kind.RATE),
    )
    rows: list[Row] = [(Said(name), count, Rate(count, len(table))) for name, count in counts.items()]
    return Table(
        *("levels", Said(N_("Who settled it")), columns, tuple(rows), counting.of(asked)),
        formulas=(
            Said(
                N_(
                    "Inside the grid: settled on the spot, or never passed to an office. Inside the community: by an"
                    " office that is marked as one of the community. Above the community: by any other office."
                )
            ),
        ),
        total=counting.added(columns, rows),
    )


def _charts(offices: Table) -> tuple[Chart, ...]:
    labels: tuple[Cell, ...] = tuple(offices.column("office"))
    if not labels:
        return ()
    series = tuple(Series(Said(NAMES[key]), counting.floats(offices.column(key))) for key in ("closed", "on_time"))
    title = Said(N_("Closed and on time, by office"))
    return (Chart("offices", title, ChartKind.BARS, "offices", labels, series, Kind.SHARE),)
