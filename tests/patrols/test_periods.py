"""Days, weeks, months, quarters and years: where they begin, what came before them, and of what parts they are."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.models import Community
from patrols.periods import BadPeriod, PeriodKind, period

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(st.sampled_from(PeriodKind), DAYS)
def test_a_day_lies_in_its_period_and_the_one_before_ends_where_it_begins(kind: PeriodKind, day: date) -> None:
    found = period(kind, day)

    assert found.first <= day <= found.last
    assert found.before().until == found.first
    assert period(kind, found.first) == period(kind, found.last) == found


@given(st.sampled_from(PeriodKind), DAYS)
def test_parts_follow_each_other_and_add_up(kind: PeriodKind, day: date) -> None:
    found = period(kind, day)
    parts = list(found.parts())

    assert (parts[0].first, parts[-1].last) == (found.first, found.last)
    assert all(one.until == other.first for one, other in pairwise(parts))


@given(st.sampled_from(PeriodKind), DAYS)
def test_a_year_before_is_the_same_stretch_of_the_year(kind: PeriodKind, day: date) -> None:
    found = period(kind, day)
    earlier = found.year_before()

    assert timedelta(days=363) <= found.first - earlier.first <= timedelta(days=366)
    assert abs(found.days - earlier.days) <= 1


def test_a_week_begins_on_monday_also_across_new_year() -> None:
    found = period(PeriodKind.WEEK, date(2027, 1, 1))

    assert (found.first, found.last) == (date(2026, 12, 28), date(2027, 1, 3))


def test_a_period_begins_at_midnight_where_the_community_is() -> None:
    community = Community(timezone="Asia/Shanghai")
    found = period(PeriodKind.MONTH, date(2026, 11, 5))

    assert found.begins_at(community).isoformat() == "2026-11-01T00:00:00+08:00"
    assert found.ends_at(community).isoformat() == "2026-12-01T00:00:00+08:00"


@pytest.mark.parametrize("day", [date.min, date.max])
def test_years_that_nobody_writes_are_refused(day: date) -> None:
    with pytest.raises(BadPeriod):
        period(PeriodKind.DAY, day)
