"""Teams: kinds as data, joining and leaving with their days, who sees whom, and effort that names no single person."""

from datetime import UTC, date, datetime, timedelta

import make
import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import (
    Community,
    Duty,
    IncidentSource,
    MemberRole,
    Patrol,
    PatrolSource,
    Person,
    PlaceKind,
    Role,
    StepKind,
    Team,
    TeamMember,
    User,
    UserScope,
)
from patrols import incidents, roster, team_effort, teams
from patrols.errors import OutOfScope
from patrols.teams import BadTeam

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SPRING = date(2026, 3, 1)


def user(
    session: Session, role: Role, place: Community, *, grid: str | None = None, person: Person | None = None
) -> User:
    row = User(login=f"{role}{grid}{person and person.id}", password_hash="", role=role, created_at=NOW)
    row.person_id = None if person is None else person.id
    row.scopes = [UserScope(community_id=place.id, grid_code=grid)]
    return make.add(session, row)


def team_of(
    session: Session, place: Community, name: str, *numbers: str, kind: str = "red_cap"
) -> tuple[Team, list[Person]]:
    """A team since spring, led by the first of its people."""
    team = teams.add_team(session, place, name, kind=kind)
    people = [make.person(session, place, number, name=f"姓{number}") for number in numbers]
    for position, person in enumerate(people):
        role = MemberRole.MEMBER if position else MemberRole.LEADER
        teams.join(session, team, person, on=SPRING, role=role)
    return team, people


def walk(
    session: Session, place: Community, person: Person | None, day: date, *, team: Team | None = None, **facts: object
) -> Patrol:
    began = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    values = {
        "minutes": 60.0,
        "metres": 3000.0,
        "source_key": f"{person and person.id}-{day}-{team and team.id}",
    } | facts
    patrol = Patrol(community_id=place.id, source=PatrolSource.FILE, started_at=began, **values)
    patrol.ended_at = began + timedelta(minutes=values["minutes"])
    patrol.person_id, patrol.team_id = person and person.id, team and team.id
    return make.add(session, patrol)


def test_a_community_begins_with_the_usual_kinds_and_changes_them(session: Session) -> None:
    place = make.community(session)
    assert [one.zh for one in teams.kinds(session, place)] == ["小红帽", "小喇叭", "活雷锋", "其他队伍"]

    teams.set_kind(session, place, "dragon", zh="舞龙队")
    teams.set_kind(session, place, "lei_feng", zh="雷锋班", en="Lei Feng class")
    teams.drop_kind(session, place, "little_horn")

    assert [one.zh for one in teams.kinds(session, place)] == ["小红帽", "雷锋班", "其他队伍", "舞龙队"]
    assert teams.add_team(session, place, "金龙", kind="dragon").kind == "dragon"


def test_a_kind_that_teams_are_of_stays_and_a_team_of_no_kind_is_refused(session: Session) -> None:
    place = make.community(session)
    teams.add_team(session, place, "东片")

    with pytest.raises(BadTeam, match="小红帽"):
        teams.drop_kind(session, place, "red_cap")
    with pytest.raises(BadTeam, match="舞龙队"):
        teams.add_team(session, place, "金龙", kind="舞龙队")


def test_who_becomes_leader_is_so_from_that_day_on_and_was_a_member_before(session: Session) -> None:
    place = make.community(session)
    team, (_, second) = team_of(session, place, "东片", "P1", "P2")

    teams.join(session, team, second, on=TODAY, role=MemberRole.LEADER)

    rows = session.scalars(select(TeamMember).where(TeamMember.person_id == second.id).order_by(TeamMember.id))
    assert [(row.role, row.valid_from, row.valid_until) for row in rows] == [
        (MemberRole.MEMBER, SPRING, TODAY),
        (MemberRole.LEADER, TODAY, None),
    ]


