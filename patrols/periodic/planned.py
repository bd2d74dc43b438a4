"""What was kept of the plan of patrols in a week, team by team, and how much was walked day by day."""

import pandas as pd
from sqlalchemy import select

from data.models import Patrol
from geo.errors import N_
from patrols import kept
from patrols.kept import Tally
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Cell, Chart, ChartKind, Column, Kind, Row, Said, Series, Table
from patrols.plan import Kept

COUNTED = (Kept.KEPT, Kept.PARTLY, Kept.MISSED)
NAMES = {Kept.KEPT: N_("kept"), Kept.PARTLY: N_("partly kept"), Kept.MISSED: N_("missed")}


def by_team(asked: Asked, of: Said) -> Table:
    """The windows of the plan that are over, by team; the windows of single persons are one row."""
    week = kept.week(asked.session, asked.scope, asked.community, first_day=asked.period.first, at=asked.last_moment)
    columns = (
        Column("team", Said(N_("Team")), Kind.TEXT),
        Column("windows", Said(N_("Windows of the plan")), Kind.COUNT, summed=True),
        *(Column(one.value, Said(NAMES[one]), Kind.COUNT, summed=True) for one in COUNTED),
    )
    rows = [_row(tally) for tally in kept.by_team(week) if any(tally.count(one) for one in COUNTED)]
    return Table(
        *("plan", Said(N_("What was kept of the plan")), columns, tuple(rows), of),
        formulas=(
            Said(
                N_(
                    "Kept: enough of the streets that were due seen within the window, and every check-point visited."
                    " Missed: nobody was there. Teams stand in the order of their names and are not ranked."
                )
            ),
        ),
        total=counting.added(columns, rows),
    )


def _row(tally: Tally) -> Row:
    counts = [tally.count(one) for one in COUNTED]
    team: Cell = Said(N_("single persons")) if tally.team is None else tally.team.name
    return (team, sum(counts), *counts)


def over_time(asked: Asked, of: Said) -> Table:
    """Patrols, kilometres and hours of each part of the period, by when they began; one query."""
    parts = [part for part in asked.period.parts() if part.begins_at(asked.community) < asked.span.until]
    wanted = select(Patrol.started_at, Patrol.metres, Patrol.minutes).where(
        Patrol.community_id == asked.community.id,
        Patrol.started_at >= asked.span.since,
        Patrol.started_at < asked.span.until,
    )
    found = pd.DataFrame(asked.session.execute(wanted).all(), columns=["at", "metres", "minutes"])
    begins = pd.DatetimeIndex([part.begins_at(asked.community) for part in parts]).tz_convert("UTC")
    place = begins.searchsorted(pd.DatetimeIndex(pd.to_datetime(found["at"], utc=True)), side="right") - 1
    sums = found.assign(count=1).groupby(place)[["count", "metres", "minutes"]].sum()
    cells = sums.reindex(range(len(parts))).fillna(0).to_numpy(dtype=float).tolist()
    columns = (
        Column("when", counting.WHEN[asked.period.kind], Kind.TEXT),
        Column("patrols", Said(N_("Patrols")), Kind.COUNT, summed=True),
        Column("metres", Said(N_("Length walked")), Kind.METRES, summed=True),
        Column("minutes", Said(N_("Time walked")), Kind.MINUTES, summed=True),
    )
    rows: list[Row] = [
        (counting.label(part, asked.period.kind), int(count), metres, minutes)
        for part, (count, metres, minutes) in zip(parts, cells, strict=True)
    ]
    title = Said(N_("Patrols over time"))
    meant = Said(N_("A patrol counts where it began; metres and minutes outside of every grid count too."))
    return Table("by_time", title, columns, tuple(rows), of, (meant,), counting.added(columns, rows))


def chart(table: Table) -> Chart:
    """How many patrols there were over time."""
    return Chart(
        key="patrols_over_time",
        title=Said(N_("Patrols over time")),
        kind=ChartKind.LINES if len(table.rows) > counting.SHOWN_IN_CHART else ChartKind.BARS,
        table=table.key,
        labels=tuple(table.column("when")),
        series=(Series(Said(N_("Patrols")), counting.floats(table.column("patrols"))),),
    )
