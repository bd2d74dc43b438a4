"""What people asked for, by building, and never of so few that it shows a household."""

from datetime import UTC, date, datetime
from typing import Any

import make
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from data.models import (
    Building,
    Category,
    Community,
    Incident,
    IncidentSource,
    NoticeBoard,
    ResidentReport,
    Stage,
)
from patrols.errors import OutOfScope
from patrols.incident_view import IncidentView
from patrols.needs_by_building import OTHERS, _kinds, needs_by_building
from patrols.scope import EVERYTHING, Scope
from patrols.told_counts import FLOOR

MID = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)
OCTOBER = IncidentView(date(2026, 10, 1), date(2026, 10, 31))
WEST, SOUTH = make.ORIGIN


@pytest.fixture
def town(session: Session) -> tuple[Community, list[Building]]:
    """Two houses of 17 by 22 m, 68 m apart."""
    place, _ = make.town(session)
    shapes = [make.degrees_square(column, 0, 0.0002) for column in (0, 5)]
    houses = [
        make.building(session, place, shapely.MultiPolygon([shape]), name=f"{number}号楼", households=50)
        for number, shape in enumerate(shapes, start=1)
    ]
    return place, houses


def need(session: Session, place: Community, x_m: float, **fields: Any) -> Incident:
    """Add one that many metres east of the western house's corner, ten metres north of it."""
    point = shapely.Point(WEST + x_m / 85_400, SOUTH + 0.00009)
    fields = {"source": IncidentSource.RESIDENT, "stage": Stage.ACCEPTED, "geom": point} | fields
    number = f"N{session.query(Incident).count()}"
    return make.add(
        session,
        Incident(number=number, community_id=place.id, found_at=MID, grid_rule="inside", **fields),
    )


def kind(session: Session, code: str, **fields: Any) -> Category:
    return make.add(session, Category(family="home", kind="part", code=code, zh=code, en=code, **fields))


def test_what_lies_in_or_near_a_building_is_its_need(session: Session, town: tuple[Community, list[Building]]) -> None:
    place, houses = town
    for x_m in (5, -10, 30, 90, 110, 95, 100):
        need(session, place, x_m)
    need(session, place, 50)

    found = needs_by_building(session, EVERYTHING, place, OCTOBER)

    assert found["needs"].to_dict() == {houses[1].id: 4, houses[0].id: 3}
    assert found.loc[houses[0].id, "per_100_households"] == 6.0
    assert found.attrs == {"elsewhere": 1, "untold": 0}
    assert found.crs.to_epsg() == 4326
    assert found.geometry.iloc[0].bounds == pytest.approx((WEST + 0.001, SOUTH, WEST + 0.0012, SOUTH + 0.0002))


def test_only_what_people_asked_for_themselves_counts(session: Session, town: tuple[Community, list[Building]]) -> None:
    place, houses = town
    for source in IncidentSource:
        need(session, place, 5, source=source)
        need(session, place, 5, source=source)
    need(session, place, 5, stage=Stage.VOIDED)
    need(session, place, 5, category=kind(session, "09", sensitive=True))
    view = IncidentView(OCTOBER.since, OCTOBER.until, sources=(IncidentSource.PATROL,))

    found, patrols = (needs_by_building(session, EVERYTHING, place, one) for one in (OCTOBER, view))

    assert found["needs"].to_dict() == {houses[0].id: 4}
    assert patrols.empty


def test_what_was_told_at_a_buildings_board_is_its_need_wherever_the_phone_was(
    session: Session, town: tuple[Community, list[Building]]
) -> None:
    place, houses = town
    board = make.add(
        session,
        NoticeBoard(community_id=place.id, building_id=houses[1].id, token="t", created_at=MID),
    )
    for number in range(3):
        row = need(session, place, 5, geom=None if number else shapely.Point(WEST, SOUTH))
        make.add(session, ResidentReport(incident_id=row.id, seal=f"{number}", board_id=board.id, at=MID))

    found = needs_by_building(session, EVERYTHING, place, OCTOBER)

    assert found["needs"].to_dict() == {houses[1].id: 3}


def test_fewer_than_the_floor_are_told_of_no_building(session: Session, town: tuple[Community, list[Building]]) -> None:
    place, houses = town
    for _ in range(FLOOR - 1):
        need(session, place, 5)
    for _ in range(FLOOR):
        need(session, place, 90)

    found = needs_by_building(session, EVERYTHING, place, OCTOBER)

    assert list(found.index) == [houses[1].id]
    assert found.attrs["untold"] is None


def test_categories_are_told_apart_where_each_has_enough(
    session: Session, town: tuple[Community, list[Building]]
) -> None:
    place, houses = town
    one, two, three = (kind(session, code) for code in ("01", "02", "03"))
    for category, count in ((one, 4), (two, 2), (three, 1), (None, 3)):
        for _ in range(count):
            need(session, place, 5, category=category)

    found = needs_by_building(session, EVERYTHING, place, OCTOBER)

    assert found.loc[houses[0].id, "by_category"] == [(one.id, 4), (0, 3), (OTHERS, 3)]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_neither_a_category_nor_the_rest_is_ever_below_the_floor(counts: list[int]) -> None:
    found = _kinds(np.repeat(np.arange(1, len(counts) + 1), counts))

    assert sum(count for _, count in found) == sum(counts)
    assert all(count >= FLOOR for _, count in found) or sum(counts) < FLOOR


def test_nobody_is_told_of_ground_that_they_may_not_see(
    session: Session, town: tuple[Community, list[Building]]
) -> None:
    place, _ = town
    for _ in range(4):
        need(session, place, 5, grid_code=f"{place.code}004")
    one, other = (Scope(frozenset({place.id}), frozenset({f"{place.code}{code}"})) for code in ("004", "005"))

    assert len(needs_by_building(session, one, place, OCTOBER)) == 1
    assert needs_by_building(session, other, place, OCTOBER).empty
    with pytest.raises(OutOfScope):
        needs_by_building(session, Scope(frozenset()), place, OCTOBER)


def test_a_community_without_buildings_has_no_needs_at_any(session: Session) -> None:
    place, _ = make.town(session)
    need(session, place, 5)

    found = needs_by_building(session, EVERYTHING, place, OCTOBER)

    assert found.empty
    assert found.attrs == {"elsewhere": 1, "untold": 0}
