"""Tiny rows and squares for tests: a community of a few grids whose answers can be seen."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data.models import (
    Building,
    Community,
    Compound,
    EditionStage,
    Grid,
    GridEdition,
    Person,
    Street,
    StreetClass,
    Subdistrict,
)

Row = TypeVar("Row")

METRES = "EPSG:4548"
"""CGCS2000, 3-degree zone around 117 E: the local metres of `ORIGIN`."""

ORIGIN = (116.3, 40.0)
"""South-west corner of made-up communities, degrees."""

EPOCH = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def square(x: float, y: float, side: float = 1.0) -> shapely.Polygon:
    """Return a square by its south-west corner."""
    return shapely.box(x, y, x + side, y + side)


def degrees_square(column: int, row: int = 0, side: float = 0.001) -> shapely.Polygon:
    """Return a square of a lattice of degrees at `ORIGIN`, columns going east, rows north; sides of 85 x 111 m."""
    west, south = ORIGIN[0] + column * side, ORIGIN[1] + row * side
    return shapely.box(round(west, 6), round(south, 6), round(west + side, 6), round(south + side, 6))


def frame(shapes: list[BaseGeometry], crs: str = METRES, **columns: Any) -> gpd.GeoDataFrame:
    """Return a frame of shapes with columns, in metres unless told otherwise."""
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def community(
    session: Session, code: str = "110108001001", outline: BaseGeometry | None = None, **fields: Any
) -> Community:
    """Add a community (in a subdistrict of its own code) and return it, flushed."""
    above = session.query(Subdistrict).filter_by(code=code[:9]).one_or_none() or Subdistrict(
        code=code[:9], name="城关街道", county_code=code[:6], county_name="海淀区", valid_from=date(2020, 1, 1)
    )
    row = Community(
        subdistrict=above, code=code, name="民悦社区", valid_from=date(2020, 1, 1), outline=outline, **fields
    )
    return add(session, row)


def edition(
    session: Session, community: Community, grids: Mapping[str, BaseGeometry], *, number: int = 1, **fields: Any
) -> GridEdition:
    """Add an edition with a grid for each code and shape (degrees); adopted since 2026-01-01 unless told otherwise."""
    fields = {"stage": EditionStage.ADOPTED, "valid_from": date(2026, 1, 1), "created_at": EPOCH} | fields
    rows = [Grid(code=code, geom=shape, households=200) for code, shape in grids.items()]
    return add(session, GridEdition(community=community, number=number, grids=rows, **fields))


def town(session: Session, columns: int = 3, rows: int = 2) -> tuple[Community, GridEdition]:
    """Add a community of equal square grids in a lattice, numbered west to east, then north to south."""
    cells = [degrees_square(column, row) for row in reversed(range(rows)) for column in range(columns)]
    place = community(session, outline=shapely.union_all(cells))
    return place, edition(session, place, {f"{place.code}{i:03d}": cell for i, cell in enumerate(cells, start=1)})


def building(session: Session, community: Community, shape: BaseGeometry, **fields: Any) -> Building:
    """Add a building."""
    return add(session, Building(community_id=community.id, geom=shape, **fields))


def compound(session: Session, community: Community, shape: BaseGeometry, **fields: Any) -> Compound:
    """Add a compound."""
    return add(session, Compound(community_id=community.id, geom=shape, **fields))


def street(session: Session, community: Community, shape: BaseGeometry, **fields: Any) -> Street:
    """Add a street, a branch unless told otherwise."""
    fields = {"street_class": StreetClass.BRANCH} | fields
    return add(session, Street(community_id=community.id, geom=shape, **fields))


def person(session: Session, community: Community, number: str = "P001", **fields: Any) -> Person:
    """Add a person of the roster."""
    fields = {"name": "王秀英", "phone": "13800000001"} | fields
    return add(session, Person(community_id=community.id, number=number, **fields))


def add(session: Session, row: Row) -> Row:
    """Add a row, flush, and return it with its key."""
    session.add(row)
    session.flush()
    return row
