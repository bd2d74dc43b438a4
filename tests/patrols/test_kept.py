"""What was kept of the plan: metres shared out once, streets seen within the window, check-points visited."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import make
import pytest
import shapely
from sqlalchemy import event, func, select

from data.models import Fix, Patrol, PatrolCredit, PatrolSource, Team, TeamMember
from patrols import check_points, kept, plan
from patrols.plan import Kept, When, Where
from patrols.scope import EVERYTHING, Scope

LOCAL = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 16)
LATER = datetime(2026, 11, 30, tzinfo=LOCAL)
WEST, MIDDLE, EAST = 116.3, 116.301, 116.302
NORTH = 40.0005
STREET_M = 170.8
"""The street through the two western grids of the southern row, 85.4 m in each."""


def at(hour, minute=0, day=0):
    return datetime(2026, 11, 16 + day, hour, minute, tzinfo=LOCAL)


@pytest.fixture
def place(session):
    found = make.town(session)[0]
    for west, east in ((WEST, MIDDLE), (MIDDLE, EAST)):
        make.street(session, found, shapely.LineString([(west, NORTH), (east, NORTH)]), name="双清路")
    return found


@pytest.fixture
def team(session, place):
    return make.add(session, Team(community_id=place.id, name="小红帽一队"))


@pytest.fixture
def walker(session, place, team):
    person = make.person(session, place)
    make.add(session, TeamMember(team_id=team.id, person_id=person.id, valid_from=date(2026, 1, 1)))
    return person


def grid(place, number):
    return Where(f"{place.code}{number:03d}")


def window(session, place, walker, where, begins=8, ends=10, weekday=1):
    when = When((weekday,), time(begins), time(ends), date(2026, 11, 1))
    return plan.plan(session, place, walker, when, where)[0]


def walk(session, place, begins, minutes, *, person=None, team=None, fixes=True, end=EAST, key="w"):
    """A walk along the street from west to east at an even pace; credits as taking in would make them."""
    line = shapely.LineString([(WEST, NORTH), (end, NORTH)])
    metres = STREET_M * (end - WEST) / (EAST - WEST)
    row = make.add(
        session,
        Patrol(
            community_id=place.id,
            person_id=person and person.id,
            team_id=team and team.id,
            source=PatrolSource.FILE,
            source_key=f"{key}{begins}",
            started_at=begins,
            ended_at=begins + timedelta(minutes=minutes),
            metres=metres,
            minutes=minutes,
            track=shapely.MultiLineString([line]),
        ),
    )
    shares = ((4, min(1.0, (MIDDLE - WEST) / (end - WEST))), (5, max(0.0, (end - MIDDLE) / (end - WEST))))
    for number, share in shares:
        code = f"{place.code}{number:03d}"
        make.add(
            session, PatrolCredit(patrol_id=row.id, grid_code=code, metres=metres * share, minutes=minutes * share)
        )
    if fixes:
        steps = minutes * 4
        session.add_all(
            Fix(
                patrol_id=row.id,
                at=begins + timedelta(seconds=15 * step),
                lon=WEST + (end - WEST) * step / steps,
                lat=NORTH,
            )
            for step in range(steps + 1)
        )
    session.flush()
    return row


def week(session, place, scope=EVERYTHING, now=LATER, **how):
    return kept.week(session, scope, place, first_day=MONDAY, at=now, **how)


def test_a_walk_within_the_window_keeps_it(session, place, team, walker):
    window(session, place, team, grid(place, 4))
    walk(session, place, at(8, 30), 20, person=walker)

    (found,) = week(session, place).outcomes

    assert found.kept is Kept.KEPT
    assert (found.effort.patrols, found.effort.walkers) == (1, 1)
    assert found.effort.metres == pytest.approx(STREET_M / 2)
    assert found.effort.minutes == pytest.approx(10)
    assert found.street_metres == found.due_metres == pytest.approx(STREET_M / 2, abs=0.5)
    assert found.share == pytest.approx(1.0, abs=0.05)


def test_nobody_there_is_missed_and_what_is_later_is_to_come_or_running(session, place, team):
    for begins in (6, 8, 12):
        window(session, place, team, grid(place, 4), begins, begins + 2)

    found = week(session, place, now=at(9)).outcomes

    assert [one.kept for one in found] == [Kept.MISSED, Kept.RUNNING, Kept.TO_COME]


def test_a_window_is_kept_as_soon_as_enough_was_seen(session, place, team, walker):
    window(session, place, team, grid(place, 4))
    walk(session, place, at(8, 10), 20, person=walker)

    assert week(session, place, now=at(8, 40)).outcomes[0].kept is Kept.KEPT


def test_half_of_what_was_due_is_enough_and_less_is_partly(session, place, team, walker):
    for weekday, share in ((1, 0.6), (2, 0.4)):
        window(session, place, team, grid(place, 4), weekday=weekday)
        end = WEST + share * (MIDDLE - WEST)
        walk(session, place, at(8, 30, weekday - 1), 10, person=walker, end=end)

    assert [one.kept for one in week(session, place).outcomes] == [Kept.KEPT, Kept.PARTLY]


def test_no_more_is_due_than_one_walks_in_the_time(session, place, team, walker):
    place.rules = {"pace_m_s": 0.01}
    window(session, place, team, grid(place, 4))

    (found,) = week(session, place).outcomes

    assert (found.due_metres, found.street_metres) == (72.0, pytest.approx(STREET_M / 2, abs=0.5))


@pytest.mark.parametrize("fixes", [True, False])
def test_only_what_was_walked_within_the_window_counts(session, place, team, walker, fixes):
    # From 7:50 to 8:10: the western grid before eight, the eastern one after.
    walk(session, place, at(7, 50), 20, person=walker, fixes=fixes)
    window(session, place, team, grid(place, 4))
    window(session, place, team, grid(place, 5))

    west, east = week(session, place).outcomes

    assert west.there_min == pytest.approx(0 if fixes else 5, abs=0.1)
    assert east.effort.minutes == pytest.approx(10 if fixes else 5, abs=0.1)
    assert (west.street_metres_seen, east.share) == (0, pytest.approx(1.0, abs=0.05))


def test_metres_of_windows_and_outside_add_up_to_what_was_walked(session, place, team, walker):
    other = make.person(session, place, "P002")
    window(session, place, team, grid(place, 4))
    window(session, place, walker, grid(place, 4), 8, 9)
    window(session, place, team, Where(streets=("双清路",)), 7, 12)
    walk(session, place, at(7, 50), 40, person=walker)
    walk(session, place, at(8, 40), 40, person=walker, fixes=False, key="b")
    walk(session, place, at(9), 30, person=other, key="c")
    walk(session, place, at(23, 50, 6), 20, person=other, key="d")

    found = week(session, place)

    monday_after = walk_metres_of_the_week(session, place) - STREET_M / 2
    total = sum(one.effort.metres for one in found.outcomes) + found.outside.metres
    assert total == pytest.approx(monday_after, rel=0.003)
    assert found.outside.patrols == 2


def walk_metres_of_the_week(session, place):
    return session.scalar(select(func.sum(Patrol.metres)).where(Patrol.community_id == place.id))


def test_the_person_goes_before_the_team_and_streets_before_the_grid(session, place, team, walker):
    whole = window(session, place, team, grid(place, 4))
    own = window(session, place, walker, grid(place, 4))
    walk(session, place, at(8, 30), 20, person=walker)

    found = {one.occasion.window.id: one for one in week(session, place).outcomes}

    assert found[own.id].effort.metres == pytest.approx(STREET_M / 2)
    assert found[whole.id].effort.metres == 0
    assert found[whole.id].kept is found[own.id].kept is Kept.KEPT


def test_a_walk_counts_for_the_team_it_was_walked_for(session, place, team, walker):
    others = make.add(session, Team(community_id=place.id, name="小红帽二队"))
    window(session, place, team, grid(place, 4))
    window(session, place, others, grid(place, 4))
    walk(session, place, at(8, 30), 20, person=walker, team=others)

    assert [one.kept for one in week(session, place).outcomes] == [Kept.MISSED, Kept.KEPT]


def test_somebody_who_had_left_the_team_does_not_keep_its_window(session, place, team, walker):
    session.query(TeamMember).one().valid_until = MONDAY
    window(session, place, team, grid(place, 4))
    walk(session, place, at(8, 30), 20, person=walker)

    found = week(session, place)

    assert found.outcomes[0].kept is Kept.MISSED
    assert found.outside.metres == pytest.approx(STREET_M)


def test_every_check_point_is_to_be_visited_by_those_who_walk(session, place, team, walker):
    gate = check_points.add(session, place, "北门", ((WEST + MIDDLE) / 2, NORTH), at=make.EPOCH)
    check_points.add(session, place, "别的网格", ((EAST + MIDDLE) / 2, NORTH), at=make.EPOCH)
    other = make.person(session, place, "P002")
    for weekday in (1, 2, 3):
        window(session, place, team, grid(place, 4), weekday=weekday)
        walk(session, place, at(8, 30, weekday - 1), 20, person=walker)
    for day, (person, hour) in enumerate(((walker, 9), (other, 9), (walker, 11))):
        check_points.check_in(session, person, key=f"k{day}", at=at(hour, 0, day), code=gate.code)

    found = week(session, place).outcomes

    assert [one.kept for one in found] == [Kept.KEPT, Kept.PARTLY, Kept.PARTLY]
    assert [len(one.visited) for one in found] == [1, 0, 0]
    assert {point.name for one in found for point in one.points} == {"北门"}


def test_a_check_in_without_a_walk_is_partly(session, place, team, walker):
    gate = check_points.add(session, place, "北门", ((WEST + MIDDLE) / 2, NORTH), at=make.EPOCH)
    window(session, place, team, grid(place, 4))
    check_points.check_in(session, walker, key="k", at=at(9), code=gate.code)

    assert week(session, place).outcomes[0].kept is Kept.PARTLY


def test_a_window_of_streets_asks_for_these_streets_and_the_points_beside_them(session, place, team, walker):
    make.street(session, place, shapely.LineString([(WEST, NORTH + 0.0003), (EAST, NORTH + 0.0003)]), name="清华路")
    check_points.add(session, place, "路边", (MIDDLE, NORTH + 0.0001), at=make.EPOCH)
    check_points.add(session, place, "远处", (MIDDLE, NORTH - 0.0003), at=make.EPOCH)
    window(session, place, team, Where(streets=("双清路",)))
    walk(session, place, at(8, 30), 20, person=walker)

    (found,) = week(session, place).outcomes

    assert found.street_metres == pytest.approx(STREET_M, abs=1)
    assert [point.name for point in found.points] == ["路边"]
    assert found.kept is Kept.PARTLY


def test_streets_nobody_wishes_to_be_walked_are_not_due(session, place, team, walker):
    # No street of the northern row: who is there keeps the window.
    window(session, place, team, grid(place, 1))
    row = walk(session, place, at(8, 30), 20, person=walker)
    session.query(PatrolCredit).filter_by(patrol_id=row.id).update({"grid_code": f"{place.code}001"})

    (found,) = week(session, place).outcomes

    assert (found.street_metres, found.kept) == (0, Kept.KEPT)


def test_a_window_past_midnight_keeps_its_metres_in_the_week_it_began(session, place, team, walker):
    night = When((7,), time(22), time(1), date(2026, 11, 1))
    plan.plan(session, place, team, night, grid(place, 4))
    walk(session, place, datetime(2026, 11, 16, 0, 10, tzinfo=LOCAL), 20, person=walker)
    walk(session, place, datetime(2026, 11, 23, 0, 10, tzinfo=LOCAL), 20, person=walker)

    found = week(session, place)

    assert found.outcomes[0].effort.metres == pytest.approx(STREET_M / 2)
    assert found.outside.metres == pytest.approx(STREET_M / 2)


def test_who_sees_one_grid_sees_its_windows_and_what_was_walked_there(session, place, team, walker):
    window(session, place, team, grid(place, 4))
    window(session, place, team, grid(place, 5))
    walk(session, place, at(13), 20, person=walker)
    worker = Scope(communities=frozenset({place.id}), grids=frozenset({f"{place.code}004"}))

    found = week(session, place, worker)
    own = week(session, place, Scope(communities=frozenset({place.id}), person_id=walker.id), own=True)

    assert [one.occasion.window.grid_code[-3:] for one in found.outcomes] == ["004"]
    assert found.outside.metres == pytest.approx(STREET_M / 2)
    assert len(own.outcomes) == 2
    assert own.outside.metres == 0


def test_without_streets_only_missed_is_told_apart(session, place, team, walker):
    for weekday in (1, 2):
        window(session, place, team, grid(place, 4), weekday=weekday)
    walk(session, place, at(8, 30), 20, person=walker)

    found = week(session, place, with_streets=False)

    assert [one.kept for one in found.outcomes] == [Kept.PARTLY, Kept.MISSED]
    assert (found.count(Kept.MISSED), found.count(Kept.KEPT)) == (1, 0)


def test_a_community_without_grids_or_plan_has_an_empty_week(session):
    bare = make.community(session, "110108001009")

    assert week(session, bare).outcomes == []


def test_a_longer_plan_takes_no_more_queries(session, place, team, walker):
    asked = []
    listen = (session.get_bind(), "before_cursor_execute", lambda *_: asked.append(1))
    walk(session, place, at(8, 30), 20, person=walker)
    check_points.add(session, place, "北门", (WEST, NORTH), at=make.EPOCH)
    counts = []
    for weekdays in ((1,), (1, 2, 3, 4, 5, 6, 7)):
        plan.plan(session, place, team, When(weekdays, time(8), time(10), date(2026, 11, 1)), grid(place, 4))
        session.expunge_all()
        event.listen(*listen)
        week(session, session.merge(place), now=LATER)
        event.remove(*listen)
        counts.append(len(asked))
        asked.clear()

    assert counts[0] >= counts[1] > 0
