"""Taking in the roster."""

from datetime import UTC, date, datetime
from typing import Any

import make
import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Community, Organisation, Person, PlaceKind, Posting, Team, TeamKind, TeamMember
from patrols import intake

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)


def sheet(**columns: list[Any]) -> Reading[Any]:
    """A roster as a table's reader hands it back."""
    frame = pd.DataFrame(columns)
    frame["source_row"] = range(2, len(frame) + 2)
    frame.attrs = {"file": "名册.xlsx", "notes": []}
    return Reading(frame, [])


def town(session: Session) -> Community:
    community, _ = make.town(session)
    make.compound(session, community, make.degrees_square(0), name="和园", source_key="yard 1")
    for key in ("house 1", "house 2"):
        make.building(session, community, make.degrees_square(0), name="3号楼", source_key=key)
    make.building(session, community, make.degrees_square(1), name="5号楼", source_key="house 5")
    return community


def postings(session: Session) -> list[tuple[str, str, PlaceKind]]:
    found = select(Person.number, Posting.duty, Posting.place_kind).join(Posting.person)
    return [tuple(row) for row in session.execute(found.order_by(Posting.id))]


def test_a_roster_with_chinese_headings_posts_everybody_on_the_smallest_place_named(session: Session) -> None:
    community = town(session)
    rows = sheet(
        编号=["P1", "P2", "P3", "P4", "P5", "P6", "P7"],
        姓名=["甲", "乙", "丙", "丁", "戊", "己", "庚"],
        职务=["网格长", "网格员", "小组长", "楼栋长", "联户长", "第一书记", ""],
        网格=[f"{community.code}001", "", "", "", "", "", ""],
        小区=["", "和园", "", "", "", "", ""],
        楼栋=["", "", "5号楼", "house 1", "house 1", "", ""],
        单元=["", "", "", "2单元", "", "", ""],
        起始户=["", "", "", "", "101", "", ""],
        终止户=["", "", "", "", "112", "", ""],
        任职日期=["2026-01-01", "2026/1/2", "2026年1月3日", "", "", "", ""],
    )

    found = intake.import_people(session, rows, community, at=AT)

    assert found.stored == 7
    assert postings(session) == [
        ("P1", "grid_manager", PlaceKind.GRID),
        ("P2", "grid_worker", PlaceKind.COMPOUND),
        ("P3", "group_head", PlaceKind.BUILDING),
        ("P4", "building_head", PlaceKind.ENTRANCE),
        ("P5", "household_contact", PlaceKind.HOUSEHOLDS),
        ("P6", "first_secretary", PlaceKind.COMMUNITY),
    ]
    assert session.scalars(select(Posting.valid_from).order_by(Posting.id)).all() == [
        *(date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)),
        *[date(2026, 9, 14)] * 3,
    ]


def test_a_person_of_several_postings_has_several_rows_and_one_name(session: Session) -> None:
    community = town(session)
    grids = [f"{community.code}00{n}" for n in (1, 2, 3)]
    rows = sheet(number=["P1"] * 3, name=["甲"] * 3, duty=["grid_worker"] * 3, grid_code=grids)

    first = intake.import_people(session, rows, community, at=AT)
    again = intake.import_people(session, rows, community, at=AT)

    assert (first.stored, again.stored, again.updated) == (1, 0, 0)
    assert len(postings(session)) == 3


def test_a_newer_roster_updates_phones_and_does_not_erase_what_it_leaves_empty(session: Session) -> None:
    community = town(session)
    intake.import_people(session, sheet(number=["P1"], name=["甲"], phone=["1380000"]), community, at=AT)

    renamed = intake.import_people(session, sheet(number=["P1"], name=["甲大"], phone=[""]), community, at=AT)

    person = session.scalars(select(Person)).one()
    assert (renamed.updated, person.name, person.phone) == (1, "甲大", "1380000")


