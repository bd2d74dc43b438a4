"""Taking in the ground: a community's outline, streets, buildings and compounds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data import frames
from data.exchange.reading import Reading
from data.models import Building, Community, Compound, Street, StreetClass
from geo.buildings import estimate_households
from geo.errors import N_
from patrols import ground_stamp
from patrols.intake.datum import warn_of_datum
from patrols.intake.own_ground import on_own_ground
from patrols.intake.rows import plain_row, write_rows
from patrols.intake.shapes import LINES, POLYGONS, shape_keys, take_shapes
from patrols.intake.sheet import Headings, Intake, Sheet

_KEY: dict[str, tuple[str, ...]] = {"source_key": ("编号", "编码", "代码", "id", "osm_id", "@id", "fid", "code")}
_NAME: dict[str, tuple[str, ...]] = {"name": ("名称", "名字", "name:zh")}

STREETS: Headings = {**_KEY, **_NAME, "street_class": ("道路等级", "等级", "类型", "class")}
BUILDINGS: Headings = {
    **_KEY,
    "name": (*_NAME["name"], "楼名", "楼栋", "楼号"),
    "address": ("地址", "门牌", "addr:full"),
    "households": ("户数", "住户数"),
    "residents": ("人口", "人口数", "人数", "常住人口"),
    "entrances": ("单元数", "单元"),
    "levels": ("层数", "楼层数", "building:levels"),
    "kind": ("建筑类型", "用途", "building"),
}
COMPOUNDS: Headings = {**_KEY, "name": (*_NAME["name"], "小区名称", "小区", "院落")}

PART = "#"
"""Between a street's key and the number of one of its further lines."""

STREET_CLASSES: Mapping[str, StreetClass] = {
    "快速路": StreetClass.EXPRESSWAY,
    "主干路": StreetClass.ARTERIAL,
    "主干道": StreetClass.ARTERIAL,
    "次干路": StreetClass.SECONDARY,
    "次干道": StreetClass.SECONDARY,
    "支路": StreetClass.BRANCH,
    "背街小巷": StreetClass.BACK_STREET,
    "小巷": StreetClass.BACK_STREET,
    "小路": StreetClass.PATH,
    "步行道": StreetClass.PATH,
}


