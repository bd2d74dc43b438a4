"""Until when something has to be settled: hours or days, of the clock or of the office, with the time that it stood.

How time is counted follows the Civil Code, articles 201 and 203: the day on which it begins is not counted; a last day
that is not worked moves to the next one that is; a period of days ends when the office closes. Hours are counted from
the moment itself.

* urgent hours run day and night;
* working hours run while the office works;
* working days: the office's closing time on the n-th working day after the day it began;
* calendar days: closing time on the n-th day after it began, or on the next working day.

While a matter is parked its time stands. A day counts when the matter is not parked at closing time; of hours, those
count in which it is not parked.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data.models import LimitUnit
from geo.errors import N_
from patrols.errors import BadRule
from patrols.work_calendar import Span, WorkCalendar

WARN_AT = 0.75
"""The share of its time after which a matter is warned of."""

LONGEST_DAYS = 3660
"""A matter whose time is not over after ten years never ends: somebody mistyped."""


DAYS = frozenset({LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS})
OFFICE_TIME = frozenset({LimitUnit.WORKING_HOURS, LimitUnit.WORKING_DAYS})


@dataclass(frozen=True)
class Limit:
    """How long something may take. Days are whole; hours may have a fraction.

    Raises
    ------
    BadRule
        If it is not more than nought, a fraction of a day, or longer than anything takes.
    """

    amount: float
    unit: LimitUnit

    def __post_init__(self) -> None:
        most = LONGEST_DAYS / 2 if self.unit in DAYS else 24.0 * 365
        if not 0 < self.amount <= most or (self.unit in DAYS and self.amount != int(self.amount)):
            raise BadRule(
                N_("A limit is a number of hours, or a whole number of days, above nought, not %(amount)s."),
                amount=self.amount,
            )

    def shortened(self, share: float) -> "Limit":
        """The same limit in an emergency: that share of it, days rounded up.

        Examples
        --------
        >>> Limit(5, LimitUnit.WORKING_DAYS).shortened(0.5)
        Limit(amount=3, unit=<LimitUnit.WORKING_DAYS: 'working_days'>)
        """
        return Limit(math.ceil(self.amount * share) if self.unit in DAYS else self.amount * share, self.unit)


@dataclass(frozen=True)
class Clock:
    """What the time of a matter is reckoned from; see `patrols.clocks` for how its history gives it.

    Parameters
    ----------
    begin : datetime
        When its time began.
    limits : tuple of Limit
        The limit, and every extension of it in turn.
    pauses : tuple of (datetime, datetime or None)
        From when until when it was parked, in order; None: it still is.
    ends : datetime, optional
        A due moment that somebody else set, whatever stood still here; the limits then extend it.
    """

    begin: datetime
    limits: tuple[Limit, ...]
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    ends: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it is parked."""
        return bool(self.pauses) and self.pauses[-1][1] is None


def due(clock: Clock, calendar: WorkCalendar) -> datetime | None:
    """When the time is over; None where there is no limit or the clock stands.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> from patrols.work_calendar import parse_hours
    >>> shanghai = ZoneInfo("Asia/Shanghai")
    >>> office = WorkCalendar(shanghai, parse_hours("08:30-12:00 14:30-18:00"))
    >>> found = datetime(2026, 9, 30, 17, 0, tzinfo=shanghai)
    >>> print(due(Clock(found, (Limit(4, LimitUnit.WORKING_HOURS),)), office))
    2026-10-08 11:30:00+08:00
    >>> print(due(Clock(found, (Limit(2, LimitUnit.WORKING_DAYS),)), office))
    2026-10-09 18:00:00+08:00
    """
    if clock.stands or not (clock.limits or clock.ends):
        return None
    ends = clock.ends or clock.begin
    for limit in clock.limits:
        ends = _end(ends, limit, clock, calendar)
    return ends


def warn(clock: Clock, calendar: WorkCalendar) -> datetime | None:
    """When three quarters of the time until it is due have gone: of the time that runs for its last unit.

    None where it is not due at all.
    """
    ends = due(clock, calendar)
    if ends is None:
        return None
    unit = clock.limits[-1].unit if clock.limits else LimitUnit.URGENT_HOURS
    whole = spent(clock, calendar, unit, ends)
    return _reach(_ticking(clock, calendar, unit), whole * WARN_AT) if whole else clock.begin


def spent(clock: Clock, calendar: WorkCalendar, unit: LimitUnit, until: datetime) -> timedelta:
    """How much time that counts has gone from the beginning until a moment: office hours for units of the office."""
    total = timedelta()
    for begin, end in _ticking(clock, calendar, unit):
        if begin >= until:
            break
        total += min(end, until) - begin
    return total


def _end(begin: datetime, limit: Limit, clock: Clock, calendar: WorkCalendar) -> datetime:
    if limit.unit in DAYS:
        return _last_day(begin, limit, clock, calendar)
    from_here = Clock(begin, (), clock.pauses)
    return _reach(_ticking(from_here, calendar, limit.unit), timedelta(hours=limit.amount))


def _last_day(begin: datetime, limit: Limit, clock: Clock, calendar: WorkCalendar) -> datetime:
    left = int(limit.amount)
    for day in _days_after(begin.astimezone(calendar.zone).date()):
        closing = calendar.closing(day)
        works = calendar.works(day)
        if (works or limit.unit is LimitUnit.CALENDAR_DAYS) and not _parked(closing, clock.pauses):
            left -= 1
        if left <= 0 and works and not _parked(closing, clock.pauses):
            return closing
    raise AssertionError("a limit is checked when it is made")


def _days_after(day: date) -> Iterator[date]:
    yield from (day + timedelta(days=ahead) for ahead in range(1, 2 * LONGEST_DAYS))


def _parked(at: datetime, pauses: Iterable[tuple[datetime, datetime | None]]) -> bool:
    return any(begin <= at and (until is None or at < until) for begin, until in pauses)


def _ticking(clock: Clock, calendar: WorkCalendar, unit: LimitUnit) -> Iterator[Span]:
    """The spans in which the time runs, without end unless it stands."""
    spans = calendar.worked(clock.begin) if unit in OFFICE_TIME else _always(clock.begin)
    for span in spans:
        yield from _without(span, clock.pauses)


def _always(begin: datetime) -> Iterator[Span]:
    while True:
        yield begin, begin + timedelta(days=1)
        begin += timedelta(days=1)


def _without(span: Span, pauses: Sequence[tuple[datetime, datetime | None]]) -> Iterator[Span]:
    begin, end = span
    for since, until in pauses:
        if since >= end:
            break
        if until is not None and until <= begin:
            continue
        if since > begin:
            yield begin, since
        if until is None or until >= end:
            return
        begin = until
    yield begin, end


def _reach(spans: Iterator[Span], amount: timedelta) -> datetime:
    """The first moment at which so much of the spans has gone."""
    for begin, end in spans:
        if amount <= end - begin:
            return begin + amount
        amount -= end - begin
    raise AssertionError("a running clock has no last span")
