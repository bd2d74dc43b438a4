"""The rows of a draft's grids as they are stored: read for the log of edits, written back byte for byte."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from geoalchemy2 import WKBElement
from numpy.typing import NDArray
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, Grid, GridKind
from geo.faces import GRAIN_DIGITS

Row: TypeAlias = dict[str, Any]
"""One grid: the columns of `COLUMNS`, its kind as a word, and ``geom``, its shape in degrees as WKB in hexadecimal."""

Rows: TypeAlias = dict[str, Row | None]
"""Rows by the grid's code; None where there is no such grid."""

COLUMNS = ("name", "households", "residents", "buildings", "compounds", "explanation", "colour")

_AT_ONCE = 500


def read(session: Session, edition_id: int, codes: Iterable[str] | None = None) -> Rows:
    """Read the rows of grids by their codes, in ascending order; of those asked for that are not there, None."""
    wanted = select(Grid.code, Grid.kind, *(getattr(Grid, name) for name in COLUMNS), frames.as_wkb(Grid.geom))
    wanted = wanted.where(Grid.edition_id == edition_id)
    if codes is None:
        return dict(sorted((row[0], _row(row)) for row in session.execute(wanted)))
    asked = sorted(set(codes))
    found: Rows = dict.fromkeys(asked)
    for at in range(0, len(asked), _AT_ONCE):
        for row in session.execute(wanted.where(Grid.code.in_(asked[at : at + _AT_ONCE]))):
            found[row[0]] = _row(row)
    return found


def _row(row: Any) -> Row:
    values = dict(zip(COLUMNS, row[2:-1], strict=True))
    return {**values, "kind": row[1].value, "geom": bytes(row[-1]).hex()}


def write(session: Session, edition_id: int, rows: Mapping[str, Row | None]) -> None:
    """Make the grids of these codes what the rows say: changed, brought in, or taken away."""
    there = {code for code, row in read(session, edition_id, rows).items() if row is not None}
    gone = [code for code in rows if rows[code] is None and code in there]
    for at in range(0, len(gone), _AT_ONCE):
        session.execute(delete(Grid).where(Grid.edition_id == edition_id, Grid.code.in_(gone[at : at + _AT_ONCE])))
    new = [_values(code, row) for code, row in rows.items() if row is not None and code not in there]
    if new:
        session.execute(insert(Grid), [{**values, "edition_id": edition_id} for values in new])
    changed = [_values(code, row) for code, row in rows.items() if row is not None and code in there]
    if changed:
        _update(session, edition_id, changed)


def _update(session: Session, edition_id: int, changed: list[dict[str, Any]]) -> None:
    table = Grid.__table__
    names = [name for name in changed[0] if name != "code"]
    statement = (
        update(table)  # type: ignore[arg-type]
        .where(table.c.edition_id == edition_id, table.c.code == bindparam("its_code"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    told = [{"its_code": row["code"], **{f"new_{name}": row[name] for name in names}} for row in changed]
    session.connection().execute(statement, told)


def _values(code: str, row: Row) -> dict[str, Any]:
    shape = WKBElement(bytes.fromhex(row["geom"]), srid=WGS84, extended=False)
    return {"code": code, **{name: row[name] for name in COLUMNS}, "kind": GridKind(row["kind"]), "geom": shape}


def shapes_in_metres(rows: Iterable[Row], crs: pyproj.CRS) -> NDArray[np.object_]:
    """The rows' shapes in metres, on the lattice that drafts are drawn on.

    Rounding takes away what the way through degrees added, a hundred-thousandth of a millimetre at most: what was
    stored from the lattice is read as the very same coordinates.
    """
    degrees = shapely.from_wkb([bytes.fromhex(row["geom"]) for row in rows])
    metres = frames.to_metres(gpd.GeoDataFrame(geometry=list(degrees), crs=WGS84), crs).geometry.to_numpy()
    return np.asarray(shapely.transform(metres, lambda places: np.round(places, GRAIN_DIGITS)), dtype=object)


def stored_shapes(shapes: Iterable[shapely.Geometry], crs: pyproj.CRS) -> list[str]:
    """Shapes in metres as rows keep them: in degrees, as WKB in hexadecimal."""
    return [bytes(one.data).hex() for one in frames.store_geometry(gpd.GeoSeries(list(shapes), crs=crs))]
