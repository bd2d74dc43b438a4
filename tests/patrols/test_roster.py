"""Postings and the chain of people who answer."""

from datetime import UTC, date, datetime

import make
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import ChainLink, Community, PlaceKind
from patrols import chains, roster
from patrols.roster import BadPosting

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
NEW_YEAR = date(2026, 1, 1)

CHAIN = [
    ("entrance_head", PlaceKind.HOUSEHOLDS, "联户长", "Household contact"),
    ("building_head", PlaceKind.ENTRANCE, "单元长", "Entrance head"),
    ("group_head", PlaceKind.BUILDING, "小组长", "Group head"),
    ("grid_worker", PlaceKind.COMPOUND, "网格员", "Grid worker"),
    ("committee_member", PlaceKind.GRID, "两委成员", "Committee member"),
    ("first_secretary", PlaceKind.COMMUNITY, "第一书记", "First secretary"),
]
"""The 五包 chain of 金塔, and above it the secretary."""


def add_chain(session: Session, community: Community) -> None:
    for position, (duty, kind, zh, en) in enumerate(CHAIN, start=1):
        row = ChainLink(community_id=community.id, position=position, duty=duty, place_kind=kind, zh=zh, en=en)
        make.add(session, row)


def test_the_whole_five_part_chain_of_a_household(session: Session) -> None:
    community, _ = make.town(session)
    add_chain(session, community)
    yard = make.compound(session, community, make.degrees_square(0), name="和园")
    house = make.building(session, community, make.degrees_square(0, side=0.0002), name="3号楼")
    places = [
        {
            "place_kind": PlaceKind.HOUSEHOLDS,
            "building_id": house.id,
            "household_from": "101",
            "household_until": "112",
        },
        {"place_kind": PlaceKind.ENTRANCE, "building_id": house.id, "entrance": "2单元"},
        {"place_kind": PlaceKind.BUILDING, "building_id": house.id},
        {"place_kind": PlaceKind.COMPOUND, "compound_id": yard.id},
        {"place_kind": PlaceKind.GRID, "grid_code": f"{community.code}001"},
        {"place_kind": PlaceKind.COMMUNITY},
    ]
    for number, ((duty, *_), place) in enumerate(zip(CHAIN, places, strict=True), start=1):
        who = make.person(session, community, f"P{number}", name=f"name {number}")
        roster.post(session, who, duty, valid_from=NEW_YEAR, **place)

    def chain(household: str) -> list[tuple[str, bool]]:
        found = chains.chain_for(
            session, community, f"{community.code}001", at=AT,
            compound_id=yard.id, building_id=house.id, entrance="2单元", household=household,
        )  # fmt: skip
        return [(link.name, link.vacant) for link in found]

    assert chain("109") == [(f"name {number}", False) for number in range(1, 7)]
    assert chain("9") == [("", True), *((f"name {number}", False) for number in range(2, 7))]


def test_links_on_places_that_are_not_known_are_left_out_and_unfilled_ones_are_vacant(session: Session) -> None:
    community, _ = make.town(session)
    add_chain(session, community)

    chain = chains.chain_for(session, community, f"{community.code}001", at=AT)

    assert [(link.zh, link.place, link.vacant) for link in chain] == [
        ("两委成员", f"{community.code}001", True),
        ("第一书记", "民悦社区", True),
    ]
    assert chains.answering(chain) is None


def test_a_posting_holds_from_its_first_day_until_the_day_it_ends(session: Session) -> None:
    community, _ = make.town(session)
    add_chain(session, community)
    secretary = make.person(session, community)
    posting = roster.post(session, secretary, "first_secretary", PlaceKind.COMMUNITY, valid_from=date(2026, 3, 1))
    roster.relieve(session, posting, date(2026, 3, 10))

    def vacant(day: date) -> bool:
        return chains.chain_for(session, community, None, at=day)[-1].vacant

    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 10)]
    assert [vacant(day) for day in days] == [True, False, False, True]


def test_a_posting_day_is_local_not_utc(session: Session) -> None:
    community, _ = make.town(session)
    add_chain(session, community)
    roster.post(
        session, make.person(session, community), "first_secretary", PlaceKind.COMMUNITY, valid_from=date(2026, 3, 1)
    )

    before_dawn = datetime(2026, 2, 28, 16, 30, tzinfo=UTC)

    assert not chains.chain_for(session, community, None, at=before_dawn)[-1].vacant


def test_the_same_posting_again_is_not_doubled_but_another_place_is_another_posting(session: Session) -> None:
    community, _ = make.town(session)
    who = make.person(session, community)
    first = roster.post(session, who, "grid_worker", PlaceKind.GRID, grid_code="G1", valid_from=NEW_YEAR)
    again = roster.post(session, who, "grid_worker", PlaceKind.GRID, grid_code="G1", valid_from=date(2026, 5, 1))
    other = roster.post(session, who, "grid_worker", PlaceKind.GRID, grid_code="G2", valid_from=NEW_YEAR)

    assert again is first
    assert other is not first


