"""Taking in the ground: outline, streets, buildings, compounds."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import make
import pandas as pd
import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Building, Community, Compound, Street, StreetClass
from patrols import intake

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, SOUTH = make.ORIGIN


def reading(shapes: list[BaseGeometry | None], crs: Any = 4326, **columns: Any) -> Reading[Any]:
    """Rows as a reader hands them back."""
    frame = gpd.GeoDataFrame({**columns, "source_row": range(1, len(shapes) + 1)}, geometry=shapes, crs=crs)
    frame.attrs = {"file": "town.gpkg", "notes": []}
    return Reading(frame, [])


def line(*points: tuple[float, float]) -> shapely.LineString:
    """A line by hundredths of a grid's side from the origin."""
    return shapely.LineString([(WEST + x * 1e-5, SOUTH + y * 1e-5) for x, y in points])


def take(
    session: Session, how: Callable[..., intake.Intake], community: Community, rows: Reading[Any], **more: Any
) -> intake.Intake:
    return how(session, rows, community, at=AT, **more)


def test_an_outline_is_the_union_of_the_files_polygons_and_replaces_the_old_one(session: Session) -> None:
    community = make.community(session)
    halves = reading([make.degrees_square(0), make.degrees_square(1)])

    first = take(session, intake.import_outline, community, halves)
    second = take(session, intake.import_outline, community, reading([make.degrees_square(0)]))

    assert (first.stored, second.updated) == (1, 1)
    assert frames.outline(session, community.id, degrees=True).geometry.iloc[0].area == pytest.approx(1e-6)


def test_streets_are_read_with_chinese_headings_and_classes(session: Session) -> None:
    community = make.community(session)
    rows = reading(
        [line((0, 0), (50, 0)), line((0, 0), (0, 50)), line((0, 0), (50, 50))],
        编号=["a", "b", "c"],
        名称=["学院路", "和园巷", None],
        道路等级=["主干路", "背街小巷", None],
    )

    found = take(session, intake.import_streets, community, rows)

    stored = session.execute(select(Street.source_key, Street.name, Street.street_class).order_by("source_key")).all()
    assert found.stored == 3
    assert stored == [
        ("a", "学院路", StreetClass.ARTERIAL),
        ("b", "和园巷", StreetClass.BACK_STREET),
        ("c", "", StreetClass.BRANCH),
    ]


def test_the_same_file_again_changes_nothing_and_a_newer_one_replaces_by_key(session: Session) -> None:
    community = make.community(session)
    take(session, intake.import_streets, community, reading([line((0, 0), (50, 0))], source_key=["a"], name=["old"]))

    again = take(
        session, intake.import_streets, community, reading([line((0, 0), (60, 0))], source_key=["a"], name=["new"])
    )

    assert (again.stored, again.updated) == (0, 1)
    assert session.scalars(select(Street.name)).all() == ["new"]
    assert frames.streets(session, community.id, degrees=True).geometry.iloc[0].equals(line((0, 0), (60, 0)))


def test_rows_without_keys_are_known_by_their_shape(session: Session) -> None:
    community = make.community(session)
    rows = reading([make.degrees_square(0), make.degrees_square(1), make.degrees_square(0)], households=[1, 2, 3])

    first = take(session, intake.import_buildings, community, rows)
    again = take(session, intake.import_buildings, community, rows)

    assert (first.stored, first.unchanged) == (2, 1)
    assert (again.stored, again.updated) == (0, 2)
    assert session.scalar(select(func.count()).select_from(Building)) == 2


def test_one_key_with_two_shapes_is_refused_and_nothing_is_stored(session: Session) -> None:
    community = make.community(session)
    rows = reading([line((0, 0), (50, 0)), line((0, 0), (0, 50))], source_key=["a", "a"])

    with pytest.raises(RowsRefused) as refused:
        take(session, intake.import_streets, community, rows)

    assert [str(one) for one in refused.value.refusals] == ["town.gpkg:2:source_key: a is already in row 1."]
    assert session.scalar(select(func.count()).select_from(Street)) == 0


def test_bad_rows_are_all_listed_and_skipped_only_when_asked(session: Session) -> None:
    community = make.community(session)
    rows = reading(
        [make.degrees_square(0), shapely.Point(WEST, SOUTH), None, make.degrees_square(1), make.degrees_square(2)],
        户数=["12", "1", "1", "1.5", "many"],
        楼名=["1号楼", "", "", "", ""],
    )

    with pytest.raises(RowsRefused) as refused:
        take(session, intake.import_buildings, community, rows)
    taken = take(session, intake.import_buildings, community, rows, skip_bad=True)

    assert [str(one) for one in refused.value.refusals] == [
        "town.gpkg:2: The shape is a Point, but should be one of Polygon, MultiPolygon.",
        "town.gpkg:3: The row has no shape.",
        "town.gpkg:4:户数: 1.5 is not a whole number.",
        "town.gpkg:5:户数: many is not a number.",
    ]
    assert (taken.stored, len(taken.refusals)) == (1, 4)
    assert session.execute(select(Building.name, Building.households)).all() == [("1号楼", 12)]


def test_a_ring_that_crosses_itself_is_mended_and_mentioned(session: Session) -> None:
    community = make.community(session)
    bow = shapely.Polygon([(WEST, SOUTH), (WEST + 0.001, SOUTH + 0.001), (WEST + 0.001, SOUTH), (WEST, SOUTH + 0.001)])

    found = take(session, intake.import_compounds, community, reading([bow], 小区名称=["和园"]))

    assert found.stored == 1
    assert [str(note) for note in found.notes] == ["town.gpkg:1: A ring crosses itself; it was mended."]
    assert frames.compounds(session, community.id).geometry.is_valid.all()


