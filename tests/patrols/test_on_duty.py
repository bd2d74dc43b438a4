from datetime import UTC, date, datetime, time

import make
import pytest

from data.models import Team
from patrols import plan
from patrols.on_duty import on_duty
from patrols.plan import When, Where
from patrols.scope import EVERYTHING, Scope

MONDAY_9 = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
"""Nine in the morning on the wall."""

SINCE = date(2026, 11, 1)


@pytest.fixture
def place(session):
    return make.town(session)[0]


def planned(session, place, begins, ends, *, who=None, weekday=1, number=1, until=None):
    walker = who or make.add(session, Team(community_id=place.id, name=f"{begins}队"))
    when = When((weekday,), begins, ends, SINCE, until)
    return plan.plan(session, place, walker, when, Where(f"{place.code}{number:03d}"))


def told(session, place, at, scope=EVERYTHING):
    return [one.who for one in on_duty(session, scope, place, at=at)]


def test_who_is_to_walk_now_comes_by_when_their_time_ends(session, place):
    planned(session, place, time(8), time(11), who=make.person(session, place, "1", name="甲"))
    planned(session, place, time(8, 30), time(10), who=make.person(session, place, "2", name="乙"))
    planned(session, place, time(14), time(16), who=make.person(session, place, "3", name="丙"))

    assert told(session, place, MONDAY_9) == ["乙", "甲"]


def test_a_window_counts_from_its_first_moment_until_before_its_last(session, place):
    planned(session, place, time(9), time(10), who=make.person(session, place, "1", name="甲"))

    assert told(session, place, MONDAY_9) == ["甲"]
    assert told(session, place, MONDAY_9.replace(hour=2)) == []


def test_a_night_that_began_yesterday_goes_on_past_midnight(session, place):
    planned(session, place, time(22), time(2), who=make.person(session, place, "1", name="甲"))

    assert told(session, place, datetime(2026, 11, 16, 17, 0, tzinfo=UTC)) == ["甲"]
    assert told(session, place, datetime(2026, 11, 16, 19, 0, tzinfo=UTC)) == []


def test_a_plan_that_ended_holds_nobody(session, place):
    planned(session, place, time(8), time(11), until=date(2026, 11, 16))

    assert told(session, place, MONDAY_9) == []


def test_only_windows_that_may_be_seen_are_told(session, place):
    planned(session, place, time(8), time(11), number=1)
    own = Scope(communities=frozenset({place.id}), grids=frozenset({f"{place.code}002"}))

    assert told(session, place, MONDAY_9, own) == []
