"""Notice boards: one address a place, and never more on them than may be public."""

from datetime import UTC, date, datetime, timedelta

import make
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import Building, ChainLink, Community, EditionStage, GridEdition, PlaceKind
from patrols import boards, overrides, roster
from patrols.boards import BadPhone

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
LATER = AT + timedelta(days=30)
NEW_YEAR = date(2026, 1, 1)

CHAIN = [
    ("entrance_head", PlaceKind.HOUSEHOLDS, "联户长"),
    ("building_head", PlaceKind.ENTRANCE, "单元长"),
    ("group_head", PlaceKind.BUILDING, "小组长"),
    ("grid_worker", PlaceKind.GRID, "网格员"),
    ("first_secretary", PlaceKind.COMMUNITY, "第一书记"),
]


@pytest.fixture
def town(session: Session) -> tuple[Community, GridEdition]:
    """Three by two grids with a chain; each link of it is somebody of its own, in the first grid."""
    place, edition = make.town(session)
    for position, (duty, kind, zh) in enumerate(CHAIN, start=1):
        make.add(
            session, ChainLink(community_id=place.id, position=position, duty=duty, place_kind=kind, zh=zh, en=duty)
        )
    return place, edition


@pytest.fixture
def house(session: Session, town: tuple[Community, GridEdition]) -> Building:
    """A building in the first grid, with somebody for its flats, its second entrance, itself, the grid and all."""
    place, _ = town
    shape = make.degrees_square(0, 1, side=0.001).buffer(-0.0003)
    home = make.building(session, place, shape, name="3号楼", households=60, source_key="b3")
    where: list[dict[str, object]] = [
        {"building_id": home.id, "household_from": "101", "household_until": "112"},
        {"building_id": home.id, "entrance": "2单元"},
        {"building_id": home.id},
        {"grid_code": f"{place.code}001"},
        {},
    ]
    names = ["赵户", "钱单元", "孙组长", "李网格", "周书记"]
    for number, (name, (duty, kind, _), fields) in enumerate(zip(names, CHAIN, where, strict=True)):
        person = make.person(session, place, f"P{number}", name=name, phone=f"1000000000{number}")
        roster.post(session, person, duty, kind, valid_from=NEW_YEAR, **fields)
    # Read again from the database, as the next day's visitor would have it.
    session.refresh(home)
    return home


def test_printing_a_board_again_keeps_its_address(session: Session, town: tuple[Community, GridEdition]) -> None:
    place, _ = town
    codes = [f"{place.code}002", f"{place.code}001", f"{place.code}002"]

    first = boards.put_up(session, place, at=AT, grid_codes=codes)
    again = boards.put_up(session, place, at=LATER, grid_codes=codes)

    assert [board.grid_code for board in first] == codes
    assert [board.token for board in again] == [board.token for board in first]
    assert len({board.token for board in first}) == 2
    assert len(first[0].token) >= 22


