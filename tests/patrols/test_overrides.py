"""A building in one grid that another grid serves: from when until when, on which ground, and never in the past."""

from datetime import UTC, date, datetime, timedelta

import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.exchange.reading import Reading
from data.models import Building, Community, EditionStage, GridEdition, PatrolCredit
from patrols import intake, overrides
from patrols.locating import Rule, locate_many
from patrols.overrides import BadOverride
from patrols.responsibility import find_responsible

NOON = datetime(2026, 9, 14, 4, tzinfo=UTC)
"""12:00 in Beijing."""
SINCE = date(2026, 5, 1)
WEST, SOUTH = make.ORIGIN
MIDDLE = (WEST + 0.0005, SOUTH + 0.0015)
"""In the middle of the north-western grid, which is number 001."""
HOUSE = shapely.box(WEST + 0.0003, SOUTH + 0.0013, WEST + 0.0007, SOUTH + 0.0017)
"""Around that middle: 34 by 44 m."""


def house_in_the_first_grid(session: Session) -> tuple[Community, GridEdition, Building]:
    community, edition = make.town(session)
    return community, edition, make.building(session, community, HOUSE, name="3号楼")


def serve(session: Session, place: object, by: str = "003", **fields: object) -> None:
    code = "110108001001"
    overrides.serve(
        session, place, grid_code=f"{code}001", served_by=f"{code}{by}", **{"valid_from": SINCE, "at": NOON} | fields
    )


def test_a_building_is_served_by_the_grid_that_the_row_says(session: Session) -> None:
    community, edition, house = house_in_the_first_grid(session)
    serve(session, house)

    answer = find_responsible(session, MIDDLE, at=NOON)

    assert (answer.grid_code, answer.rule, answer.edition) == (f"{community.code}003", Rule.OVERRIDE, edition)
    assert answer.border_m == pytest.approx(17.1, abs=0.2)
    assert answer.facts["from_code"] == f"{community.code}001"
    assert answer.facts["object"] == "3号楼"


def test_beside_the_building_its_own_grid_answers_as_before(session: Session) -> None:
    community, _, house = house_in_the_first_grid(session)
    serve(session, house)

    answer = find_responsible(session, (WEST + 0.0008, SOUTH + 0.0015), at=NOON, accuracy_m=3)

    assert (answer.grid_code, answer.rule, answer.sure) == (f"{community.code}001", Rule.INSIDE, True)


def test_a_position_that_may_be_outside_the_building_is_not_sure(session: Session) -> None:
    community, _, house = house_in_the_first_grid(session)
    serve(session, house)

    exact = find_responsible(session, MIDDLE, at=NOON, accuracy_m=3)
    vague = find_responsible(session, MIDDLE, at=NOON, accuracy_m=30)

    assert (exact.sure, vague.sure) == (True, False)
    assert vague.next_code == f"{community.code}001"
    assert vague.probability == pytest.approx(0.45, abs=0.1)


@pytest.mark.parametrize(
    ("day", "number"), [(date(2026, 4, 30), "001"), (date(2026, 5, 1), "003"), (date(2026, 5, 2), "001")]
)
def test_it_holds_from_its_first_local_day_until_before_its_last(session: Session, day: date, number: str) -> None:
    community, _, house = house_in_the_first_grid(session)
    serve(session, house, valid_until=date(2026, 5, 2))
    just_before_midnight = datetime(day.year, day.month, day.day, 15, 59, tzinfo=UTC)

    assert find_responsible(session, MIDDLE, at=just_before_midnight).grid_code == f"{community.code}{number}"


def test_each_of_many_points_gets_the_overrides_of_its_own_day(session: Session) -> None:
    community, _, house = house_in_the_first_grid(session)
    serve(session, house)
    moments = [datetime(2026, 4, 30, 15, 59, tzinfo=UTC), datetime(2026, 4, 30, 16, 0, tzinfo=UTC)] * 2
    points = pd.DataFrame(
        {"lon": MIDDLE[0], "lat": MIDDLE[1], "at": pd.to_datetime(moments, utc=True)}, index=list("dacb")
    )

    found = locate_many(session, points)

    assert found["grid_code"].to_dict() == {
        "d": f"{community.code}001",
        "a": f"{community.code}003",
        "c": f"{community.code}001",
        "b": f"{community.code}003",
    }
    assert found["rule"].tolist() == ["inside", "override"] * 2
    assert found["override_id"].notna().tolist() == [False, True] * 2


def test_ending_one_leaves_what_it_decided_before(session: Session) -> None:
    community, _, house = house_in_the_first_grid(session)
    serve(session, house)
    (row,) = overrides.listing(session, community)

    overrides.end(session, row, date(2026, 9, 1))

    assert find_responsible(session, MIDDLE, at=NOON).rule is Rule.INSIDE
    assert find_responsible(session, MIDDLE, at=datetime(2026, 8, 1, tzinfo=UTC)).rule is Rule.OVERRIDE
    assert overrides.listing(session, community, at=NOON) == []
    with pytest.raises(BadOverride, match="already ended on 2026-09-01"):
        overrides.end(session, row, date(2026, 9, 2))


