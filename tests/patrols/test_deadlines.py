"""When incidents are due: forty cases worked by hand, with National Day, Spring Festival and the days they move."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.models import LimitUnit
from patrols.deadlines import Clock, Limit, due, spent, warn
from patrols.errors import BadRule
from patrols.work_calendar import WorkCalendar, parse_hours

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = WorkCalendar(ZONE, parse_hours("08:30-12:00 14:30-18:00"))
"""Seven hours a day. National Day 2025: 1-8 October off, 28 September and 11 October worked. Spring Festival 2026:
15-23 February off, 14 and 28 February worked. National Day 2026: 1-7 October off, 20 September and 10 October worked.
"""

U, W, D, C = LimitUnit.URGENT_HOURS, LimitUnit.WORKING_HOURS, LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


WORKED_BY_HAND = [
    # Urgent hours run through nights and holidays.
    ("2026-10-01 23:30", 2, U, "2026-10-02 01:30"),
    ("2026-02-17 08:00", 24, U, "2026-02-18 08:00"),
    ("2026-09-30 18:00", 0.5, U, "2026-09-30 18:30"),
    ("2026-12-31 23:00", 4, U, "2027-01-01 03:00"),
    # Working hours on ordinary days: noon and night do not count.
    ("2026-11-16 09:00", 2, W, "2026-11-16 11:00"),
    ("2026-11-16 11:00", 2, W, "2026-11-16 15:30"),
    ("2026-11-16 13:00", 1, W, "2026-11-16 15:30"),
    ("2026-11-16 17:00", 4, W, "2026-11-17 11:30"),
    ("2026-11-16 07:00", 7, W, "2026-11-16 18:00"),
    ("2026-11-16 08:30", 3.5, W, "2026-11-16 12:00"),
    ("2026-11-16 08:30", 14, W, "2026-11-17 18:00"),
    # Over a weekend.
    ("2026-11-20 17:00", 2, W, "2026-11-23 09:30"),
    ("2026-11-21 10:00", 1, W, "2026-11-23 09:30"),
    # Over National Day 2026, and on the Saturday that is worked after it.
    ("2026-09-30 17:00", 4, W, "2026-10-08 11:30"),
    ("2026-10-03 12:00", 1, W, "2026-10-08 09:30"),
    ("2026-10-09 17:00", 2, W, "2026-10-10 09:30"),
    ("2026-10-10 17:00", 2, W, "2026-10-12 09:30"),
    ("2026-09-18 17:00", 2, W, "2026-09-20 09:30"),
    # Over Spring Festival 2026, from and to Saturdays that are worked.
    ("2026-02-14 17:00", 2, W, "2026-02-24 09:30"),
    ("2026-02-13 17:30", 1, W, "2026-02-14 09:00"),
    ("2026-02-27 17:30", 1, W, "2026-02-28 09:00"),
    # Working days: the day it came is not counted, and it ends when the office closes.
    ("2026-11-16 09:00", 1, D, "2026-11-17 18:00"),
    ("2026-11-16 23:59", 1, D, "2026-11-17 18:00"),
    ("2026-11-20 09:00", 1, D, "2026-11-23 18:00"),
    ("2026-11-21 09:00", 1, D, "2026-11-23 18:00"),
    ("2026-11-16 09:00", 5, D, "2026-11-23 18:00"),
    ("2026-09-30 09:00", 1, D, "2026-10-08 18:00"),
    ("2026-09-30 09:00", 3, D, "2026-10-10 18:00"),
    ("2026-09-30 09:00", 4, D, "2026-10-12 18:00"),
    ("2026-09-18 09:00", 1, D, "2026-09-20 18:00"),
    ("2026-09-24 16:00", 2, D, "2026-09-29 18:00"),
    ("2025-09-26 10:00", 1, D, "2025-09-28 18:00"),
    ("2025-09-30 10:00", 3, D, "2025-10-11 18:00"),
    ("2026-02-13 10:00", 2, D, "2026-02-24 18:00"),
    ("2026-02-16 10:00", 5, D, "2026-02-28 18:00"),
    # Calendar days; a last day that is not worked moves on.
    ("2026-11-16 09:00", 3, C, "2026-11-19 18:00"),
    ("2026-11-16 09:00", 5, C, "2026-11-23 18:00"),
    ("2026-09-28 09:00", 5, C, "2026-10-08 18:00"),
    ("2026-09-28 09:00", 12, C, "2026-10-10 18:00"),
    ("2026-02-10 09:00", 7, C, "2026-02-24 18:00"),
]


@pytest.mark.parametrize(("begin", "amount", "unit", "wanted"), WORKED_BY_HAND)
def test_due_moments_are_those_worked_by_hand(begin: str, amount: float, unit: LimitUnit, wanted: str) -> None:
    assert due(Clock(at(begin), (Limit(amount, unit),)), OFFICE) == at(wanted)


def test_there_are_forty_cases() -> None:
    assert len(WORKED_BY_HAND) == len({case[:3] for case in WORKED_BY_HAND}) == 40


PAUSED = [
    # Parked over lunch costs nothing; an hour of the morning is an hour.
    ("2026-11-16 09:00", 2, W, [("2026-11-16 12:00", "2026-11-16 14:30")], "2026-11-16 11:00"),
    ("2026-11-16 09:00", 2, W, [("2026-11-16 10:00", "2026-11-16 11:00")], "2026-11-16 12:00"),
    ("2026-11-16 09:00", 2, W, [("2026-11-16 10:00", "2026-11-18 15:00")], "2026-11-18 16:00"),
    ("2026-11-16 09:00", 3, U, [("2026-11-16 10:00", "2026-11-17 10:00")], "2026-11-17 12:00"),
    # A day counts when the matter is not parked as the office closes.
    ("2026-11-16 09:00", 2, D, [("2026-11-17 09:00", "2026-11-17 17:00")], "2026-11-18 18:00"),
    ("2026-11-16 09:00", 2, D, [("2026-11-17 09:00", "2026-11-18 09:00")], "2026-11-19 18:00"),
    ("2026-11-16 09:00", 2, D, [("2026-11-17 09:00", "2026-11-17 18:00")], "2026-11-18 18:00"),
    ("2026-11-16 09:00", 3, C, [("2026-11-17 09:00", "2026-11-19 09:00")], "2026-11-23 18:00"),
    ("2026-11-16 09:00", 1, D, [("2026-11-16 10:00", "2026-11-16 11:00")], "2026-11-17 18:00"),
]


@pytest.mark.parametrize(("begin", "amount", "unit", "parked", "wanted"), PAUSED)
def test_the_time_that_a_matter_stands_parked_is_given_back(
    begin: str, amount: float, unit: LimitUnit, parked: list[tuple[str, str]], wanted: str
) -> None:
    pauses = tuple((at(since), at(until)) for since, until in parked)

    assert due(Clock(at(begin), (Limit(amount, unit),), pauses), OFFICE) == at(wanted)


def test_what_is_parked_now_is_not_due() -> None:
    clock = Clock(at("2026-11-16 09:00"), (Limit(2, D),), ((at("2026-11-17 09:00"), None),))

    assert (due(clock, OFFICE), warn(clock, OFFICE)) == (None, None)


def test_an_extension_begins_where_the_limit_ends() -> None:
    clock = Clock(at("2026-09-28 09:00"), (Limit(2, D), Limit(4, W)), ())

    assert due(clock, OFFICE) == at("2026-10-08 12:00") + timedelta(hours=3)


@pytest.mark.parametrize(
    ("begin", "amount", "unit", "wanted"),
    [
        ("2026-11-16 08:00", 8, U, "2026-11-16 14:00"),
        # Four working hours: three of them.
        ("2026-11-16 08:30", 4, W, "2026-11-16 11:30"),
        # Two working days from nine: 6.5 + 7 + 7 hours of the office; 15.375 of them.
        ("2026-11-16 09:00", 2, D, "2026-11-18 10:22:30"),
        # Three days of the clock from six in the evening: 72 hours; 54 of them.
        ("2026-11-16 18:00", 3, C, "2026-11-19 00:00"),
    ],
)
def test_a_warning_comes_after_three_quarters_of_the_time(
    begin: str, amount: float, unit: LimitUnit, wanted: str
) -> None:
    assert warn(Clock(at(begin), (Limit(amount, unit),)), OFFICE) == at(wanted)


def test_days_that_the_community_says_itself_outdo_the_published_calendar() -> None:
    said = WorkCalendar(ZONE, OFFICE.hours, {date(2026, 11, 17): False, date(2026, 11, 21): True})

    assert due(Clock(at("2026-11-16 09:00"), (Limit(5, D),)), said) == at("2026-11-23 18:00")
    assert due(Clock(at("2026-11-16 09:00"), (Limit(4, D),)), said) == at("2026-11-21 18:00")


@pytest.mark.parametrize(
    ("amount", "unit"), [(0, W), (-1, D), (1.5, D), (float("nan"), U), (float("inf"), W), (10_000, C)]
)
def test_limits_that_nobody_can_mean_are_refused(amount: float, unit: LimitUnit) -> None:
    with pytest.raises(BadRule):
        Limit(amount, unit)


@pytest.mark.parametrize("text", ["", "08:30", "12:00-08:30", "08:30-12:00 11:00-18:00", "8-12", "08:30-12:00-13:00"])
def test_office_hours_that_nobody_can_mean_are_refused(text: str) -> None:
    with pytest.raises(BadRule):
        parse_hours(text)


moments = st.integers(0, 650_000).map(lambda minutes: at("2025-09-01 00:00") + timedelta(minutes=minutes))


@given(begin=moments, hours=st.integers(1, 60), rest=st.lists(st.integers(1, 3000), min_size=2, max_size=6))
def test_working_hours_until_due_are_the_limit_however_often_it_was_parked(
    begin: datetime, hours: int, rest: list[int]
) -> None:
    ends = [begin + timedelta(minutes=sum(rest[: number + 1])) for number in range(len(rest))]
    pauses = tuple(zip(ends[::2], ends[1::2], strict=False))
    clock = Clock(begin, (Limit(hours, W),), pauses)

    until = due(clock, OFFICE)

    assert until is not None
    assert spent(clock, OFFICE, W, until) == timedelta(hours=hours)
    early = warn(clock, OFFICE)
    assert early is not None
    assert begin <= early <= until


@given(begin=moments, days=st.integers(1, 30))
def test_the_last_of_so_many_working_days_is_worked_and_no_more_lie_between(begin: datetime, days: int) -> None:
    until = due(Clock(begin, (Limit(days, D),)), OFFICE)

    assert until is not None
    between = [begin.date() + timedelta(days=ahead) for ahead in range(1, (until.date() - begin.date()).days + 1)]
    assert sum(map(OFFICE.works, between)) == days
    assert OFFICE.works(until.date())
