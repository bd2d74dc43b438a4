"""Writing the sheet of a period: which sections it has, in their order."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from data.models import Community
from geo.errors import N_
from patrols.days import zone
from patrols.periodic.cells import Column, Kind, Said, Section, Sheet, Table
from patrols.periods import Period, PeriodKind, period
from patrols.rates import FORMULAS, Rate, rates
from patrols.scope import Scope

TITLES = {
    PeriodKind.DAY: N_("Daily count"),
    PeriodKind.WEEK: N_("Weekly meeting"),
    PeriodKind.MONTH: N_("Monthly dispatch"),
    PeriodKind.QUARTER: N_("Quarterly analysis"),
    PeriodKind.YEAR: N_("Annual summary"),
}
"""日清点、周例会、月调度、季分析、年总结."""

NAMES = {
    "closed": N_("Closed rate"),
    "on_time": N_("On-time rate"),
    "done": N_("Done of what was sent up"),
    "valid": N_("Valid-report rate"),
    "missed": N_("Miss rate"),
    "redone": N_("Redo rate"),
    "settled": N_("Mediation success rate"),
}


def sheet(session: Session, scope: Scope, community: Community, kind: PeriodKind, day: date, at: datetime) -> Sheet:
    """The figures of the day, week, month, quarter or year in which a day lies, as they stood at its end.

    Parameters
    ----------
    kind : PeriodKind
        Which of the five.
    day : date
        Any day of the period, on the community's own calendar.
    at : datetime
        Now, aware. While the period still runs everything is told as it stands now.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    BadPeriod
        If the period has not begun yet.
    """
    scope.require_entry(community.id)
    told = period(kind, day)
    begins, ends = told.begins_at(community), min(told.ends_at(community), at)
    local = zone(community.timezone)
    return Sheet(
        period=told,
        title=Said(TITLES[kind]),
        community_id=community.id,
        community=community.name,
        community_code=community.code,
        as_of=ends.astimezone(local),
        made_at=at.astimezone(local),
        sections=(_handling(rates(session, scope, community, begins, ends), told),),
    )


def _handling(said: dict[str, Rate], told: Period) -> Section:
    return Section(
        key="rates",
        title=Said(N_("How well it was handled")),
        tables=(
            Table(
                key="rates",
                title=Said(N_("Rates")),
                columns=(
                    Column("name", Said(N_("Rate")), Kind.TEXT),
                    Column("part", Said(N_("of these")), Kind.COUNT),
                    Column("whole", Said(N_("Of")), Kind.COUNT),
                    Column("rate", Said(N_("Share")), Kind.RATE),
                ),
                rows=tuple((Said(NAMES[key]), rate.part, rate.whole, rate) for key, rate in said.items()),
                of=Said(N_("Incidents from %(since)s to %(until)s."), {"since": told.first, "until": told.last}),
                formulas=tuple(
                    Said("%(name)s = %(formula)s", {"name": Said(NAMES[key]), "formula": Said(FORMULAS[key])})
                    for key in said
                ),
            ),
        ),
    )