def test_a_street_of_several_lines_becomes_a_row_for_each(session: Session) -> None:
    community = make.community(session)
    both = shapely.MultiLineString([line((0, 0), (50, 0)), line((0, 50), (50, 50))])

    take(session, intake.import_streets, community, reading([both], source_key=["way 7"], name=["学院路"]))

    assert sorted(session.scalars(select(Street.source_key))) == ["way 7", "way 7#2"]
    take(session, intake.import_streets, community, reading([line((0, 0), (50, 0))], source_key=["way 7"]))
    assert session.scalars(select(Street.source_key)).all() == ["way 7"]


def test_of_a_whole_citys_file_only_the_communitys_own_ground_is_taken(session: Session) -> None:
    community = make.community(session, outline=make.degrees_square(0))
    rows = reading([line((0, 0), (50, 0)), line((500, 0), (600, 0)), line((50, 50), (500, 50))])

    found = take(session, intake.import_streets, community, rows)

    assert (found.stored, found.outside) == (2, 1)
    assert [str(note) for note in found.notes] == ["town.gpkg: 1 rows lie outside of 民悦社区 and were left out."]


def test_a_file_of_another_place_is_refused(session: Session) -> None:
    community = make.community(session, outline=make.degrees_square(0))

    with pytest.raises(RowsRefused, match="None of the 1 shapes lies in 民悦社区"):
        take(session, intake.import_streets, community, reading([line((5000, 0), (6000, 0))]))


def test_households_that_the_file_does_not_give_are_estimated_and_counted(session: Session) -> None:
    community = make.community(session)
    rows = reading(
        [make.degrees_square(0, side=0.0002), make.degrees_square(1, side=0.0002)], households=[40, None], 层数=[6, 6]
    )

    found = take(session, intake.import_buildings, community, rows)

    counts = session.scalars(select(Building.households).order_by(Building.id)).all()
    # 17.1 m x 22.2 m x 6 floors / 100 m2.
    assert counts[0] == 40
    assert 20 <= counts[1] <= 25
    assert [str(note) for note in found.notes] == [
        "town.gpkg: Households of 1 buildings were estimated from ground and levels."
    ]


@pytest.mark.parametrize("compounds_first", [True, False])
def test_each_building_finds_its_compound_whichever_comes_first(session: Session, compounds_first: bool) -> None:
    community = make.community(session)
    houses = reading([make.degrees_square(0, side=0.0002), make.degrees_square(3, side=0.0010)], households=[5, 5])
    yards = reading([make.degrees_square(0)], name=["和园"])
    order = [(intake.import_compounds, yards), (intake.import_buildings, houses)]

    for how, rows in order if compounds_first else reversed(order):
        take(session, how, community, rows)

    yard = session.scalars(select(Compound)).one()
    assert session.scalars(select(Building.compound_id).order_by(Building.id)).all() == [yard.id, None]


def test_files_in_metres_are_stored_in_degrees(session: Session) -> None:
    community = make.community(session)
    in_metres = frames.to_metres(reading([make.degrees_square(0)]).frame)
    in_metres.attrs = {"file": "town.gpkg", "notes": []}

    take(session, intake.import_compounds, community, Reading(in_metres, []))

    stored = frames.compounds(session, community.id, degrees=True).geometry.iloc[0]
    assert stored.symmetric_difference(make.degrees_square(0)).area < 1e-12


def test_a_table_without_shapes_is_refused_with_what_to_give(spatialite_session: Session) -> None:
    community = make.community(spatialite_session)
    table = pd.DataFrame({"name": ["学院路"], "source_row": [2]})
    table.attrs = {"file": "streets.csv", "notes": []}

    with pytest.raises(RowsRefused, match="no shapes: give a map file"):
        take(spatialite_session, intake.import_streets, community, Reading(table, []))


def test_grids_with_official_codes_become_a_draft_as_they_are(session: Session) -> None:
    community = make.community(session)
    rows = reading(
        [make.degrees_square(0), make.degrees_square(1)],
        网格编码=["62122300100100A", "62122300100100B"],
        网格类型=["综合", "专属"],
        户数=[200, 0],
    )

    found = take(session, intake.import_grids, community, rows)

    grids = frames.grids(session, found.edition_id)
    assert list(grids["grid_code"]) == ["62122300100100A", "62122300100100B"]
    assert [str(kind) for kind in grids["kind"]] == ["general", "special"]


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (["A", "A"], "2:grid_code: A is already in row 1"),
        (["A", ""], "2:grid_code: This must not be empty"),
        (["A", "6.2E+11"], "spoilt by a spreadsheet"),
        (["A", "1" * 21], "longer than the 20 characters"),
    ],
)
def test_grid_codes_must_be_there_unique_and_unspoilt(
    spatialite_session: Session, codes: list[str], reason: str
) -> None:
    community = make.community(spatialite_session)
    rows = reading([make.degrees_square(0), make.degrees_square(1)], grid_code=codes)

    with pytest.raises(RowsRefused) as refused:
        take(spatialite_session, intake.import_grids, community, rows)
    assert any(reason in str(one) for one in refused.value.refusals)