def test_printing_a_board_again_keeps_what_it_shows_unless_told_otherwise(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    place, _ = town
    codes = [f"{place.code}001"]

    shown = [
        boards.put_up(session, place, at=AT, grid_codes=codes, staff_phones=wanted)[0].staff_phones
        for wanted in (None, True, None, False)
    ]

    assert shown == [False, True, True, False]


def test_a_board_taken_down_answers_nobody_and_the_place_gets_a_new_address(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    (board,) = boards.put_up(session, town[0], at=AT, grid_codes=[f"{town[0].code}001"])
    boards.take_down(session, board, at=LATER)

    (fresh,) = boards.put_up(session, town[0], at=LATER, grid_codes=[f"{town[0].code}001"])

    assert fresh.token != board.token
    assert boards.find(session, fresh.token) is fresh
    for token in (board.token, "guessed", ""):
        with pytest.raises(NotFound, match="no longer valid"):
            boards.find(session, token)
    assert boards.listing(session, town[0]) == [fresh]


def test_a_grid_or_building_that_is_not_there_gets_no_board(
    session: Session, town: tuple[Community, GridEdition]
) -> None:
    with pytest.raises(NotFound, match="999"):
        boards.put_up(session, town[0], at=AT, grid_codes=[f"{town[0].code}001", f"{town[0].code}999"])
    with pytest.raises(NotFound, match="4711"):
        boards.put_up(session, town[0], at=AT, building_ids=[4711])

    assert boards.listing(session, town[0]) == []


def test_a_buildings_board_names_everybody_but_who_answers_for_which_flats(
    session: Session, town: tuple[Community, GridEdition], house: Building
) -> None:
    hung = boards.put_up(session, town[0], at=AT, grid_codes=[f"{town[0].code}001"], building_ids=[house.id])

    grid, building = boards.show(session, hung, at=AT)

    assert [link.name for link in grid.people] == ["李网格", "周书记"]
    assert [(link.name, link.place) for link in building.people][:2] == [
        ("钱单元", "3号楼 2单元"),
        ("孙组长", ""),
    ]
    assert [link.name for link in building.people][2:] == ["李网格", "周书记"]
    assert building.grid is not None
    assert building.grid.code == f"{town[0].code}001"
    assert building.day == date(2026, 11, 22)


@pytest.mark.parametrize(("staff_phones", "seen"), [(False, []), (True, ["10000000003", "10000000004"])])
def test_numbers_are_shown_only_where_wanted_and_volunteers_never(
    session: Session, town: tuple[Community, GridEdition], house: Building, staff_phones: bool, seen: list[str]
) -> None:
    hung = boards.put_up(session, town[0], at=AT, building_ids=[house.id], staff_phones=staff_phones)

    (shown,) = boards.show(session, hung, at=AT)

    assert [link.phone for link in shown.people if link.phone] == seen
    assert {(link.person_id, link.posting_id) for link in shown.people} == {(None, None)}


def test_a_board_changes_with_the_postings_of_the_day(
    session: Session, town: tuple[Community, GridEdition], house: Building
) -> None:
    hung = boards.put_up(session, town[0], at=AT, grid_codes=[f"{town[0].code}001"])
    before = boards.show(session, hung, at=datetime(2025, 12, 1, tzinfo=UTC))[0]

    (shown,) = boards.show(session, hung, at=AT)

    assert [link.vacant for link in shown.people] == [False, False]
    assert all(link.vacant for link in before.people)


def test_after_a_redraw_a_board_of_a_grid_that_is_gone_names_the_community(
    session: Session, town: tuple[Community, GridEdition], house: Building
) -> None:
    place, edition = town
    hung = boards.put_up(session, place, at=AT, grid_codes=[f"{place.code}001"], building_ids=[house.id])
    edition.valid_until = date(2026, 12, 1)
    edition.stage = EditionStage.RETIRED
    whole = make.degrees_square(0).union(make.degrees_square(0, 1))
    make.edition(session, place, {f"{place.code}900": whole}, number=2, valid_from=date(2026, 12, 1))

    grid, building = boards.show(session, hung, at=LATER)

    assert grid.grid is None
    assert [link.name for link in grid.people] == ["周书记"]
    assert building.grid is not None
    assert building.grid.code == f"{place.code}900"


def test_a_building_that_another_grid_serves_is_shown_with_that_grid(
    session: Session, town: tuple[Community, GridEdition], house: Building
) -> None:
    place, _ = town
    hung = boards.put_up(session, place, at=AT, building_ids=[house.id])
    codes = {"grid_code": f"{place.code}001", "served_by": f"{place.code}002"}
    overrides.serve(session, house, **codes, valid_from=date(2026, 11, 1), at=AT)

    (shown,) = boards.show(session, hung, at=AT)

    assert shown.grid is not None
    assert shown.grid.code == f"{place.code}002"


def test_any_number_of_boards_costs_the_same_number_of_queries(
    session: Session, town: tuple[Community, GridEdition], house: Building
) -> None:
    place, _ = town
    asked: list[str] = []

    def count(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    def queries(codes: list[str]) -> int:
        hung = boards.put_up(session, place, at=AT, grid_codes=codes, building_ids=[house.id])
        session.flush()
        asked.clear()
        boards.show(session, hung, at=AT)
        return len(asked)

    event.listen(session.connection(), "before_cursor_execute", count)
    codes = [f"{place.code}{i:03d}" for i in range(1, 7)]

    assert queries(codes[:1]) == queries(codes)


def test_boards_are_for_the_buildings_named_or_for_all_with_people_in_them(
    session: Session, town: tuple[Community, GridEdition], house: Building
) -> None:
    place, _ = town
    shed = make.building(session, place, make.degrees_square(2), name="车棚")

    assert boards.buildings(session, place) == [house.id]
    assert boards.buildings(session, place, ["车棚", "b3"]) == [shed.id, house.id]
    with pytest.raises(NotFound, match="9号楼"):
        boards.buildings(session, place, ["9号楼"])


@pytest.mark.parametrize("number", ["0930-8321234", "010 6278 0000", "+86 (930) 832-1234", ""])
def test_the_office_has_a_number_that_can_be_rung(
    session: Session, town: tuple[Community, GridEdition], number: str
) -> None:
    boards.set_office_phone(session, town[0], f" {number} ")

    assert town[0].office_phone == number


@pytest.mark.parametrize("number", ["ask Wang", "12", "1" * 40, "0930-8321234<b>"])
def test_what_nobody_can_ring_is_refused(session: Session, town: tuple[Community, GridEdition], number: str) -> None:
    with pytest.raises(BadPhone):
        boards.set_office_phone(session, town[0], number)
