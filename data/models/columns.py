"""Kinds of columns: aware times, texts that fit, words of an enum, shapes of one kind; the same on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import shapely
from geoalchemy2 import Geometry, WKBElement
from shapely.geometry.base import BaseGeometry
from sqlalchemy import BigInteger, DateTime, Enum, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator, TypeEngine

from data.errors import DoesNotFit
from geo.errors import N_

WGS84 = 4326
"""SRID of every stored geometry: longitude, latitude in degrees."""

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""Key of tables that outgrow two thousand million rows; on SQLite every integer key is that large already."""

_MULTI: dict[str, Callable[..., BaseGeometry]] = {
    "MULTIPOLYGON": shapely.MultiPolygon,
    "MULTILINESTRING": shapely.MultiLineString,
}
_WKB_CODE = {"POINT": 1, "LINESTRING": 2, "POLYGON": 3, "MULTIPOINT": 4, "MULTILINESTRING": 5, "MULTIPOLYGON": 6}


class _Refused(DoesNotFit, DontWrapMixin):
    """What SQLAlchemy hands on as it is, instead of as an error of its own."""


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


class Phrase(TypeDecorator[str]):
    """A short text, refused when it does not fit.

    SQLite stores any length and any character, PostgreSQL stops at the length and at NUL: the program decides for both.
    What is only looked for is not refused: it is not there, which is the answer.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        limit = getattr(self.impl, "length", None)
        if limit is not None and len(value) > limit:
            raise _Refused(
                N_("At most %(limit)s characters fit, but there are %(length)s: %(start)s..."),
                limit=limit,
                length=len(value),
                start=value[:20],
            )
        return _storable(value)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return _Sought()


class Prose(Phrase):
    """A text of any length."""

    impl = Text
    cache_ok = True


class _Sought(TypeDecorator[str]):
    """A text that rows are compared with."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _storable(value) if isinstance(value, str) else value


def _storable(text: str) -> str:
    """Replace what one of the databases cannot take: NUL, and halves of characters that bad decoders leave."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Shape(Geometry):
    """A geometry of one kind, written and read as plain WKB; takes shapely geometries and `WKBElement`s alike.

    What does not fit the column is refused here, and a Polygon becomes a MultiPolygon here, because SpatiaLite answers
    a wrong kind by rolling back the *whole* transaction, savepoints and all, so that earlier rows vanish without a
    word. GeoAlchemy2's own way through text costs a parse of every coordinate on the way in and out.
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
            raise _refusal(kind, f"SRID {value.srid}")
        value = bytes.fromhex(value.data) if isinstance(value.data, str) else bytes(value.data)
    if isinstance(value, bytes):
        if int.from_bytes(value[1:5], "little" if value[0] else "big") == _WKB_CODE[kind]:
            return value
        value = shapely.from_wkb(value)
    if not isinstance(value, BaseGeometry):
        raise _refusal(kind, type(value).__name__)
    return bytes(shapely.to_wkb(_of_kind(shapely.force_2d(value), kind), include_srid=False))


def _of_kind(shape: BaseGeometry, kind: str) -> BaseGeometry:
    name = shape.geom_type.upper()
    if shape.is_empty:
        raise _refusal(kind, f"{name} EMPTY")
    if f"MULTI{name}" == kind:
        return _MULTI[kind]([shape])
    if name != kind:
        raise _refusal(kind, name)
    return shape


def _refusal(kind: str, found: str) -> DoesNotFit:
    return _Refused(N_("A %(kind)s in degrees (WGS 84) is stored here, not this: %(found)s."), kind=kind, found=found)


def geometry(kind: str, *, nullable: bool = False) -> Any:
    """A spatially indexed column type of one kind (``MULTIPOLYGON``, ``LINESTRING``, ``POINT`` ...), in WGS 84."""
    return Shape(geometry_type=kind, srid=WGS84, dimension=2, spatial_index=True, nullable=nullable)


def words(kind: type[StrEnum]) -> Enum:
    """A column of the enum's own lower-case words, checked by the program and readable in the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        validate_strings=True,
        length=32,
        values_callable=lambda e: [m.value for m in e],
    )
