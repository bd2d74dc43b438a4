"""Patrols of a period: who was where for how long, what of the streets and courtyards they saw, and what nobody saw."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, case, func, select

from data import frames
from data.models import Patrol, StreetClass
from geo.errors import N_
from geo.streets import cut_streets
from patrols import check_points, credits, figures
from patrols.coverage import cells_seen, coverage_of
from patrols.periodic import counting, planned
from patrols.periodic.asked import Asked, Span
from patrols.periodic.cells import Cell, Chart, ChartKind, Column, GridMap, Kind, Row, Said, Section, Series, Table
from patrols.periods import PeriodKind
from patrols.rates import Rate
from patrols.rules import Rules
from patrols.yards import ground_seen, yards_by_grid, yards_seen

MOST_LISTED = 40
"""The longest so many streets are listed by name; the total counts them all."""

OF = N_("Patrols of %(community)s begun from %(since)s to %(until)s, by the grids in force on %(until)s.")

EARNED = ("visits", "metres", "minutes")
SEEN = ("street_metres", "street_metres_seen", "yard_m2", "yard_m2_seen", "check_points", "check_points_visited")


@dataclass(frozen=True)
class Walked:
    """Patrols begun in a span: how many, and their metres and minutes, each counted once."""

    patrols: int
    metres: float
    minutes: float


def section(asked: Asked) -> Section:
    """Patrols by grid, what they saw, and which streets nobody walked."""
    by_grid, pieces = _by_grid(asked)
    tables, charts = [by_grid], list(_charts(by_grid))
    if asked.whole and asked.period.kind is not PeriodKind.DAY:
        by_time = planned.over_time(asked, of(asked))
        tables.insert(0, by_time)
        charts.insert(0, planned.chart(by_time))
    if asked.period.kind is PeriodKind.WEEK:
        plan = planned.by_team(asked, of(asked))
        tables += [plan] if plan.rows else []
    if asked.scope.streets and not pieces.empty:
        tables.append(_never_walked(asked, pieces))
    return Section(
        "patrols",
        Said(N_("Patrols")),
        _sentences(asked, by_grid),
        tuple(tables),
        tuple(charts),
        _maps(asked, by_grid),
    )


def of(asked: Asked) -> Said:
    """What the tables of patrols are of."""
    facts: dict[str, Cell] = {
        "community": asked.community.name,
        "since": asked.period.first,
        "until": asked.last_day,
    }
    return Said(OF, facts)


def walked(asked: Asked, span: Span) -> Walked:
    """The patrols of a span that may be seen; one query.

    Of a whole community all that was walked counts, in grids and outside; of single grids what was walked in them.
    """
    if asked.whole:
        sums = (func.count(), func.sum(Patrol.metres), func.sum(Patrol.minutes))
        wanted = select(*sums).where(*_begun(asked, span))
    else:
        earned = credits.by_grid(*_begun(asked, span)).c
        sums = (func.count(earned.patrol_id.distinct()), func.sum(earned.metres), func.sum(earned.minutes))
        wanted = select(*sums).where(earned.grid_code.in_(list(asked.households)))
    count, metres, minutes = asked.session.execute(wanted).one()
    return Walked(int(count), float(metres or 0), float(minutes or 0))


def _begun(asked: Asked, span: Span) -> tuple[ColumnElement[bool], ...]:
    return (
        Patrol.community_id == asked.community.id,
        Patrol.started_at >= span.since,
        Patrol.started_at < span.until,
    )


def _by_grid(asked: Asked) -> tuple[Table, pd.DataFrame]:
    """What was walked and seen in each grid; beside it the pieces of street, with metres seen of each."""
    earned = _earned(asked)
    seen, pieces = _seen(asked)
    known = earned.join(seen)
    columns = (
        Column("grid_code", Said(N_("Grid")), Kind.CODE),
        Column("name", Said(N_("Grid name")), Kind.TEXT),
        Column("visits", Said(N_("Visits")), Kind.COUNT),
        Column("metres", Said(N_("Length walked")), Kind.METRES, summed=True),
        Column("minutes", Said(N_("Time walked")), Kind.MINUTES, summed=True),
        Column("street_metres", Said(N_("Streets")), Kind.METRES),
        Column("street_metres_seen", Said(N_("of these seen")), Kind.METRES),
        Column("coverage", Said(N_("Coverage of streets")), Kind.SHARE),
        Column("yard_m2", Said(N_("Courtyards")), Kind.AREA, summed=True),
        Column("yard_m2_seen", Said(N_("of these seen")), Kind.AREA, summed=True),
        Column("yard_share", Said(N_("Coverage of courtyards")), Kind.SHARE),
        Column("check_points", Said(N_("Check-points")), Kind.COUNT, summed=True),
        Column("check_points_visited", Said(N_("of these visited")), Kind.COUNT, summed=True),
    )
    rows: list[Row] = [
        (code, asked.grid_name(code), *_grid_cells(known.loc[code].to_dict())) for code in asked.households
    ]
    total = counting.added(columns, rows)
    sums = {column.key: cell for column, cell in zip(columns, total, strict=True)}
    whole = tuple(
        _share(sums["yard_m2_seen"], sums["yard_m2"]) if column.key == "yard_share" else cell
        for column, cell in zip(columns, total, strict=True)
    )
    table = Table(
        *("grids", Said(N_("By grid")), columns, tuple(rows), of(asked), _formulas(asked)),
        total=_with_streets(asked, columns, whole, pieces),
    )
    return table, pieces


def _grid_cells(row: dict[Any, Any]) -> Row:
    streets, yards = float(row["street_metres"]), float(row["yard_m2"])
    return (
        *(int(row["visits"]), float(row["metres"]), float(row["minutes"])),
        *(streets, float(row["street_metres_seen"]), _share(row["street_metres_seen"], streets)),
        *(yards, float(row["yard_m2_seen"]), _share(row["yard_m2_seen"], yards)),
        *(int(row["check_points"]), int(row["check_points_visited"])),
    )


def _share(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


def _formulas(asked: Asked) -> tuple[Said, ...]:
    least_min = Rules.for_community(asked.community.rules).least_visit_s / 60
    return (
        Said(
            N_("visits = patrols that spent at least %(minutes)s minutes in the grid"), {"minutes": round(least_min, 1)}
        ),
        Said(N_("length and time = what patrols were credited with in the grid; each metre belongs to one grid")),
        Said(N_("coverage of streets = metres of street walked along within sight / all metres of street")),
        Said(
            N_(
                "A street along a border counts for the grids on both sides; in the total it counts once. Patrols that"
                " cross several grids visit each of them, so visits are not added up."
            )
        ),
        Said(N_("coverage of courtyards = open ground of the compounds that was seen / all of it")),
        Said(N_("check-points: those that hung at the end, and those of them that were visited in the period")),
    )


def _earned(asked: Asked) -> pd.DataFrame:
    """Visits, metres and minutes of each grid that may be seen; one query."""
    earned = credits.by_grid(*_begun(asked, asked.span))
    least_min = Rules.for_community(asked.community.rules).least_visit_s / 60
    wanted = select(
        earned.c.grid_code,
        func.sum(case((earned.c.minutes >= least_min, 1), else_=0)).label("visits"),
        func.sum(earned.c.metres).label("metres"),
        func.sum(earned.c.minutes).label("minutes"),
    ).group_by(earned.c.grid_code)
    result = asked.session.execute(wanted)
    found = pd.DataFrame(result.all(), columns=list(result.keys())).set_index("grid_code")
    return found.reindex(list(asked.households)).fillna(0).astype(float)


def _seen(asked: Asked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What patrols saw of the streets, courtyards and check-points of each grid; and the pieces of street."""
    codes = list(asked.households)
    nothing = pd.DataFrame(0.0, index=pd.Index(codes, dtype=object), columns=list(SEEN))
    if asked.ground is None:
        return nothing, pd.DataFrame(columns=["name", "metres", "metres_seen", "grid_codes"])
    session, community = asked.session, asked.community
    rules = Rules.for_community(community.rules)
    streets = frames.streets(session, community.id)
    pieces = cut_streets(streets, asked.ground, border_m=rules.border_street_m)
    walks = figures.tracks(session, community, since=asked.span.since, until=asked.span.until)
    cells = cells_seen(walks, pieces, rules)
    grids, per_piece = coverage_of(cells, pieces, asked.ground, rules)
    yards = figures.yards_of(session, community, pieces, asked.ground)
    courtyards = yards_by_grid(yards_seen(cells, ground_seen(walks, yards), yards), asked.ground["grid_code"])
    points = check_points.visited_by_grid(session, community, since=asked.span.since, until=asked.last_moment)
    seen = grids.set_index("grid_code").join(courtyards).join(points).reindex(codes).fillna(0.0)
    named = per_piece.assign(name=pieces["name"], street_class=pieces["street_class"])
    return seen[list(SEEN)], named


