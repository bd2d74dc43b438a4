"""What warns in the morning, and the sample town's plan."""

from datetime import UTC, date, datetime, time

import make
import pytest
import shapely

from data.models import Team
from patrols import plan
from patrols.plan import When, Where
from patrols.plan_warnings import warnings
from patrols.sample_plan import Begun, begin
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
"""Monday noon."""


@pytest.fixture
def place(session):
    found = make.town(session)[0]
    make.street(session, found, shapely.LineString([(116.3, 40.0005), (116.301, 40.0005)]), name="磨坊巷")
    return found


def test_streets_nobody_walked_are_red_and_windows_of_yesterday_and_today_are_missed(session, place):
    team = make.add(session, Team(community_id=place.id, name="小红帽"))
    for weekday, begins in ((6, 8), (7, 8), (1, 8), (1, 13)):
        when = When((weekday,), time(begins), time(begins + 2), date(2026, 11, 1))
        plan.plan(session, place, team, when, Where(f"{place.code}004"))

    found = warnings(session, EVERYTHING, place, at=AT)

    assert found.red_metres == pytest.approx(85.4, abs=0.5)
    assert (found.yellow_metres, found.missed, found.since) == (0, 2, date(2026, 11, 22))
    assert found.any


def test_a_town_without_grids_or_plan_has_nothing_to_warn_of(session):
    bare = make.community(session, "110108001009")

    assert not warnings(session, EVERYTHING, bare, at=AT).any


def test_who_has_no_windows_of_their_own_is_not_warned_of_others(session, place):
    team = make.add(session, Team(community_id=place.id, name="小红帽"))
    plan.plan(session, place, team, When((7,), time(8), time(9), date(2026, 11, 1)), Where(f"{place.code}004"))
    stranger = Scope(communities=frozenset({place.id}), person_id=make.person(session, place).id)

    assert warnings(session, stranger, place, at=AT, own=True).missed == 0


def test_a_town_nobody_walked_gets_no_sample_plan(session, place):
    assert begin(session, place, at=AT) == Begun(0, 0, 0)