def test_who_leaves_is_told_as_former_and_may_join_again(session: Session) -> None:
    place = make.community(session)
    team, (leader, second) = team_of(session, place, "东片", "P1", "P2")
    manager = user(session, Role.GRID_MANAGER, place)
    row = session.scalars(select(TeamMember).where(TeamMember.person_id == second.id)).one()

    teams.leave(session, row, until=TODAY)
    roll = teams.roll(session, manager, team, at=NOW)
    teams.join(session, team, second, on=TODAY)
    again = teams.roll(session, manager, team, at=NOW)

    assert ([one.person_id for one in roll.members], [one.person_id for one in roll.former]) == (
        [leader.id],
        [second.id],
    )
    assert ([one.person_id for one in again.members], again.former) == ([leader.id, second.id], [])


def test_a_team_that_ended_has_no_members_and_takes_none(session: Session) -> None:
    place = make.community(session)
    team, (leader, _) = team_of(session, place, "东片", "P1", "P2")
    manager = user(session, Role.GRID_MANAGER, place)

    teams.end_team(session, team, on=TODAY)

    assert teams.roll(session, manager, team, at=NOW).members == []
    assert teams.listing(session, manager, place, at=NOW) == []
    assert [one.team for one in teams.listing(session, manager, place, at=NOW, ended=True)] == [team]
    with pytest.raises(BadTeam, match="ended on"):
        teams.join(session, team, leader, on=TODAY)


def test_the_list_counts_members_and_names_leaders_by_kind_and_name(session: Session) -> None:
    place = make.community(session)
    team_of(session, place, "西片", "P1", "P2", "P3")
    team_of(session, place, "东片", "P4", kind="lei_feng")
    teams.add_team(session, place, "北片")

    found = teams.listing(session, user(session, Role.OFFICIAL, place), place, at=NOW)

    assert [(one.team.name, one.members, [who.number for who in one.leaders]) for one in found] == [
        ("北片", 0, []),
        ("西片", 3, ["P1"]),
        ("东片", 1, ["P4"]),
    ]


def test_a_volunteer_sees_the_own_team_alone_and_only_the_leaders_phone(session: Session) -> None:
    place, _ = make.town(session)
    mine, (leader, me, other) = team_of(session, place, "东片", "P1", "P2", "P3")
    foreign, _ = team_of(session, place, "西片", "P4")
    volunteer = user(session, Role.GRID_WORKER, place, person=me)

    assert [one.team for one in teams.listing(session, volunteer, place, at=NOW)] == [mine]
    assert teams.roll(session, volunteer, mine, at=NOW).reachable == {leader.id, me.id}
    assert teams.roll(session, user(session, Role.GRID_WORKER, place, person=leader), mine, at=NOW).reachable == {
        leader.id,
        me.id,
        other.id,
    }
    with pytest.raises(OutOfScope):
        teams.find(session, volunteer, foreign.id, at=NOW)


def test_a_manager_of_one_grid_sees_teams_and_rings_people_who_are_posted_there(session: Session) -> None:
    place, _ = make.town(session)
    mine, (_, posted) = team_of(session, place, "东片", "P1", "P2")
    foreign, _ = team_of(session, place, "西片", "P4")
    grid = f"{place.code}001"
    roster.post(session, posted, Duty.GRID_WORKER, PlaceKind.GRID, grid_code=grid, valid_from=SPRING)
    manager = user(session, Role.GRID_MANAGER, place, grid=grid)

    assert [one.team for one in teams.listing(session, manager, place, at=NOW)] == [mine]
    assert teams.roll(session, manager, mine, at=NOW).reachable == {posted.id}
    with pytest.raises(OutOfScope):
        teams.find(session, manager, foreign.id, at=NOW)


def test_an_official_reads_who_belongs_to_a_team_but_rings_nobody(session: Session) -> None:
    place = make.community(session)
    team, _ = team_of(session, place, "东片", "P1", "P2")

    roll = teams.roll(session, user(session, Role.OFFICIAL, place), team, at=NOW)

    assert (len(roll.members), roll.reachable) == (2, frozenset())


def efforts(session: Session, place: Community, found: list[Team], months: list[date]) -> list[team_effort.Effort]:
    return team_effort.effort(session, place, found, months, at=NOW)