def test_offices_and_teams_are_added_once(session: Session) -> None:
    community = town(session)
    rows = sheet(
        number=["P1", "P2", "P3"],
        name=["甲", "乙", "丙"],
        单位=["和园物业", "和园物业", ""],
        队伍=["东片小红帽", "东片小红帽", "义务消防队"],
    )

    for _ in range(2):
        intake.import_people(session, rows, community, at=AT)

    assert session.scalars(select(Organisation.name)).all() == ["和园物业"]
    assert session.execute(select(Team.name, Team.kind).order_by(Team.kind)).all() == [
        ("义务消防队", TeamKind.OTHER),
        ("东片小红帽", TeamKind.RED_CAP),
    ]
    assert session.scalar(select(func.count()).select_from(TeamMember)) == 3


def test_a_roster_says_which_offices_are_of_the_community_and_an_empty_cell_changes_nothing(session: Session) -> None:
    community = town(session)
    first = sheet(
        number=["P1", "P2", "P3"],
        name=["甲", "乙", "丙"],
        单位=["环卫所", "和园物业", "环卫所"],
        社区内单位=["否", "", ""],
    )
    again = sheet(number=["P1"], name=["甲"], 单位=["环卫所"])

    for rows in (first, again):
        intake.import_people(session, rows, community, at=AT)

    found = dict(session.execute(select(Organisation.name, Organisation.in_community)).all())
    assert found == {"环卫所": False, "和园物业": True}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"number": [""]}, "名册.xlsx:2:number: This must not be empty."),
        ({"name": [""]}, "名册.xlsx:2:name: This must not be empty."),
        ({"网格": ["999"]}, "名册.xlsx:2:网格: The community has no grid 999."),
        ({"building": ["9号楼"]}, "名册.xlsx:2:building: The community has no place called 9号楼."),
        ({"building": ["3号楼"]}, "名册.xlsx:2:building: 2 places are called 3号楼: give its key instead."),
        ({"社区内单位": ["是"]}, "名册.xlsx:2:社区内单位: Say which office this is about."),
        ({"单位": ["环卫所"], "in_community": ["maybe"]}, "maybe is not one of yes, no."),
        ({"place_kind": ["moon"]}, "moon is not one of community, grid, compound, building, entrance, households."),
        ({"place_kind": ["entrance"], "building": ["5号楼"]}, "of the kind entrance needs entrance."),
        ({"valid_from": ["someday"]}, "名册.xlsx:2:valid_from: someday is not a date. Write it like 2026-11-22."),
        ({"valid_until": ["2026-01-01"], "valid_from": ["2026-02-01"]}, "ends on 2026-01-01, before it begins."),
    ],
)
def test_what_does_not_fit_is_refused_with_row_and_heading(
    spatialite_session: Session, columns: dict[str, list[str]], reason: str
) -> None:
    community = town(spatialite_session)
    rows = sheet(**{"number": ["P1"], "name": ["甲"], "duty": ["grid_worker"], **columns})

    with pytest.raises(RowsRefused) as refused:
        intake.import_people(spatialite_session, rows, community, at=AT)

    assert any(reason in str(one) for one in refused.value.refusals), [str(one) for one in refused.value.refusals]
    assert spatialite_session.scalar(select(func.count()).select_from(Person)) == 0


def test_one_number_for_two_people_is_refused(spatialite_session: Session) -> None:
    community = town(spatialite_session)

    with pytest.raises(RowsRefused, match="P1 belongs to 甲 in an earlier row"):
        intake.import_people(spatialite_session, sheet(number=["P1", "P1"], name=["甲", "乙"]), community, at=AT)


def test_numbers_that_a_spreadsheet_made_into_figures_stay_as_written(spatialite_session: Session) -> None:
    community = town(spatialite_session)
    rows = sheet(number=[7.0, 8.0], name=["甲", "乙"], phone=[13800000001, 13800000002])

    intake.import_people(spatialite_session, rows, community, at=AT)

    stored = spatialite_session.execute(select(Person.number, Person.phone).order_by(Person.number)).all()
    assert stored == [("7", "13800000001"), ("8", "13800000002")]