def _with_streets(asked: Asked, columns: tuple[Column, ...], total: Row, pieces: pd.DataFrame) -> Row:
    """The total with the metres of street, each piece counted once."""
    mine = _mine(asked, pieces)
    metres, seen = float(mine["metres"].sum()), float(mine["metres_seen"].sum())
    facts = {"street_metres": metres, "street_metres_seen": seen, "coverage": _share(seen, metres)}
    return tuple(facts.get(column.key, cell) for column, cell in zip(columns, total, strict=True))


def _mine(asked: Asked, pieces: pd.DataFrame) -> pd.DataFrame:
    """The pieces of street in the grids that may be seen."""
    return pieces[np.array([any(code in asked.households for code in codes) for codes in pieces["grid_codes"]], bool)]


def _never_walked(asked: Asked, pieces: pd.DataFrame) -> Table:
    """The streets of which some piece was seen by nobody, the longest such pieces first."""
    mine = _mine(asked, pieces)
    missed = mine[(mine["metres_seen"] <= 0) & (mine["metres"] > 0)].copy()
    missed["place"] = missed["grid_codes"].where(missed["name"].astype(str) == "", "")
    groups = missed.groupby(["name", "street_class", "place"], sort=False).agg(
        metres=("metres", "sum"), codes=("grid_codes", lambda some: sorted({code for one in some for code in one}))
    )
    longest = groups.reset_index().sort_values(["metres", "name"], ascending=[False, True])
    columns = (
        Column("street", Said(N_("Street")), Kind.TEXT),
        Column("class", Said(N_("Class of street")), Kind.TEXT),
        Column("metres", Said(N_("Metres that nobody walked")), Kind.METRES, summed=True),
        Column("grids", Said(N_("Grids")), Kind.TEXT),
    )
    listed: list[dict[Any, Any]] = longest.head(MOST_LISTED).to_dict("records")
    rows: list[Row] = [
        (
            row["name"] or Said(N_("without a name")),
            StreetClass(row["street_class"]),
            float(row["metres"]),
            _short(row["codes"]),
        )
        for row in listed
    ]
    rest = float(longest["metres"].iloc[MOST_LISTED:].sum())
    if rest:
        rows.append((Said(N_("all other streets")), None, rest, None))
    return Table(
        *("never_walked", Said(N_("Streets that nobody walked")), columns, tuple(rows), of(asked)),
        formulas=(Said(N_("Pieces of street between two crossings or borders of which not one metre was seen.")),),
        total=counting.added(columns, rows),
    )


