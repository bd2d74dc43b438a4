from datetime import UTC, date, datetime

import make
import pytest

from data.errors import NotFound
from data.models import ChainLink, PlaceKind
from patrols import building_cards, overrides, roster
from patrols.errors import OutOfScope
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
NEW_YEAR = date(2026, 1, 1)


@pytest.fixture
def place(session):
    return make.town(session)[0]


def house(session, place, column, name, households=40):
    shape = make.degrees_square(column, 1).buffer(-0.0003)
    row = make.building(session, place, shape, name=name, households=households)
    session.refresh(row)
    return row


def listed(session, place, number, scope=EVERYTHING):
    return building_cards.buildings_of_grid(session, scope, place, f"{place.code}{number:03d}", at=AT)


def test_the_buildings_of_a_grid_come_with_most_households_first(session, place):
    house(session, place, 0, "1号楼", 20)
    house(session, place, 0, "2号楼", 60)
    house(session, place, 0, "车库", 0)
    house(session, place, 1, "3号楼", 99)

    assert list(listed(session, place, 1)["name"]) == ["2号楼", "1号楼"]


def test_a_building_that_another_grid_serves_is_in_that_one_s_list(session, place):
    home = house(session, place, 0, "1号楼")
    codes = {"grid_code": f"{place.code}001", "served_by": f"{place.code}002"}
    overrides.serve(session, home, **codes, valid_from=NEW_YEAR, at=AT)

    assert list(listed(session, place, 1).index) == []
    assert list(listed(session, place, 2).index) == [home.id]


def test_a_card_names_who_answers_for_the_building_first(session, place):
    home = house(session, place, 0, "1号楼")
    links = [("group_head", PlaceKind.BUILDING, "楼长"), ("grid_worker", PlaceKind.GRID, "网格员")]
    for position, (duty, kind, zh) in enumerate(links, start=1):
        row = ChainLink(community_id=place.id, position=position, duty=duty, place_kind=kind, zh=zh, en=duty)
        make.add(session, row)
    head = make.person(session, place, "1", name="孙楼长")
    worker = make.person(session, place, "2", name="李网格")
    roster.post(session, head, "group_head", PlaceKind.BUILDING, valid_from=NEW_YEAR, building_id=home.id)
    roster.post(session, worker, "grid_worker", PlaceKind.GRID, valid_from=NEW_YEAR, grid_code=f"{place.code}001")

    card = building_cards.building_card(session, EVERYTHING, place, home.id, at=AT)

    assert card.grid_code == f"{place.code}001"
    assert [link.name for link in card.chain] == ["孙楼长", "李网格"]


def test_buildings_of_grids_that_may_not_be_seen_are_refused(session, place):
    home = house(session, place, 0, "1号楼")
    other = Scope(communities=frozenset({place.id}), grids=frozenset({f"{place.code}002"}))

    with pytest.raises(OutOfScope):
        listed(session, place, 1, other)
    with pytest.raises(OutOfScope):
        building_cards.building_card(session, other, place, home.id, at=AT)


def test_a_building_of_another_community_is_not_found(session, place):
    away = make.community(session, "110108001002")
    home = house(session, away, 0, "1号楼")

    for number in (home.id, 10**12):
        with pytest.raises(NotFound):
            building_cards.building_card(session, EVERYTHING, place, number, at=AT)