def test_a_building_goes_before_the_compound_around_it(session: Session) -> None:
    community, _, house = house_in_the_first_grid(session)
    yard = make.compound(session, community, make.degrees_square(0, 1), name="和园")
    serve(session, yard, "004")
    serve(session, house, "003")

    in_house = find_responsible(session, MIDDLE, at=NOON)
    in_yard = find_responsible(session, (WEST + 0.0001, SOUTH + 0.0015), at=NOON)

    assert (in_house.grid_code, in_house.facts["object"]) == (f"{community.code}003", "3号楼")
    assert (in_yard.grid_code, in_yard.facts["object"]) == (f"{community.code}004", "和园")


def test_only_the_part_in_the_named_grid_is_moved(session: Session) -> None:
    community, _ = make.town(session)
    across = shapely.box(WEST + 0.0005, SOUTH + 0.0013, WEST + 0.0015, SOUTH + 0.0017)
    serve(session, make.building(session, community, across, name="长楼"), "003")

    west = find_responsible(session, (WEST + 0.0007, SOUTH + 0.0015), at=NOON, accuracy_m=1)
    east = find_responsible(session, (WEST + 0.0013, SOUTH + 0.0015), at=NOON, accuracy_m=1)

    assert (west.grid_code, west.rule) == (f"{community.code}003", Rule.OVERRIDE)
    assert (east.grid_code, east.rule) == (f"{community.code}002", Rule.INSIDE)


def test_it_rests_while_the_edition_lacks_one_of_its_grids(session: Session) -> None:
    community, first, house = house_in_the_first_grid(session)
    serve(session, house)
    first.stage, first.valid_until = EditionStage.RETIRED, date(2026, 9, 1)
    code = community.code
    later = {f"{code}001": make.degrees_square(0, 1), f"{code}007": make.degrees_square(2, 1)}
    make.edition(session, community, later, number=2, valid_from=date(2026, 9, 1))

    assert find_responsible(session, MIDDLE, at=NOON).rule is Rule.INSIDE
    assert find_responsible(session, MIDDLE, at=datetime(2026, 8, 1, tzinfo=UTC)).rule is Rule.OVERRIDE


def test_an_object_with_a_wall_on_the_border_makes_no_sliver(session: Session) -> None:
    community, _ = make.town(session)
    corner = shapely.box(WEST + 0.0008, SOUTH + 0.0013, WEST + 0.001, SOUTH + 0.0017)
    serve(session, make.building(session, community, corner, name="边楼"), "002")

    answer = find_responsible(session, (WEST + 0.00099, SOUTH + 0.0015), at=NOON, accuracy_m=5)

    assert (answer.grid_code, answer.rule, answer.sure) == (f"{community.code}002", Rule.OVERRIDE, True)


def test_whoever_walks_through_an_object_walks_in_the_grid_where_it_stands(session: Session) -> None:
    community, _ = make.town(session)
    yard = make.compound(session, community, HOUSE, name="三号院")
    serve(session, yard)
    # From west to east through the middle of the yard, within grid 001.
    east = np.linspace(WEST + 0.0001, WEST + 0.0009, 20)
    at = pd.date_range(NOON, periods=20, freq="5s")
    walk = pd.DataFrame({"patrol": "walk", "at": at, "lon": east, "lat": MIDDLE[1], "accuracy_m": 5.0})
    walk = walk.assign(source_row=range(1, 21))
    walk.attrs = {"file": "walk.gpx", "notes": []}

    intake.import_patrols(session, Reading(walk, []), community, at=NOON + timedelta(hours=1))

    assert find_responsible(session, MIDDLE, at=NOON).grid_code == f"{community.code}003"
    assert session.scalars(select(PatrolCredit.grid_code)).all() == [f"{community.code}001"]


def test_one_without_sense_is_refused(session: Session) -> None:
    _, _, house = house_in_the_first_grid(session)

    with pytest.raises(BadOverride, match="serves its own ground already"):
        serve(session, house, "001")
    with pytest.raises(BadOverride, match="has no grid 110108001001099"):
        serve(session, house, "099")
    with pytest.raises(BadOverride, match="before it begins"):
        serve(session, house, valid_until=SINCE)


def test_two_grids_never_serve_one_object_at_once(session: Session) -> None:
    _, _, house = house_in_the_first_grid(session)
    serve(session, house, valid_until=date(2026, 6, 1))

    with pytest.raises(Conflict, match="3号楼 is served by grid 110108001001003 since 2026-05-01"):
        serve(session, house, "002", valid_from=date(2026, 5, 31))
    serve(session, house, "002", valid_from=date(2026, 6, 1))