def _short(codes: list[str]) -> str:
    """Grids by the last three digits of their codes, as people call them."""
    return "、".join(code[-3:] for code in codes)


def _sentences(asked: Asked, by_grid: Table) -> tuple[Said, ...]:
    found = walked(asked, asked.span)
    quiet = sum(visits == 0 for visits in by_grid.column("visits"))
    said = [
        Said(
            N_("%(patrols)s patrols walked %(km)s km in %(hours)s hours."),
            {"patrols": found.patrols, "km": round(found.metres / 1000, 1), "hours": round(found.minutes / 60, 1)},
        )
    ]
    if quiet:
        said.append(Said(N_("Nobody visited %(count)s of %(all)s grids."), {"count": quiet, "all": len(by_grid.rows)}))
    first = asked.recorded_since[Patrol]
    if first is not None and first > asked.period.first:
        said.append(
            Said(N_("Patrols are kept since %(first)s; what was walked before is not known."), {"first": first})
        )
    if not asked.scope.streets:
        said.append(Said(N_("Which streets nobody walked is told to those who walk, not on this sheet.")))
    return tuple(said)


def _charts(by_grid: Table) -> tuple[Chart, ...]:
    if not by_grid.rows:
        return ()
    names = (("coverage", N_("Coverage of streets")), ("yard_share", N_("Coverage of courtyards")))
    series = tuple(Series(Said(name), counting.floats(by_grid.column(key))) for key, name in names)
    labels = tuple(_short([str(code)]) for code in by_grid.column("grid_code"))
    title = Said(N_("Coverage by grid"))
    return (Chart("coverage", title, ChartKind.BARS, by_grid.key, labels, series, Kind.SHARE),)


def _maps(asked: Asked, by_grid: Table) -> tuple[GridMap, ...]:
    if asked.edition is None:
        return ()
    values = counting.map_values(asked, by_grid, "coverage")
    title = Said(N_("Coverage of streets, by grid"))
    return (GridMap("coverage", title, by_grid.key, "coverage", asked.edition.id, values, Kind.SHARE),)


def visited_share(by_grid: Table) -> Rate:
    """How many of the grids were visited at all."""
    visits = by_grid.column("visits")
    return Rate(sum(count != 0 for count in visits), len(visits))