def import_outline(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take a community's outline: the union of the file's polygons. It replaces the outline that was there.

    Raises
    ------
    RowsRefused
        If a row is no polygon, or there is none.
    """
    sheet = Sheet(reading, _NAME)
    shapes = take_shapes(sheet, POLYGONS)
    good = sheet.accept(skip_bad=skip_bad)
    kept = shapes[good]
    if kept.empty:
        return Intake(refusals=sheet.refusals, notes=sheet.notes)
    ground = gpd.GeoSeries([shapely.union_all(kept.array.to_numpy())], crs=kept.crs)
    replaced = community.outline is not None
    community.outline = frames.store_geometry(ground)[0]
    ground_stamp.renew(community)
    session.flush()
    # Read it back as the database holds it, so that the row compares equal to one loaded later.
    session.refresh(community, ["outline"])
    return Intake(stored=int(not replaced), updated=int(replaced), refusals=sheet.refusals, notes=sheet.notes)


def street_rows(reading: Reading[Any]) -> tuple[Sheet, gpd.GeoDataFrame]:
    """The streets of a file, checked: `source_key`, `name`, `street_class`, lines in degrees; refusals in the sheet."""
    sheet = Sheet(reading, STREETS)
    shapes = take_shapes(sheet, LINES)
    rows = pd.DataFrame(
        {
            "source_key": sheet.text("source_key", longest=58),
            "name": sheet.text("name", longest=255),
            "street_class": sheet.word("street_class", StreetClass, STREET_CLASSES, default=StreetClass.BRANCH),
        }
    )
    return sheet, gpd.GeoDataFrame(rows, geometry=shapes, crs=shapes.crs)


def building_rows(reading: Reading[Any]) -> tuple[Sheet, gpd.GeoDataFrame]:
    """The buildings of a file, checked, with households estimated where the file does not say; polygons in degrees."""
    sheet = Sheet(reading, BUILDINGS)
    shapes = take_shapes(sheet, POLYGONS)
    rows = pd.DataFrame(
        {
            "source_key": sheet.text("source_key", longest=64),
            "name": sheet.text("name", longest=255),
            "address": sheet.text("address", longest=255),
            "households": sheet.whole("households", default=-1),
            "residents": sheet.whole("residents"),
            "entrances": sheet.whole("entrances", default=1).clip(lower=1),
        }
    )
    described = pd.DataFrame(
        {"levels": sheet.number("levels", least=-20, most=200), "kind": sheet.text("kind", longest=255)}
    )
    _estimate(sheet, rows, shapes, described)
    return sheet, gpd.GeoDataFrame(rows, geometry=shapes, crs=shapes.crs)


def compound_rows(reading: Reading[Any]) -> tuple[Sheet, gpd.GeoDataFrame]:
    """The compounds of a file, checked: `source_key`, `name`, polygons in degrees."""
    sheet = Sheet(reading, COMPOUNDS)
    shapes = take_shapes(sheet, POLYGONS)
    rows = pd.DataFrame({"source_key": sheet.text("source_key", longest=64), "name": sheet.text("name", longest=255)})
    return sheet, gpd.GeoDataFrame(rows, geometry=shapes, crs=shapes.crs)


def import_streets(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take streets: `name`, `street_class` (a word of `StreetClass` or its Chinese name; branch where missing), lines.

    A street of several lines becomes a row for each, ``key``, ``key#2`` ... A street stored under the same key is
    replaced; rows without a key are known by their shape. Streets that do not touch the outline are left out.
    """
    sheet, rows = street_rows(reading)
    return _take(session, Street, sheet, community, rows, skip_bad=skip_bad)


def import_buildings(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take buildings: `name`, `address`, `households`, `residents`, `entrances`, polygons.

    Where the file does not say how many households a building has, they are estimated from its ground and `levels` (see
    `geo.buildings.estimate_households`), and a note says for how many. Each building is put into the compound it stands
    in. Keys and outline as with streets.
    """
    sheet, rows = building_rows(reading)
    taken = _take(session, Building, sheet, community, rows, skip_bad=skip_bad)
    link_compounds(session, community)
    return taken


def import_compounds(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take compounds: `name`, polygons. Buildings stored already are put into the compound they stand in."""
    sheet, rows = compound_rows(reading)
    taken = _take(session, Compound, sheet, community, rows, skip_bad=skip_bad)
    link_compounds(session, community)
    return taken


def link_compounds(session: Session, community: Community) -> int:
    """Put every building into the compound that holds its inner point (of two, the smallest id); say how many moved."""
    buildings = frames.buildings(session, community.id)
    compounds = frames.compounds(session, community.id)
    if buildings.empty:
        return 0
    wanted = pd.Series(np.nan, index=buildings.index, dtype=float)
    spots = buildings.representative_point().array.to_numpy()
    which, compound = shapely.STRtree(compounds.geometry.array.to_numpy()).query(spots, predicate="intersects")
    hits = (
        pd.Series(compounds.index.to_numpy()[compound], index=buildings.index.to_numpy()[which]).groupby(level=0).min()
    )
    wanted.loc[hits.index] = hits.astype(float)
    now = pd.to_numeric(buildings["compound_id"]).astype(float)
    moved = ~((now == wanted) | (now.isna() & wanted.isna()))
    changes = [
        {"id": int(key), "compound_id": None if pd.isna(value) else int(value)} for key, value in wanted[moved].items()
    ]
    if changes:
        session.execute(update(Building), changes)
    return len(changes)


def _take(
    session: Session, model: Any, sheet: Sheet, community: Community, rows: gpd.GeoDataFrame, *, skip_bad: bool
) -> Intake:
    """Store new rows and replace those with a known key, once everything has been checked."""
    shapes = rows.geometry
    rows = rows.assign(source_key=rows["source_key"].where(rows["source_key"] != "", shape_keys(shapes)))
    again = _same_again(rows)
    sheet.unique(rows["source_key"].where(~again & shapes.notna(), ""), "source_key")
    here = on_own_ground(session, sheet, community, shapes)
    good = sheet.accept(skip_bad=skip_bad)
    warn_of_datum(session, sheet, community, shapes[good & here])
    chosen = rows[good & here & ~again]
    stored, updated = _upsert(session, model, community, _single_lines(chosen) if model is Street else chosen)
    return Intake(
        stored=stored,
        updated=updated,
        unchanged=int((good & here & again).sum()),
        outside=int((good & ~here).sum()),
        refusals=sheet.refusals,
        notes=sheet.notes,
    )


def _same_again(rows: gpd.GeoDataFrame) -> "pd.Series[bool]":
    """Rows whose key and shape have both come before: a duplicated feature, taken once."""
    keys = pd.DataFrame({"key": rows["source_key"], "shape": shape_keys(rows.geometry)})
    again: pd.Series[bool] = rows.geometry.notna() & keys.duplicated()
    return again


def _single_lines(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    parts = frame.explode(index_parts=False)
    number = parts.groupby(level=0).cumcount()
    suffix = (PART + (number + 1).astype(str)).where(number > 0, "")
    return parts.assign(source_key=parts["source_key"] + suffix).reset_index(drop=True)


def _upsert(session: Session, model: Any, community: Community, frame: gpd.GeoDataFrame) -> tuple[int, int]:
    if frame.empty:
        return 0, 0
    ground_stamp.renew(community)
    shapes = frames.store_geometry(frame.geometry)
    table = pd.DataFrame(frame.drop(columns="geometry"))
    known = select(model.source_key, model.id).where(model.community_id == community.id, model.source_key.is_not(None))
    ids: dict[str, int] = dict(session.execute(known).all())
    rows = [{**plain_row(row), "geom": geom} for row, geom in zip(table.to_dict("records"), shapes, strict=True)]
    new = [{**row, "community_id": community.id} for row in rows if row["source_key"] not in ids]
    old = [{**row, "id": ids[row["source_key"]]} for row in rows if row["source_key"] in ids]
    given = set(table["source_key"])
    left_over = [
        number for key, number in ids.items() if PART in key and key not in given and key.split(PART)[0] in given
    ]
    if left_over:
        session.execute(delete(model).where(model.id.in_(left_over)))
    write_rows(session, model, new)
    if old:
        session.execute(update(model), old)
    return len(new), len(old)


def _estimate(sheet: Sheet, rows: pd.DataFrame, shapes: gpd.GeoSeries, described: pd.DataFrame) -> None:
    """Fill in households that the file does not give, by the rule of `geo.buildings`."""
    unknown = (rows["households"] < 0) & shapes.notna()
    if unknown.any():
        known = described[unknown].assign(kind=described["kind"].where(described["kind"] != "", None))
        frame = gpd.GeoDataFrame(known, geometry=shapes[unknown], crs=shapes.crs)
        rows.loc[unknown, "households"] = estimate_households(frames.to_metres(frame))
        sheet.note(
            N_("Households of %(count)s buildings were estimated from ground and levels."), count=int(unknown.sum())
        )
    rows["households"] = rows["households"].clip(lower=0)
