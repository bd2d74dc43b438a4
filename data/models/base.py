"""What all tables share: names of constraints, aware times, one coordinate system."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

WGS84 = 4326
"""SRID of every stored geometry: longitude, latitude in degrees."""


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
    return Geometry(geometry_type=kind, srid=WGS84, dimension=2, spatial_index=True, nullable=nullable)


def words(kind: type[StrEnum]) -> Enum:
    """A column of the enum's own lower-case words, checked by the program and readable in the database."""
    return Enum(kind, native_enum=False, create_constraint=False, length=32, values_callable=lambda e: [m.value for m in e])
