"""Days, weeks, months, quarters and years of the local calendar, by which figures are told."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from data.models import Community
from geo.errors import N_
from patrols.days import start_of_day
from patrols.errors import PatrolError

WEEKS_OF_A_YEAR = 52
"""A week is compared with the one so many weeks before: the same weekdays at the same time of the year."""


class BadPeriod(PatrolError):
    """A period that nothing can be told of."""


class PeriodKind(StrEnum):
    """How long a period is."""

    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"
    QUARTER = "quarterly"
    YEAR = "yearly"


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True)
class Period:
    """Some whole days of a local calendar: a day, a week from Monday on, a month, a quarter or a year.

    Parameters
    ----------
    first, last : date
        Its first and its last day.
    """

    kind: PeriodKind
    first: date
    last: date

    @property
    def until(self) -> date:
        """The day after its last."""
        return self.last + timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.first).days

    def begins_at(self, community: Community) -> datetime:
        """The moment it begins where a community is."""
        return start_of_day(community, self.first)

    def ends_at(self, community: Community) -> datetime:
        """The first moment after it."""
        return start_of_day(community, self.until)

    def before(self) -> "Period":
        """The one before it.

        Examples
        --------
        >>> period(PeriodKind.QUARTER, date(2026, 2, 3)).before().first
        datetime.date(2025, 10, 1)
        """
        return period(self.kind, self.first - timedelta(days=1))

    def year_before(self) -> "Period":
        """The same one a year before: of a week, the one 52 weeks before; of 29 February, the 28th.

        Examples
        --------
        >>> period(PeriodKind.MONTH, date(2026, 11, 23)).year_before().last
        datetime.date(2025, 11, 30)
        >>> period(PeriodKind.WEEK, date(2026, 11, 23)).year_before().first
        datetime.date(2025, 11, 24)
        """
        if self.kind is PeriodKind.WEEK:
            return period(self.kind, self.first - timedelta(weeks=WEEKS_OF_A_YEAR))
        day = min(self.first.day, calendar.monthrange(self.first.year - 1, self.first.month)[1])
        return period(self.kind, self.first.replace(year=self.first.year - 1, day=day))

    def parts(self) -> Iterator["Period"]:
        """What a chart of it shows side by side: days of a week or month, weeks begun in a quarter, months of a year.

        A day has itself alone. Weeks at the edges of a quarter are cut to its days, so that the parts add up to it.

        Examples
        --------
        >>> weeks = list(period(PeriodKind.QUARTER, date(2026, 1, 1)).parts())
        >>> weeks[0].days, len(weeks), sum(week.days for week in weeks)
        (4, 14, 90)
        """
        finer = _PARTS[self.kind]
        day = self.first
        while day <= self.last:
            whole = period(finer, day)
            yield Period(finer, day, min(whole.last, self.last))
            day = whole.until


_PARTS = {
    PeriodKind.DAY: PeriodKind.DAY,
    PeriodKind.WEEK: PeriodKind.DAY,
    PeriodKind.MONTH: PeriodKind.DAY,
    PeriodKind.QUARTER: PeriodKind.WEEK,
    PeriodKind.YEAR: PeriodKind.MONTH,
}


def period(kind: PeriodKind, day: date) -> Period:
    """The period of a kind that a day lies in.

    Raises
    ------
    BadPeriod
        If it, or the same one a year before, lies outside of the calendar.

    Examples
    --------
    >>> period(PeriodKind.WEEK, date(2026, 11, 22))
    Period(kind=<PeriodKind.WEEK: 'weekly'>, first=datetime.date(2026, 11, 16), last=datetime.date(2026, 11, 22))
    >>> period(PeriodKind.YEAR, date(2024, 2, 29)).days
    366
    """
    if not 2 < day.year < date.max.year:
        raise BadPeriod(N_("Figures are told of days in years that people write down, not of %(day)s."), day=str(day))
    if kind is PeriodKind.DAY:
        return Period(kind, day, day)
    if kind is PeriodKind.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(kind, monday, monday + timedelta(days=6))
    months = _MONTHS[kind]
    begins = (day.month - 1) // months * months + 1
    ends = begins + months - 1
    return Period(kind, date(day.year, begins, 1), date(day.year, ends, calendar.monthrange(day.year, ends)[1]))
