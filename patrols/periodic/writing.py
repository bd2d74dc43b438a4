"""Writing the sheet of a period: which sections it has, in their order."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from data.models import Community
from geo.errors import N_
from patrols.days import zone
from patrols.periodic import counting, duty, handling, mediation, needs, overdue, reporting, summary, walking
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Said, Sheet
from patrols.periods import BadPeriod, PeriodKind, period
from patrols.scope import Scope

TITLES = {
    PeriodKind.DAY: N_("Daily count"),
    PeriodKind.WEEK: N_("Weekly meeting"),
    PeriodKind.MONTH: N_("Monthly dispatch"),
    PeriodKind.QUARTER: N_("Quarterly analysis"),
    PeriodKind.YEAR: N_("Annual summary"),
}
"""日清点、周例会、月调度、季分析、年总结."""


SHORT = (summary.section, counting.section, overdue.section, walking.section, duty.section)
"""What an evening asks about; of one day rates say nothing."""

LONG = (
    *(summary.section, counting.section, handling.section, overdue.section, walking.section, reporting.section),
    *(duty.section, mediation.section, needs.section),
)


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
    if told.begins_at(community) >= at:
        raise BadPeriod(N_("The period from %(first)s on has not begun yet."), first=told.first.isoformat())
    asked = Asked(session, scope, community, told, at)
    ends = asked.span.until
    local = zone(community.timezone)
    return Sheet(
        period=told,
        title=Said(TITLES[kind]),
        community_id=community.id,
        community=community.name,
        community_code=community.code,
        as_of=ends.astimezone(local),
        made_at=at.astimezone(local),
        sections=tuple(section(asked) for section in (SHORT if kind is PeriodKind.DAY else LONG)),
    )