@pytest.mark.parametrize(
    ("kind", "place", "reason"),
    [
        (PlaceKind.GRID, {}, "needs grid_code"),
        (PlaceKind.ENTRANCE, {"building_id": 1}, "needs entrance"),
        (PlaceKind.COMMUNITY, {"grid_code": "G1"}, "does not take grid_code"),
        (PlaceKind.GRID, {"grid_code": "G1", "valid_until": date(2025, 12, 31)}, "before it begins"),
    ],
)
def test_a_posting_that_names_no_place_or_too_many_is_refused(
    spatialite_session: Session, kind: PlaceKind, place: dict[str, object], reason: str
) -> None:
    community, _ = make.town(spatialite_session)
    who = make.person(spatialite_session, community)

    with pytest.raises(BadPosting, match=reason):
        roster.post(spatialite_session, who, "grid_worker", kind, valid_from=NEW_YEAR, **place)


def test_somebody_already_relieved_cannot_be_relieved_later(spatialite_session: Session) -> None:
    community, _ = make.town(spatialite_session)
    who = make.person(spatialite_session, community)
    posting = roster.post(spatialite_session, who, "grid_worker", PlaceKind.COMMUNITY, valid_from=NEW_YEAR)
    roster.relieve(spatialite_session, posting, date(2026, 2, 1))

    with pytest.raises(BadPosting, match="already ended on 2026-02-01"):
        roster.relieve(spatialite_session, posting, date(2026, 3, 1))


def test_chains_of_many_grids_take_as_many_queries_as_of_one(session: Session) -> None:
    community, _ = make.town(session)
    add_chain(session, community)
    codes = [f"{community.code}{number:03d}" for number in range(1, 7)]
    for number, code in enumerate(codes):
        who = make.person(session, community, f"P{number}", name=f"name {number}")
        roster.post(session, who, "committee_member", PlaceKind.GRID, grid_code=code, valid_from=NEW_YEAR)
    sent: list[str] = []
    event.listen(session.bind, "before_cursor_execute", lambda *args: sent.append(args[2]))

    def ask(wanted: list[str]) -> tuple[int, dict[str, str]]:
        session.expire_all()
        _ = community.id, community.timezone
        sent.clear()
        found = chains.chains_for_grids(session, community, wanted, at=AT)
        return len(sent), {code: chain[0].name for code, chain in found.items()}

    one, _ = ask(codes[:1])
    many, names = ask(codes)

    assert one == many
    assert names == {code: f"name {number}" for number, code in enumerate(codes)}


def test_vacancies_list_every_grid_compound_and_inhabited_building_without_anybody(session: Session) -> None:
    community, _ = make.town(session, columns=2, rows=1)
    add_chain(session, community)
    make.compound(session, community, make.degrees_square(0), name="和园")
    make.building(session, community, make.degrees_square(0, side=0.0002), name="3号楼", households=20)
    make.building(session, community, make.degrees_square(1, side=0.0002), name="仓库", households=0)
    who = make.person(session, community)
    roster.post(session, who, "committee_member", PlaceKind.GRID, grid_code=f"{community.code}001", valid_from=NEW_YEAR)

    found = chains.vacancies(session, community, at=AT)

    assert [(link.en, link.place) for link in found] == [
        ("Group head", "3号楼"),
        ("Grid worker", "和园"),
        ("Committee member", f"{community.code}002"),
        ("First secretary", "民悦社区"),
    ]


def test_those_posted_inside_a_grid_are_found_by_where_their_building_stands(session: Session) -> None:
    community, edition = make.town(session, columns=2, rows=1)
    add_chain(session, community)
    here = make.building(session, community, make.degrees_square(0, side=0.0002), name="3号楼")
    there = make.building(session, community, make.degrees_square(1, side=0.0010), name="9号楼")
    for number, house in enumerate((here, there), start=1):
        who = make.person(session, community, f"P{number}", name=f"name {number}")
        roster.post(
            session,
            who,
            "building_head",
            PlaceKind.ENTRANCE,
            building_id=house.id,
            entrance="1单元",
            valid_from=NEW_YEAR,
        )

    found = chains.posted_inside(session, community, edition.grids[0], at=AT)

    assert [(link.name, link.en, link.place) for link in found] == [("name 1", "Entrance head", "3号楼 1单元")]


def test_people_come_with_only_the_postings_of_the_day(session: Session) -> None:
    community, _ = make.town(session)
    who = make.person(session, community)
    make.person(session, community, "P002", name="李静")
    old = roster.post(session, who, "grid_worker", PlaceKind.GRID, grid_code="G1", valid_from=NEW_YEAR)
    roster.relieve(session, old, date(2026, 6, 1))
    roster.post(session, who, "grid_worker", PlaceKind.GRID, grid_code="G2", valid_from=date(2026, 6, 1))

    people = roster.people(session, community, at=AT)

    assert [(one.number, [posting.grid_code for posting in one.postings]) for one in people] == [
        ("P001", ["G2"]),
        ("P002", []),
    ]


def test_a_number_that_is_not_on_the_roster_is_not_found(spatialite_session: Session) -> None:
    community, _ = make.town(spatialite_session)

    with pytest.raises(NotFound, match="nobody under the number P9"):
        roster.person(spatialite_session, community, "P9")
