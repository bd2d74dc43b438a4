"""Windows of the plan: what can be planned, on which days it comes round, who sees it."""

from datetime import UTC, date, datetime, time, timedelta

import make
import pytest
import shapely

from data.errors import NotFound
from data.models import Community, PatrolWindow, Team, TeamMember
from patrols import plan
from patrols.errors import BadWindow
from patrols.plan import When, Where
from patrols.scope import EVERYTHING, Scope

MONDAY = date(2026, 11, 16)
MORNING = When((1, 3), time(8), time(10), date(2026, 11, 1))


@pytest.fixture
def place(session):
    found = make.town(session)[0]
    make.street(session, found, shapely.LineString([(116.3, 40.0005), (116.302, 40.0005)]), name="双清路")
    return found


@pytest.fixture
def team(session, place):
    return make.add(session, Team(community_id=place.id, name="小红帽一队"))


def grid(place, number=4):
    return Where(f"{place.code}{number:03d}")


def in_week(session, place, scope=EVERYTHING, **how):
    term = {"since": MONDAY, "until": MONDAY + timedelta(days=7)}
    return plan.windows(session, scope, place, **term, **how)


def test_a_window_is_planned_for_each_weekday_and_not_twice(session, place, team):
    first = plan.plan(session, place, team, MORNING, grid(place))
    again = plan.plan(session, place, team, MORNING, grid(place))

    assert [row.weekday for row in first] == [1, 3]
    assert again == first
    assert session.query(PatrolWindow).count() == 2


@pytest.mark.parametrize(
    "when",
    [
        When((), time(8), time(10), MONDAY),
        When((8,), time(8), time(10), MONDAY),
        When((1,), time(8), time(8, 5), MONDAY),
        When((1,), time(8), time(7), MONDAY),
        When((1,), time(8), time(10), MONDAY, MONDAY),
    ],
)
def test_a_time_that_nobody_can_keep_is_refused(session, place, team, when):
    with pytest.raises(BadWindow):
        plan.plan(session, place, team, when, grid(place))


@pytest.mark.parametrize(
    "where", [Where(), Where("110108001001999"), Where(streets=("不存在的路",)), Where(streets=("双清路",) * 51)]
)
def test_ground_that_is_not_there_is_refused(session, place, team, where):
    with pytest.raises(BadWindow):
        plan.plan(session, place, team, MORNING, where)


def test_a_team_of_another_community_is_refused(session, place):
    other = make.community(session, "110108001002")
    strangers = make.add(session, Team(community_id=other.id, name="别处"))

    with pytest.raises(BadWindow):
        plan.plan(session, place, strangers, MORNING, grid(place))


def test_a_window_comes_round_on_its_weekday_by_the_local_clock(session, place, team):
    planned = plan.plan(session, place, team, MORNING, Where(streets=("双清路",)))

    found = plan.occasions(place, planned, MONDAY)

    assert [one.begins for one in found] == [
        datetime(2026, 11, 16, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 18, 0, 0, tzinfo=UTC),
    ]
    assert {one.ends - one.begins for one in found} == {timedelta(hours=2)}


def test_seven_days_may_begin_on_any_day(session, place, team):
    planned = plan.plan(session, place, team, MORNING, grid(place))

    found = plan.occasions(place, planned, MONDAY + timedelta(days=1))

    assert [one.begins.date() for one in found] == [date(2026, 11, 18), date(2026, 11, 23)]


def test_a_window_past_midnight_ends_on_the_next_day_and_belongs_to_the_day_it_begins(session, place, team):
    night = plan.plan(session, place, team, When((7,), time(22), time(1), MONDAY), grid(place))

    (found,) = plan.occasions(place, night, MONDAY)

    assert (found.begins.day, found.ends.day, found.ends.hour) == (22, 23, 1)


def test_a_window_comes_round_only_while_it_holds(place):
    row = PatrolWindow(weekday=3, begins=time(8), ends=time(9), valid_from=date(2026, 11, 18))
    row.valid_until = date(2026, 11, 25)

    weeks = [MONDAY + timedelta(days=7 * number) for number in (-1, 0, 1)]

    assert [len(plan.occasions(place, [row], week)) for week in weeks] == [0, 1, 0]


def test_a_change_leaves_the_weeks_before_as_they_were(session, place, team):
    row = plan.plan(session, place, team, When((1,), time(8), time(10), date(2026, 11, 2)), grid(place))[0]

    new = plan.change(session, row, When((2,), time(9), time(11), MONDAY), grid(place, 5), on=MONDAY)

    assert (row.weekday, row.valid_until) == (1, MONDAY)
    assert (new.weekday, new.grid_code[-3:], new.valid_from) == (2, "005", MONDAY)
    assert in_week(session, place) == [new]


def test_a_window_that_has_not_begun_is_changed_or_taken_back_without_a_trace(session, place, team):
    row = plan.plan(session, place, team, When((1,), time(8), time(10), MONDAY), grid(place))[0]

    same = plan.change(session, row, When((5,), time(8), time(9), MONDAY), grid(place), on=MONDAY)
    plan.take_back(session, same, on=MONDAY)

    assert same is row
    assert session.query(PatrolWindow).count() == 0


def test_a_window_taken_back_holds_no_more_and_cannot_be_taken_back_again(session, place, team):
    row = plan.plan(session, place, team, MORNING, grid(place))[0]

    plan.take_back(session, row, on=MONDAY)

    assert row.valid_until == MONDAY
    with pytest.raises(BadWindow):
        plan.take_back(session, row, on=MONDAY)


def test_windows_are_seen_by_grid_by_team_and_by_person(session, place, team):
    me, other = make.person(session, place), make.person(session, place, "P002")
    make.add(session, TeamMember(team_id=team.id, person_id=me.id, valid_from=MONDAY))
    mine = plan.plan(session, place, me, When((1,), time(6), time(7), MONDAY), grid(place, 1))[0]
    teams = plan.plan(session, place, team, When((1,), time(8), time(9), MONDAY), grid(place, 2))[0]
    others = plan.plan(session, place, other, When((1,), time(10), time(11), MONDAY), grid(place, 3))[0]
    here = frozenset({place.id})
    worker = Scope(communities=here, grids=frozenset({f"{place.code}003"}), person_id=me.id)
    stranger = Scope(communities=frozenset({place.id + 1}), person_id=me.id)

    assert in_week(session, place) == [mine, teams, others]
    assert in_week(session, place, worker) == [mine, teams, others]
    assert in_week(session, place, worker, own=True) == [mine, teams]
    assert in_week(session, place, Scope(communities=here, grids=frozenset({f"{place.code}003"}))) == [others]
    assert in_week(session, place, Scope(communities=here), own=True) == []
    assert in_week(session, place, stranger) == []
    assert plan.get(session, worker, teams.id) is teams
    with pytest.raises(NotFound):
        plan.get(session, stranger, teams.id)
    assert plan.teams_of(session, me, MONDAY) == [team]
    assert plan.teams_of(session, me, MONDAY - timedelta(days=1)) == []


def test_the_week_begins_on_the_local_monday():
    place = Community(timezone="Asia/Shanghai")

    assert plan.monday_of(place, datetime(2026, 11, 22, 15, tzinfo=UTC)) == MONDAY
    assert plan.monday_of(place, datetime(2026, 11, 22, 16, tzinfo=UTC)) == date(2026, 11, 23)
