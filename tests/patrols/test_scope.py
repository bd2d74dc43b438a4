"""What each role may see; every object and every list asks here."""

from datetime import UTC, datetime

import make
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import (
    AuditRow,
    Building,
    Community,
    Grid,
    Incident,
    IncidentSource,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Role,
    User,
    UserScope,
)
from patrols.errors import OutOfScope
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)


def user(role: Role, *places: tuple[int, str | None], **fields: object) -> User:
    rows = [UserScope(community_id=community, grid_code=code) for community, code in places]
    return User(login="somebody", password_hash="x", role=role, created_at=AT, scopes=rows, **fields)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OFFICIAL])
def test_administrators_and_officials_without_places_see_everything(role: Role) -> None:
    assert Scope.of_user(user(role)).allows(1, "A")


@pytest.mark.parametrize("role", [Role.GRID_MANAGER, Role.GRID_WORKER, Role.HANDLER])
def test_anybody_else_without_places_sees_nothing(role: Role) -> None:
    scope = Scope.of_user(user(role))

    assert not scope.allows(1, "A")
    assert not scope.enters(1)


def test_an_official_with_places_sees_only_these() -> None:
    scope = Scope.of_user(user(Role.OFFICIAL, (1, None)))

    assert scope.allows(1, None)
    assert not scope.allows(2, "A")


def test_one_person_may_hold_a_whole_community_and_one_grid_of_another() -> None:
    scope = Scope.of_user(user(Role.GRID_WORKER, (1, None), (2, "B")))

    assert [scope.allows(1, "A"), scope.allows(1, None), scope.allows(2, "B"), scope.allows(2, "C")] == [
        *(True, True),
        *(True, False),
    ]
    assert not scope.allows(2, None)


def test_a_whole_community_and_a_grid_of_the_same_is_the_whole_community() -> None:
    assert Scope.of_user(user(Role.GRID_MANAGER, (1, None), (1, "A"))).allows(1, "Z")


@pytest.mark.parametrize("role", list(Role))
def test_reporters_are_shown_to_the_office_alone(role: Role) -> None:
    assert Scope.of_user(user(role)).reporters is (role in (Role.ADMINISTRATOR, Role.GRID_MANAGER))


def test_a_handler_without_an_office_sees_no_incident() -> None:
    scope = Scope.of_user(user(Role.HANDLER, (1, None)))

    assert not scope.allows_incident(Incident(community_id=1, grid_code="A"))


def test_what_was_dispatched_to_somebody_may_be_opened_wherever_it_lies() -> None:
    scope = Scope.of_user(user(Role.GRID_WORKER, (1, "A"), person_id=5))

    assert scope.allows_incident(Incident(community_id=1, grid_code="B", handler_id=5))
    assert not scope.allows_incident(Incident(community_id=1, grid_code="B", handler_id=6))
    assert not scope.allows_incident(Incident(community_id=2, grid_code="B", handler_id=5))


def test_require_says_that_it_lies_outside() -> None:
    with pytest.raises(OutOfScope, match="outside the communities and grids"):
        Scope(frozenset({1}), frozenset({"A"})).require(1, "B")
    with pytest.raises(OutOfScope):
        Scope(frozenset({1})).require_entry(2)


def two_towns(session: Session) -> list[Community]:
    """Two communities of two grids each; in each grid an incident and a patrol of that grid."""
    towns = []
    for code, row in (("110108001001", 0), ("110108001002", 5)):
        community = make.community(session, code, make.degrees_square(0, row).union(make.degrees_square(1, row)))
        grids = {f"{code}{n + 1:03d}": make.degrees_square(n, row) for n in range(2)}
        edition = make.edition(session, community, grids)
        make.building(session, community, make.degrees_square(0, row))
        for number, grid in enumerate(grids):
            place = {"community_id": community.id, "grid_code": grid}
            report = Incident(
                **place, number=f"N{number}", source=IncidentSource.PATROL, found_at=AT, grid_rule="inside"
            )
            make.add(session, report)
            patrol = Patrol(
                community_id=community.id, source=PatrolSource.FILE, source_key=grid, started_at=AT, ended_at=AT
            )
            make.add(session, patrol)
            credit = {"patrol_id": patrol.id, "edition_id": edition.id, "metres": 10.0, "minutes": 1.0}
            make.add(session, PatrolCredit(**credit, grid_code=grid))
        towns.append(community)
    return towns


@pytest.mark.parametrize(
    ("whole", "grids", "seen"),
    [
        (None, None, 4),
        ([0], None, 2),
        ([0], ["110108001001001"], 1),
        ([0, 1], ["110108001001001", "110108001002002"], 2),
        ([], None, 0),
        ([0], ["110108001002001"], 0),
    ],
)
def test_lists_and_single_objects_agree(
    session: Session, whole: list[int] | None, grids: list[str] | None, seen: int
) -> None:
    towns = two_towns(session)
    communities = None if whole is None else frozenset(towns[number].id for number in whole)
    scope = Scope(communities, None if grids is None else frozenset(grids))

    reports = list(session.scalars(scope.narrow(select(Incident), Incident)))
    ground = list(session.scalars(scope.narrow(select(Grid), Grid)))
    walks = list(session.scalars(scope.narrow(select(Patrol), Patrol)))

    assert (len(reports), len(ground), len(walks)) == (seen, seen, seen)
    assert {row.id for row in reports} == {
        row.id for row in session.scalars(select(Incident)) if scope.allows_incident(row)
    }
    assert {row.code for row in ground} == {
        row.code for row in session.scalars(select(Grid)) if scope.allows(row.edition.community_id, row.code)
    }


def test_a_walkers_own_patrols_are_seen_wherever_they_went(session: Session) -> None:
    community = two_towns(session)[0]
    walker = make.person(session, community)
    walk = Patrol(
        community_id=community.id,
        person_id=walker.id,
        source=PatrolSource.PAPER,
        source_key="own",
        started_at=AT,
        ended_at=AT,
    )
    make.add(session, walk)
    scope = Scope(frozenset({community.id}), frozenset({"no grid"}), person_id=walker.id)

    assert list(session.scalars(scope.narrow(select(Patrol), Patrol))) == [walk]


def test_buildings_and_communities_are_narrowed_by_community(session: Session) -> None:
    towns = two_towns(session)
    scope = Scope(frozenset({towns[0].id}), frozenset({"110108001001001"}))

    assert len(list(session.scalars(scope.narrow(select(Building), Building)))) == 1
    assert list(session.scalars(scope.narrow(select(Community), Community))) == [towns[0]]


def test_a_table_nobody_thought_of_is_never_open_by_default() -> None:
    with pytest.raises(TypeError, match="no scope is defined for AuditRow"):
        EVERYTHING.narrow(select(AuditRow), AuditRow)