def test_effort_of_a_month_is_told_from_three_walkers_on_and_not_of_two(session: Session) -> None:
    place = make.community(session)
    three, people = team_of(session, place, "东片", "P1", "P2", "P3")
    two, pair = team_of(session, place, "西片", "P4", "P5")
    for person in [*people, *pair]:
        walk(session, place, person, date(2026, 11, 3))
        walk(session, place, person, date(2026, 11, 4))

    told, hidden = efforts(session, place, [three, two], [date(2026, 11, 1)])

    assert (told.patrols, told.minutes, told.metres, told.months, told.hidden) == (6, 360.0, 18000.0, 1, 0)
    assert (hidden.patrols, hidden.minutes, hidden.metres, hidden.valid_reports) == (None,) * 4
    assert (hidden.months, hidden.hidden) == (0, 1)


def test_a_quarter_adds_up_only_the_months_that_may_be_told(session: Session) -> None:
    place = make.community(session)
    team, people = team_of(session, place, "东片", "P1", "P2", "P3")
    for person in people:
        walk(session, place, person, date(2026, 10, 5))
    walk(session, place, people[0], date(2026, 11, 5), minutes=500.0)

    (found,) = efforts(session, place, [team], team_effort.months_of(2026, 10, 3))

    assert (found.minutes, found.months, found.hidden) == (180.0, 1, 1)


def test_a_patrol_counts_for_the_team_it_was_walked_for_else_for_the_only_one_of_its_walker(session: Session) -> None:
    place = make.community(session)
    east, people = team_of(session, place, "东片", "P1", "P2", "P3")
    west = teams.add_team(session, place, "西片")
    teams.join(session, west, people[0], on=SPRING)
    for person in people:
        walk(session, place, person, date(2026, 11, 3), team=east)
    walk(session, place, people[0], date(2026, 11, 4), minutes=7.0)
    walk(session, place, people[1], date(2026, 11, 4), minutes=11.0)

    (found,) = efforts(session, place, [east], [date(2026, 11, 1)])

    assert found.minutes == 191.0


def test_walks_before_somebody_joined_are_not_the_teams(session: Session) -> None:
    place = make.community(session)
    team, people = team_of(session, place, "东片", "P1", "P2", "P3")
    for person in people:
        walk(session, place, person, date(2026, 2, 27))

    (found,) = efforts(session, place, [team], [date(2026, 2, 1)])

    assert (found.months, found.hidden) == (0, 0)


def test_streets_that_several_walked_are_covered_once(session: Session) -> None:
    place, _ = make.town(session)
    # 170 m along the southern row, and a lane nobody walks.
    make.street(session, place, shapely.LineString([(116.3, 40.0005), (116.302, 40.0005)]))
    make.street(session, place, shapely.LineString([(116.3, 40.0015), (116.301, 40.0015)]))
    team, people = team_of(session, place, "东片", "P1", "P2", "P3")
    along = shapely.MultiLineString([[(116.3, 40.0005), (116.302, 40.0005)]])
    for person in people:
        walk(session, place, person, date(2026, 11, 3), track=along)

    (found,) = efforts(session, place, [team], [date(2026, 11, 1)])

    assert found.street_metres_seen == pytest.approx(170.8, abs=1)
    assert found.street_metres == pytest.approx(256.2, abs=1)


def test_a_report_counts_once_somebody_else_has_taken_it_on(session: Session) -> None:
    place, _ = make.town(session)
    team, people = team_of(session, place, "东片", "P1", "P2", "P3")
    for person in people:
        walk(session, place, person, date(2026, 11, 3))
    me, manager = user(session, Role.GRID_WORKER, place, person=people[0]), user(session, Role.GRID_MANAGER, place)
    yesterday = NOW - timedelta(days=1)

    def report() -> incidents.Incident:
        said = {"source": IncidentSource.PATROL, "description": "井盖破损", "by": me, "point": (116.3005, 40.0005)}
        return incidents.report(session, place, at=yesterday, **said)

    accepted, settled, voided, _untouched = (report() for _ in range(4))
    incidents.step(session, accepted, StepKind.ACCEPT, by=manager, at=NOW)
    incidents.step(session, settled, StepKind.SETTLE_ON_THE_SPOT, by=me, at=NOW)
    incidents.step(session, voided, StepKind.VOID, by=manager, at=NOW, note="重复")

    (found,) = efforts(session, place, [team], [date(2026, 11, 1)])

    assert found.valid_reports == 1
