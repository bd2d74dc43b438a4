"""Frames in metres from rows in degrees, and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from geoalchemy2 import WKBElement
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Column, Enum, Integer, LargeBinary, Select, String, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.errors import NotFound
from data.metres import BEIJING, crs_around, points_in_metres, require_crs, to_degrees, to_metres
from data.models import Building, Community, Compound, Grid, GridEdition, Street
from data.models.columns import WGS84
from geo.brokenness import why_broken
from geo.crs import local_crs
from geo.errors import N_, BadGeometry

__all__ = [
    "as_wkb",
    "buildings",
    "compounds",
    "crs_of",
    "decode",
    "grids",
    "outline",
    "points_in_metres",
    "store_geometry",
    "streets",
    "to_degrees",
    "to_metres",
]


def outline(session: Session, community_id: int, *, degrees: bool = False) -> gpd.GeoDataFrame:
    """Return the ground of a community: one row, or none when no outline is stored yet.

    Parameters
    ----------
    session : Session
    community_id : int
    degrees : bool
        Leave the coordinates as they are stored (WGS 84), for maps and exchange, instead of metres.

    Returns
    -------
    GeoDataFrame
        Index: the community's key. Columns ``code, name, geometry``; CRS: the community's own metres, see `crs_of`.

    Raises
    ------
    NotFound
        When there is no such community.
    """
    wanted = select(Community.id, Community.code, Community.name, as_wkb(Community.outline)).where(
        Community.id == community_id, Community.outline.is_not(None)
    )
    return _frame(session, wanted, crs_of(session, community_id), degrees)


def streets(session: Session, community_id: int, *, degrees: bool = False) -> gpd.GeoDataFrame:
    """Return the streets of a community: index the street's key, columns ``source_key, name, street_class, geometry``.

    Lines; CRS and `degrees` as in `outline`. ``street_class`` holds the words of `data.models.places.StreetClass`.
    """
    return _of_community(session, community_id, Street, ("source_key", "name", "street_class"), degrees)


def buildings(session: Session, community_id: int, *, degrees: bool = False) -> gpd.GeoDataFrame:
    """Return the buildings of a community, with their households and residents.

    Index: the building's key. Columns ``source_key, compound_id, name, address, households, residents, entrances,
    geometry`` (polygons; ``compound_id`` is missing where a building stands in no compound). CRS and `degrees` as in
    `outline`.
    """
    columns = ("source_key", "compound_id", "name", "address", "households", "residents", "entrances")
    return _of_community(session, community_id, Building, columns, degrees)


def compounds(session: Session, community_id: int, *, degrees: bool = False) -> gpd.GeoDataFrame:
    """Return the compounds of a community: index the compound's key, columns ``source_key, name, geometry`` (polygons).

    CRS and `degrees` as in `outline`.
    """
    return _of_community(session, community_id, Compound, ("source_key", "name"), degrees)


def grids(session: Session, edition_id: int, *, degrees: bool = False) -> gpd.GeoDataFrame:
    """Return the grids of one edition, by their codes.

    Index: the grid's key. Columns ``grid_code, name, kind, households, residents, buildings, compounds, explanation,
    geometry``. CRS and `degrees` as in `outline`. Borders that neighbours share in the database are shared, vertex by
    vertex, in the frame too: equal degrees become equal metres.

    Raises
    ------
    NotFound
        When there is no such edition.
    """
    community_id = session.scalar(select(GridEdition.community_id).where(GridEdition.id == edition_id))
    if community_id is None:
        raise NotFound(N_("There is no edition of grids with the key %(key)s."), key=edition_id)
    columns = (Grid.households, Grid.residents, Grid.buildings, Grid.compounds, Grid.explanation)
    wanted = select(Grid.id, Grid.code.label("grid_code"), Grid.name, _plain(Grid.kind), *columns, as_wkb(Grid.geom))
    frame = _frame(session, wanted.where(Grid.edition_id == edition_id), crs_of(session, community_id), degrees)
    # Sorted here: databases order letters by their own locale.
    return frame.sort_values("grid_code")


def crs_of(session: Session, community_id: int) -> pyproj.CRS:
    """Return the coordinate system in metres that every frame of a community is in.

    Decided by where its outline lies; before it has one, by its first building, street or compound, so that frames of
    one community can always be laid over each other. A community without any of them gets the zone of Beijing.

    Raises
    ------
    NotFound
        When there is no such community.
    """
    place = session.execute(select(as_wkb(Community.outline)).where(Community.id == community_id)).one_or_none()
    if place is None:
        raise NotFound(N_("There is no community with the key %(key)s."), key=community_id)
    if place[0] is not None:
        return crs_around(shapely.bounds(shapely.from_wkb(place[0])))
    for model in (Building, Street, Compound):
        first = select(as_wkb(model.geom)).where(model.community_id == community_id).order_by(model.id).limit(1)
        if (wkb := session.scalar(first)) is not None:
            return crs_around(shapely.bounds(shapely.from_wkb(wkb)))
    return local_crs(*BEIJING)


def store_geometry(shapes: gpd.GeoSeries) -> list[WKBElement]:
    """Prepare geometries for storing: in degrees, flat, sound, polygons always as multipolygons.

    Parameters
    ----------
    shapes : GeoSeries
        In any declared CRS; a frame's ``geometry``.

    Returns
    -------
    list of WKBElement
        In the order given, for the geometry columns of ``session.execute(insert(Model), rows)`` or of a model.

    Raises
    ------
    WrongCrs
        When the series declares no CRS.
    BadGeometry
        When a shape is missing, empty, broken or not on Earth; names the first such row by its index, and the reason.
    """
    require_crs(shapes.crs)
    values = shapely.force_2d(shapes.to_numpy())
    _refuse_bad(values, shapes.index)
    degrees = gpd.GeoSeries(values, crs=shapes.crs).to_crs(WGS84).to_numpy()
    _refuse_outside(degrees, shapes.index)
    return [WKBElement(bytes(wkb), srid=WGS84, extended=False) for wkb in shapely.to_wkb(_multi(_mended(degrees)))]


def decode(elements: Iterable[WKBElement | None]) -> npt.NDArray[np.object_]:
    """Turn stored geometries of loaded rows into shapely geometries, in degrees; None stays None."""
    return np.asarray(shapely.from_wkb([None if one is None else bytes(one.data) for one in elements]), dtype=object)


def _of_community(
    session: Session, community_id: int, model: Any, columns: Sequence[str], degrees: bool
) -> gpd.GeoDataFrame:
    wanted = select(model.id, *(_plain(getattr(model, name)) for name in columns), as_wkb(model.geom))
    crs = crs_of(session, community_id)
    return _frame(session, wanted.where(model.community_id == community_id).order_by(model.id), crs, degrees)


def _plain(column: InstrumentedAttribute[Any]) -> Any:
    """Read words as plain text: files and joins know nothing of our enums."""
    return type_coerce(column, String).label(column.key) if isinstance(column.type, Enum) else column


def as_wkb(shape: InstrumentedAttribute[Any]) -> Any:
    """Select a geometry column as plain WKB, for `shapely.from_wkb`: many times faster than an element for each row."""
    return func.ST_AsBinary(shape, type_=LargeBinary).label("geometry")


def _frame(session: Session, wanted: Select[Any], crs: pyproj.CRS, degrees: bool) -> gpd.GeoDataFrame:
    names = list(wanted.selected_columns.keys())
    # Column by column: of rows pandas would look at every single value before it makes the columns itself.
    values = zip(*session.execute(wanted).all(), strict=True)
    table = pd.DataFrame(dict(zip(names, values, strict=False)), columns=names)
    # Without rows, or with None among them, pandas would guess other types than with full columns.
    whole = {one.key: "Int64" if one.nullable else "int64" for one in wanted.selected_columns if _is_whole(one)}
    table = table.astype(whole).set_index("id")
    shapes = shapely.from_wkb(table["geometry"].to_numpy(dtype=object))
    frame = gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes, crs=WGS84)
    return frame if degrees else frame.to_crs(crs)


def _is_whole(column: Any) -> bool:
    return isinstance(column, Column) and isinstance(column.type, Integer)


def _refuse_bad(shapes: npt.NDArray[np.object_], index: pd.Index) -> None:
    bad = shapely.is_missing(shapes) | shapely.is_empty(shapes) | ~shapely.is_valid(shapes)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        shape = shapes[first]
        said = "missing" if shape is None else "empty" if shape.is_empty else shapely.is_valid_reason(shape)
        raise BadGeometry(
            N_("%(count)s shapes cannot be stored. The first is row %(row)s: %(reason)s."),
            count=int(bad.sum()),
            row=index[first],
            reason=why_broken(said),
        )


def _refuse_outside(shapes: npt.NDArray[np.object_], index: pd.Index) -> None:
    west, south, east, north = shapely.bounds(shapes).T
    bad = ~((west >= -180) & (south >= -90) & (east <= 180) & (north <= 90))
    if bad.any():
        raise BadGeometry(
            N_("%(count)s shapes are not on Earth; is the declared coordinate system right? The first is row %(row)s."),
            count=int(bad.sum()),
            row=index[int(np.flatnonzero(bad)[0])],
        )


def _mended(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Mend what the conversion to degrees broke: a hole that touched an edge may stick out of it by a hair."""
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes = shapes.copy()
        shapes[broken] = [_polygons_of(shapely.make_valid(shape)) for shape in shapes[broken]]
    return shapes


def _polygons_of(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shape


def _multi(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    polygons = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    if polygons.any():
        shapes = shapes.copy()
        shapes[polygons] = shapely.multipolygons(shapes[polygons], indices=np.arange(polygons.sum()))
    return shapes
