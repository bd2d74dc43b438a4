"""Grids that were drawn elsewhere: taken as they are, or with codes given and flaws told and mended."""

from datetime import UTC, datetime

import geopandas as gpd
import make
import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Community, Grid, GridEdition
from geo.tiling import find_flaws
from patrols.intake import import_grids

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)


def reading(shapes: list[shapely.Geometry], **columns: list[object]) -> Reading[gpd.GeoDataFrame]:
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    frame.attrs["file"] = "测绘.kml"
    return Reading(frame.assign(source_row=range(1, len(frame) + 1)), [])


def torn(session: Session) -> tuple[Community, list[shapely.Geometry]]:
    """A community of three squares in a row; grids with a gap of 8 m and an overlap of 8 m between them."""
    west, middle, east = (make.degrees_square(n) for n in range(3))
    place = make.community(session, outline=shapely.union_all([west, middle, east]))
    x, y = make.ORIGIN
    return place, [
        shapely.box(x, y, x + 0.0009, y + 0.001),
        shapely.box(x + 0.001, y, x + 0.0021, y + 0.001),
        east,
    ]


def codes_of(session: Session, edition_id: int | None) -> list[str]:
    return list(session.scalars(select(Grid.code).where(Grid.edition_id == edition_id).order_by(Grid.code)))


def test_flaws_between_the_grids_are_told_with_their_place(session: Session) -> None:
    place, shapes = torn(session)
    codes = [f"{place.code}00{n}" for n in (1, 2, 3)]

    done = import_grids(session, reading(shapes, 编码=codes), place, at=AT)

    told = [str(note.template % note.facts) for note in done.notes]
    assert any(f"Beside grid {codes[0]}, " in line and "belong to no grid" in line for line in told)
    assert any(f"Grids {codes[1]} and {codes[2]} both claim" in line for line in told)
    assert "mend them" in told[-1]
    assert codes_of(session, done.edition_id) == codes


def test_flaws_are_mended_on_wish(session: Session) -> None:
    place, shapes = torn(session)
    codes = [f"{place.code}00{n}" for n in (1, 2, 3)]

    done = import_grids(session, reading(shapes, 编码=codes), place, at=AT, repair=True)

    assert done.edition_id is not None
    assert find_flaws(frames.grids(session, done.edition_id), frames.outline(session, place.id)).empty
    told = [note.template % note.facts for note in done.notes]
    assert len(told) == 1
    assert told[0].startswith("2 grids were mended: ")


def test_grids_without_a_good_code_are_refused_or_given_one(session: Session) -> None:
    place, shapes = torn(session)
    make.edition(session, place, {f"{place.code}007": make.degrees_square(2)})
    columns: dict[str, list[object]] = {"编码": ["A001", "A001", "1.1E+11"]}

    with pytest.raises(RowsRefused):
        import_grids(session, reading(shapes, **columns), place, at=AT)
    done = import_grids(session, reading(shapes, **columns), place, at=AT, draft=True)

    # The first keeps its code, the easternmost has the ground of 007, the other gets the next number.
    assert codes_of(session, done.edition_id) == [f"{place.code}007", f"{place.code}008", "A001"]
    rows = [(note.row, note.facts["code"]) for note in done.notes if note.row is not None]
    assert rows == [(3, "1.1E+11"), (2, "A001")]


def test_a_file_without_codes_is_numbered_from_west_to_east(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = torn(session)
    shapes = [make.degrees_square(n) for n in (2, 0, 1)]

    done = import_grids(session, reading(shapes, name=["东", "西", "中"]), place, at=AT, draft=True)

    grids = session.scalars(select(Grid).where(Grid.edition_id == done.edition_id).order_by(Grid.code)).all()
    assert [(grid.code[-3:], grid.name) for grid in grids] == [("001", "西"), ("002", "中"), ("003", "东")]
    assert session.get_one(GridEdition, done.edition_id).name == "测绘.kml"


def test_what_the_file_does_not_count_is_counted_from_the_stored_buildings(spatialite_session: Session) -> None:
    session = spatialite_session
    place, _ = torn(session)
    make.building(session, place, shapely.Point(116.3005, 40.0005).buffer(0.00005), households=12, residents=30)

    done = import_grids(session, reading([make.degrees_square(0)], 编码=[f"{place.code}001"], 人口=[99]), place, at=AT)

    grid = session.scalars(select(Grid).where(Grid.edition_id == done.edition_id)).one()
    assert (grid.households, grid.residents, grid.buildings) == (12, 99, 1)
