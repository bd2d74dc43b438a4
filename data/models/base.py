"""What all tables share: names of constraints, aware times, one coordinate system, shapes of one kind a column."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import shapely
from geoalchemy2 import Geometry, WKBElement
from shapely.geometry.base import BaseGeometry
from sqlalchemy import BigInteger, DateTime, Enum, Integer, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

WGS84 = 4326
"""SRID of every stored geometry: longitude, latitude in degrees."""

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""Key of tables that outgrow two thousand million rows; on SQLite every integer key is that large already."""

_MULTI: dict[str, Callable[[list[BaseGeometry]], BaseGeometry]] = {
    "MULTIPOLYGON": shapely.MultiPolygon,
    "MULTILINESTRING": shapely.MultiLineString,
}
_WKB_CODE = {"POINT": 1, "LINESTRING": 2, "POLYGON": 3, "MULTIPOINT": 4, "MULTILINESTRING": 5, "MULTIPOLYGON": 6}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment: stored in UTC on both databases, handed back aware, refused when naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Shape(Geometry):
    """A geometry of one kind, written and read as plain WKB; takes shapely geometries and `WKBElement`s alike.

    What does not fit the column is refused here, and a Polygon becomes a MultiPolygon here, because SpatiaLite answers a
    wrong kind by rolling back the *whole* transaction, savepoints and all, so that earlier rows vanish without a word.
    GeoAlchemy2's own way through text costs a parse of every coordinate on the way in and out.
    """

    from_text = "ST_GeomFromWKB"
    as_binary = "ST_AsBinary"
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], bytes | None]:
        kind = self.geometry_type

        def process(value: Any) -> bytes | None:
            return None if value is None else _wkb_of_kind(value, kind)

        return process


def _wkb_of_kind(value: Any, kind: str) -> bytes:
    if isinstance(value, WKBElement):
        if value.srid not in (-1, WGS84):
            raise ValueError(f"a stored geometry must be in SRID {WGS84}, not {value.srid}")
        value = bytes.fromhex(value.data) if isinstance(value.data, str) else bytes(value.data)
    if isinstance(value, bytes):
        if int.from_bytes(value[1:5], "little" if value[0] else "big") == _WKB_CODE[kind]:
            return value
        value = shapely.from_wkb(value)
    if not isinstance(value, BaseGeometry):
        raise ValueError(f"a {kind} column takes a geometry, not {type(value).__name__}")
    return bytes(shapely.to_wkb(_of_kind(shapely.force_2d(value), kind)))


def _of_kind(shape: BaseGeometry, kind: str) -> BaseGeometry:
    name = shape.geom_type.upper()
    if name != kind and f"MULTI{name}" == kind and not shape.is_empty:
        return _MULTI[kind]([shape])
    if name != kind or shape.is_empty:
        raise ValueError(f"a {kind} column does not take {'an empty ' if shape.is_empty else 'a '}{shape.geom_type}")
    return shape


class Base(DeclarativeBase):
    """The registry of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    def __repr__(self) -> str:
        keys = ", ".join(f"{column.key}={getattr(self, column.key, None)!r}" for column in self.__mapper__.primary_key)
        return f"<{type(self).__name__} {keys}>"


def geometry(kind: str, *, nullable: bool = False) -> Any:
    """A spatially indexed column type of one kind (``MULTIPOLYGON``, ``LINESTRING``, ``POINT`` ...), in WGS 84."""
    return Shape(geometry_type=kind, srid=WGS84, dimension=2, spatial_index=True, nullable=nullable)


def words(kind: type[StrEnum]) -> Enum:
    """A column of the enum's own lower-case words, checked by the program and readable in the database."""
    return Enum(
        kind, native_enum=False, create_constraint=False, length=32, values_callable=lambda e: [m.value for m in e]
    )
