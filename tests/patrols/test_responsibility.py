"""Whose ground it is, by the grids and the people of the day."""

from datetime import UTC, date, datetime, timedelta

import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.models import ChainLink, Community, EditionStage, PlaceKind
from geo.errors import BadGeometry
from patrols import roster
from patrols.responsibility import Rule, editions_at, find_responsible, locate_many

NOON = datetime(2026, 9, 14, 4, tzinfo=UTC)
"""12:00 in Beijing."""

WEST, SOUTH = make.ORIGIN
MIDDLE = (WEST + 0.0005, SOUTH + 0.0015)
"""In the middle of the north-western grid, which is number 001."""


def add_chain(session: Session, community: Community) -> None:
    """Building head, then grid worker, then first secretary."""
    links = [
        ("building_head", PlaceKind.BUILDING, "楼栋长", "Building head"),
        ("grid_worker", PlaceKind.GRID, "网格员", "Grid worker"),
        ("first_secretary", PlaceKind.COMMUNITY, "第一书记", "First secretary"),
    ]
    for position, (duty, kind, zh, en) in enumerate(links, start=1):
        row = ChainLink(community_id=community.id, position=position, duty=duty, place_kind=kind, zh=zh, en=en)
        make.add(session, row)


def test_a_point_inside_a_grid_gets_its_chain_nearest_first(session: Session) -> None:
    community, edition = make.town(session)
    add_chain(session, community)
    worker, secretary = make.person(session, community, "P1", name="李静"), make.person(session, community, "P2")
    roster.post(
        session, worker, "grid_worker", PlaceKind.GRID, grid_code=f"{community.code}001", valid_from=date(2026, 1, 1)
    )
    roster.post(session, secretary, "first_secretary", PlaceKind.COMMUNITY, valid_from=date(2026, 1, 1))

    answer = find_responsible(session, MIDDLE, at=NOON)

    assert (answer.community, answer.edition, answer.grid_code) == (community, edition, f"{community.code}001")
    assert answer.rule is Rule.INSIDE
    assert answer.sure
    assert answer.border_m == pytest.approx(42.7, abs=0.5)
    assert [(link.duty, link.name) for link in answer.chain] == [("grid_worker", "李静"), ("first_secretary", "王秀英")]
    assert answer.answering is not None
    assert answer.answering.name == "李静"


def test_in_a_building_its_own_people_head_the_chain_and_vacant_links_are_shown(session: Session) -> None:
    community, _ = make.town(session)
    add_chain(session, community)
    spot = shapely.Point(MIDDLE).buffer(0.0001)
    house = make.building(session, community, spot, name="3号楼")
    head = make.person(session, community, "P3", name="张桂兰")
    roster.post(session, head, "building_head", PlaceKind.BUILDING, building_id=house.id, valid_from=date(2026, 1, 1))

    answer = find_responsible(session, MIDDLE, at=NOON)

    assert answer.building_id == house.id
    assert [(link.duty, link.name, link.place, link.vacant) for link in answer.chain] == [
        ("building_head", "张桂兰", "3号楼", False),
        ("grid_worker", "", f"{community.code}001", True),
        ("first_secretary", "", "民悦社区", True),
    ]


def test_a_point_in_a_compound_knows_it_through_the_ground(session: Session) -> None:
    community, _ = make.town(session)
    yard = make.compound(session, community, make.degrees_square(0, 1), name="和园")

    assert find_responsible(session, MIDDLE, at=NOON).compound_id == yard.id


@pytest.mark.parametrize(
    ("point", "rule", "number"),
    [
        ((WEST + 0.001, SOUTH + 0.0015), Rule.BORDER_TIE, "001"),
        ((WEST - 0.0001, SOUTH + 0.0015), Rule.WITHIN_REACH, "001"),
        ((WEST - 0.01, SOUTH + 0.0015), Rule.NONE, None),
    ],
)
def test_on_a_border_the_smaller_code_and_near_outside_the_nearest_grid_answers(
    session: Session, point: tuple[float, float], rule: Rule, number: str | None
) -> None:
    community, _ = make.town(session)

    answer = find_responsible(session, point, at=NOON)

    assert answer.rule is rule
    assert answer.grid_code == (number and community.code + number)


def test_ground_of_the_community_without_a_grid_falls_to_the_community(session: Session) -> None:
    community = make.community(session, outline=shapely.box(WEST, SOUTH, WEST + 0.01, SOUTH + 0.01))
    make.edition(session, community, {f"{community.code}001": make.degrees_square(0)})
    add_chain(session, community)
    secretary = make.person(session, community)
    roster.post(session, secretary, "first_secretary", PlaceKind.COMMUNITY, valid_from=date(2026, 1, 1))

    answer = find_responsible(session, (WEST + 0.008, SOUTH + 0.008), at=NOON)

    assert (answer.rule, answer.grid_code, answer.community) == (Rule.COMMUNITY_FALLBACK, None, community)
    assert [link.name for link in answer.chain] == ["王秀英"]


