"""Rows near a place, through the spatial index of either database."""

from collections.abc import Sequence
from typing import Any, TypeVar

from geoalchemy2 import Geometry
from sqlalchemy import ColumnElement, Double, column, func, select, table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean

from data.models.base import Base
from data.models.columns import WGS84

Row = TypeVar("Row", bound=Base)

_SIDES = ("pkid", "xmin", "xmax", "ymin", "ymax")


class _BoxesMeet(FunctionElement[bool]):
    """Condition that the box of a geometry column meets a box; its SQL differs by database."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> "_BoxesMeet":
        # SQLAlchemy would write "... = 1" on SQLite, and the planner would no longer see a condition on the key.
        return self


def meets_box(shape: InstrumentedAttribute[Any], bounds: Sequence[float]) -> ColumnElement[bool]:
    """Return the condition that a row's own box touches or overlaps a box, answered by the spatial index.

    It only narrows: a row whose box meets the box may itself lie outside, and the index rounds outward to single
    precision (about a metre), so a row just beyond may come too. What the rows really cover is decided in Python, the
    same on both databases.

    Parameters
    ----------
    shape : column of a model
        For example ``Grid.geom``.
    bounds : four floats
        West, south, east, north in degrees; as `shapely.bounds` gives them.

    Raises
    ------
    ValueError
        When the bounds are not west <= east and south <= north, or not finite.
    """
    west, south, east, north = (float(value) for value in bounds)
    if not (west <= east and south <= north and abs(west) + abs(south) + abs(east) + abs(north) < float("inf")):
        raise ValueError(f"bounds must be west, south, east, north: {bounds!r}")
    return _BoxesMeet(shape.expression, west, south, east, north)


def near(
    session: Session, model: type[Row], bounds: Sequence[float], *where: ColumnElement[bool], shape: str | None = None
) -> list[Row]:
    """Return the rows of a model whose box meets a box, by their key.

    Parameters
    ----------
    session : Session
    model : model class
    bounds : four floats
        West, south, east, north in degrees.
    *where
        Further conditions, for example ``Grid.edition_id == 3``.
    shape : str, optional
        Name of the geometry column; by default the model's only one.
    """
    shapes = [name.key for name in model.__table__.columns if isinstance(name.type, Geometry)]
    chosen = getattr(model, shape or shapes[0])
    key = model.__mapper__.primary_key[0]
    return list(session.scalars(select(model).where(meets_box(chosen, bounds), *where).order_by(key)))


@compiles(_BoxesMeet, "postgresql")
def _on_postgis(element: _BoxesMeet, compiler: SQLCompiler, **options: Any) -> str:
    shape, west, south, east, north = element.clauses
    box = func.ST_MakeEnvelope(west, south, east, north, WGS84)
    return f"({compiler.process(shape, **options)} && {compiler.process(box, **options)})"


@compiles(_BoxesMeet, "sqlite")
def _on_spatialite(element: _BoxesMeet, compiler: SQLCompiler, **options: Any) -> str:
    # SpatiaLite's planner never uses an index by itself: the index is a table of boxes, to be asked by name; what it
    # holds is the rowid, which on SQLite an integer key is.
    shape, west, south, east, north = element.clauses
    source = getattr(shape.table, "element", shape.table)
    boxes = table(f"idx_{source.name}_{shape.name}", *(column(name, Double()) for name in _SIDES))
    meets = (boxes.c.xmin <= east, boxes.c.xmax >= west, boxes.c.ymin <= north, boxes.c.ymax >= south)
    (key,) = shape.table.primary_key
    return f"({compiler.process(key.in_(select(boxes.c.pkid).where(*meets)), **options)})"
