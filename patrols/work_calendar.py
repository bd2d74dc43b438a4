"""When an office works: its hours, weekends, public holidays and the weekends that are worked instead (调休)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import CalendarDay, Community, OfficeHours
from geo.errors import N_
from patrols.days import zone
from patrols.errors import BadRule

SATURDAY = 5

USUAL_HOURS = "08:30-12:00 14:30-18:00"
"""Of an office that has not said its own."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class WorkCalendar:
    """The working time of one office.

    Parameters
    ----------
    zone : ZoneInfo
        In which its days and hours are meant.
    hours : tuple of (time, time)
        From when until when it works on a working day, in order, without overlaps.
    said : mapping of date to bool
        Days that the community itself says are worked or not. On all others the published calendar holds; beyond the
        years that are published, weekdays are worked and weekends are not.
    """

    zone: ZoneInfo
    hours: tuple[tuple[time, time], ...]
    said: Mapping[date, bool] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        """Whether a day is worked.

        Examples
        --------
        >>> office = WorkCalendar(ZoneInfo("Asia/Shanghai"), parse_hours("08:30-12:00 14:30-18:00"))
        >>> office.works(date(2026, 10, 1)), office.works(date(2026, 10, 8)), office.works(date(2026, 10, 10))
        (False, True, True)
        """
        said = self.said.get(day)
        return _published(day) if said is None else said

    def closing(self, day: date) -> datetime:
        """The moment the office closes on a day, as it would were the day worked."""
        return datetime.combine(day, self.hours[-1][1], self.zone)

    def worked(self, begin: datetime) -> Iterator[Span]:
        """Every span of working time from a moment on, without end."""
        day = begin.astimezone(self.zone).date()
        while True:
            if self.works(day):
                for opens, closes in self.hours:
                    until = datetime.combine(day, closes, self.zone)
                    if until > begin:
                        yield max(begin, datetime.combine(day, opens, self.zone)), until
            day += timedelta(days=1)


def of(session: Session, community: Community) -> WorkCalendar:
    """The calendar of a community's office, with the days it says itself."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.working).where(CalendarDay.community_id == community.id))
    said: dict[date, bool] = {row.day: row.working for row in rows}
    return WorkCalendar(zone(community.timezone), parse_hours(_hours(session, community)), said)


def _hours(session: Session, community: Community) -> str:
    row = session.get(OfficeHours, community.id)
    return row.hours if row is not None else USUAL_HOURS


def parse_hours(text: str) -> tuple[tuple[time, time], ...]:
    """Office hours as people write them.

    Raises
    ------
    BadRule
        If they are not spans like ``08:30-12:00`` with blanks between them, in order, each ending after it begins.

    Examples
    --------
    >>> parse_hours("08:30-12:00 14:30-18:00")[1]
    (datetime.time(14, 30), datetime.time(18, 0))
    """
    try:
        ends = [time.fromisoformat(end) for span in text.split() for end in span.split("-")]
    except ValueError:
        ends = []
    pairs = tuple(zip(ends[::2], ends[1::2], strict=False))
    if not pairs or len(ends) != 2 * len(text.split()) or any(a >= b for a, b in pairwise(ends)):
        raise BadRule(N_("Office hours are written like 08:30-12:00 14:30-18:00, not %(text)s."), text=text)
    return pairs


def first_unpublished() -> date:
    """The first day whose holidays nobody has published yet: from there on weekends alone are known."""
    return date(max(day.year for day in chinese_calendar.holidays) + 1, 1, 1)


def keep(session: Session, community: Community, days: Iterable[tuple[date, bool, str]]) -> int:
    """Say of some days whether they are worked, and what they are called; how many days that changed.

    A day that was said before is said anew. Nothing is computed again by it: deadlines that run are recounted at the
    incident's next step.
    """
    known = {
        row.day: row for row in session.scalars(select(CalendarDay).where(CalendarDay.community_id == community.id))
    }
    changed = 0
    for day, working, name in days:
        row = known.get(day)
        if row is None:
            row = known[day] = CalendarDay(community_id=community.id, day=day)
            session.add(row)
        changed += (row.working, row.name) != (working, name)
        row.working, row.name = working, name
    session.flush()
    return changed


@cache
def _published(day: date) -> bool:
    if day in chinese_calendar.holidays:
        return False
    return day in chinese_calendar.workdays or day.weekday() < SATURDAY