def test_before_any_grids_were_adopted_the_community_answers(session: Session) -> None:
    community, _ = make.town(session)

    answer = find_responsible(session, MIDDLE, at=datetime(2025, 6, 1, tzinfo=UTC))

    assert (answer.rule, answer.edition, answer.community) == (Rule.COMMUNITY_FALLBACK, None, community)


def test_where_two_communities_meet_exactly_one_answers(session: Session) -> None:
    west = make.community(session, "110108001001", make.degrees_square(0))
    east = make.community(session, "110108001002", make.degrees_square(1))
    for community, column in ((west, 0), (east, 1)):
        make.edition(session, community, {f"{community.code}001": make.degrees_square(column)})

    on_the_line = find_responsible(session, (WEST + 0.001, SOUTH + 0.0005), at=NOON)
    just_east = find_responsible(session, (WEST + 0.00101, SOUTH + 0.0005), at=NOON)

    assert (on_the_line.community, on_the_line.grid_code) == (west, "110108001001001")
    assert (just_east.community, just_east.grid_code) == (east, "110108001002001")
    assert not just_east.sure


def test_each_point_gets_the_grids_of_its_own_local_day(session: Session) -> None:
    community = make.community(session, outline=make.degrees_square(0))
    old, new = f"{community.code}001", f"{community.code}002"
    first = make.edition(session, community, {old: make.degrees_square(0)}, valid_until=date(2026, 9, 14))
    second = make.edition(session, community, {new: make.degrees_square(0)}, number=2, valid_from=date(2026, 9, 14))
    first.stage = EditionStage.RETIRED
    session.flush()
    last_minute = datetime(2026, 9, 13, 15, 59, tzinfo=UTC)
    moments = pd.Series(pd.to_datetime([last_minute, last_minute + timedelta(minutes=1)], utc=True), index=[7, 3])
    points = pd.DataFrame({"lon": WEST + 0.0005, "lat": SOUTH + 0.0005, "at": moments})

    found = locate_many(session, points)

    assert list(found.index) == [7, 3]
    assert list(found["grid_code"]) == [old, new]
    assert list(found["edition_id"]) == [first.id, second.id]
    assert list(editions_at(session, community, moments)) == [first.id, second.id]


def test_single_points_and_whole_files_are_decided_alike(session: Session) -> None:
    make.town(session)
    rng = np.random.default_rng(7)
    points = pd.DataFrame(
        {
            "lon": WEST + rng.uniform(-0.0005, 0.0035, 40),
            "lat": SOUTH + rng.uniform(-0.0005, 0.0025, 40),
            "at": pd.to_datetime([NOON] * 40, utc=True),
            "accuracy_m": rng.choice([5.0, 30.0, np.nan], 40),
        }
    )

    many = locate_many(session, points)

    for index, row in points.iterrows():
        accuracy = None if pd.isna(row["accuracy_m"]) else row["accuracy_m"]
        one = find_responsible(session, (row["lon"], row["lat"]), at=NOON, accuracy_m=accuracy)
        assert (one.grid_code, one.rule.value, one.sure) == tuple(many.loc[index, ["grid_code", "rule", "sure"]])


def test_a_hundred_points_on_a_shared_border_give_a_hundred_rows_with_one_grid_each(session: Session) -> None:
    community, _ = make.town(session)
    points = pd.DataFrame(
        {
            "lon": WEST + 0.001,
            "lat": SOUTH + 0.001 + np.linspace(0.00001, 0.00099, 100),
            "at": pd.to_datetime([NOON] * 100, utc=True),
        }
    )

    found = locate_many(session, points)

    assert len(found) == 100
    assert set(found["grid_code"]) == {f"{community.code}001"}
    assert set(found["rule"]) == {"border_tie"}


def test_the_number_of_queries_does_not_grow_with_the_points(session: Session) -> None:
    make.town(session)
    sent: list[str] = []
    event.listen(session.bind, "before_cursor_execute", lambda *args: sent.append(args[2]))
    counts = []
    for size in (1, 500):
        points = pd.DataFrame(
            {"lon": [MIDDLE[0]] * size, "lat": MIDDLE[1], "at": pd.to_datetime([NOON] * size, utc=True)}
        )
        sent.clear()
        session.expire_all()
        locate_many(session, points)
        counts.append(len(sent))

    assert counts[0] == counts[1]


def test_special_grids_lie_over_general_ones_without_taking_their_ground(session: Session) -> None:
    community, edition = make.town(session)
    special = edition.grids[1]
    special.kind, special.geom = "special", edition.grids[0].geom
    session.flush()

    assert find_responsible(session, MIDDLE, at=NOON).grid_code == f"{community.code}001"


@pytest.mark.parametrize("point", [(float("nan"), 40.0), (116.3, 95.0), (40.0, 116.3)])
def test_what_is_no_position_is_refused(spatialite_session: Session, point: tuple[float, float]) -> None:
    with pytest.raises(BadGeometry, match="no longitude and latitude"):
        find_responsible(spatialite_session, point, at=NOON)
