"""Buildings and compounds: how many households live in them, and what must stay in one piece."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import N_
from geo.faces import GRAIN_M, Geometries, Numbers, Positions, connected_parts, polygons_of

M2_PER_HOUSEHOLD = 100.0
"""Gross floor of one dwelling with its share of stairs and walls (new Chinese flats are sold at 90-110 m2)."""

USUAL_LEVELS = 2.0
"""Floors of a building whose number is not known and cannot be guessed from its kind."""

LEVELS_BY_KIND = {"apartments": 6.0, "residential": 5.0, "dormitory": 6.0, "bungalow": 1.0, "hut": 1.0, "cabin": 1.0}
"""Floors when unknown, by kind of building (walk-up blocks of flats have 5-6, lifts being required above)."""

HOMES = (
    *("yes", "residential", "apartments", "house", "detached", "semidetached_house", "terrace"),
    *("dormitory", "bungalow", "farm", "static_caravan"),
)
"""Kinds of building in which people live; ``yes`` is a building nobody has described."""

SHED_M2, HALL_M2 = 30.0, 3000.0
"""Undescribed buildings below are sheds and garages, above are halls and works: nobody lives there."""

OVERLAP_M2 = 0.01
"""Two shapes that share more ground than this can only stay whole together; less is the lattice's own rounding."""

Note = tuple[str, dict[str, object], float, float]
"""A remark for the person who draws: English template, its facts, and where (x and y in metres)."""


@dataclass(frozen=True)
class Wholes:
    """Pieces of ground that no border may cut: compounds, buildings, and clusters of those that overlap.

    ``shape`` has no holes (a courtyard belongs to its house); ``households``, ``buildings`` and ``compounds`` count
    what stands there, ``name`` is that of its largest compound or building, and ``kin`` are pairs of wholes that belong
    to one compound or building with several parts. ``load`` is what they are balanced by (households, unless told
    otherwise); a ``done`` one is a grid that stays as it is.
    """

    shape: Geometries
    households: Positions
    buildings: Positions
    compounds: Positions
    name: np.ndarray
    kin: Positions
    load: Numbers
    done: NDArray[np.bool_]
    notes: list[Note] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.shape)


def estimate_households(buildings: gpd.GeoDataFrame, *, m2_per_household: float = M2_PER_HOUSEHOLD) -> pd.Series:
    """Estimate how many households live in each building from its ground area and number of floors.

    Households = area x floors / 100 m2, rounded, at least one in a home. Floors come from ``levels``, else from the
    kind of building, else two. Kinds that are no homes have none; of buildings nobody has described, sheds below 30 m2
    and halls above 3,000 m2 have none. It is a figure to draw grids with, to be replaced by a count as soon as there
    is one.

    Parameters
    ----------
    buildings : GeoDataFrame
        Polygons in metres; optional columns ``levels`` (floors above ground) and ``kind`` or ``building`` (as in
        OpenStreetMap; missing: not described).
    m2_per_household : float
        Gross floor area of one household.

    Returns
    -------
    Series of int
        Indexed as ``buildings``.

    Examples
    --------
    >>> import shapely
    >>> house = gpd.GeoDataFrame({"levels": [5]}, geometry=[shapely.box(0, 0, 50, 12)], crs=4548)
    >>> estimate_households(house).tolist()
    [30]
    """
    kind = next((buildings[name] for name in ("kind", "building") if name in buildings), None)
    words = pd.Series("yes", index=buildings.index) if kind is None else kind.astype("object").fillna("yes")
    words = words.replace("", "yes")
    levels = (
        pd.to_numeric(buildings["levels"], errors="coerce") if "levels" in buildings else pd.Series(np.nan, words.index)
    )
    floors = levels.where(levels > 0, words.map(LEVELS_BY_KIND)).fillna(USUAL_LEVELS).astype(float)
    area = pd.Series(shapely.area(buildings.geometry.to_numpy()), index=buildings.index).fillna(0.0)
    lived_in = words.isin(HOMES) & ~((words == "yes") & ((area < SHED_M2) | (area > HALL_M2))) & (area > 0)
    return (area * floors / m2_per_household).round().clip(lower=1).where(lived_in, 0).astype("int64")


def count_households(buildings: gpd.GeoDataFrame) -> Positions:
    """Households of each building: the column where there is one (missing or negative: none), else the estimate."""
    if "households" not in buildings:
        return estimate_households(buildings).to_numpy(dtype=np.int64)
    counted = pd.to_numeric(buildings["households"], errors="coerce").fillna(0).clip(lower=0)
    return np.asarray(counted.round(), dtype=np.int64)


def gather_wholes(
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None,
    ground: shapely.Geometry,
    *,
    wished: gpd.GeoDataFrame | None = None,
    done: gpd.GeoDataFrame | None = None,
) -> Wholes:
    """Gather what no border may cut, with the households that live there.

    A building drawn twice (the same shape to the centimetre) counts once, with the larger number of households. A
    building counts when a point well inside it lies on the ground; what the outline itself cuts off is not ours.
    Broken rings are mended; shapes without area are left out, and noted.

    Parameters
    ----------
    buildings : GeoDataFrame
        Polygons in metres, ``households`` or what `estimate_households` needs; ``name`` optional.
    compounds : GeoDataFrame, optional
        Polygons in metres; ``name`` optional.
    ground : Polygon or MultiPolygon
        The outline, valid, in the same metres.
    wished, done : GeoDataFrame, optional
        More ground that stays whole: wished so (``name`` optional), and grids that stay as they are (``grid_code``).
    """
    notes: list[Note] = []
    houses = _take_things(buildings, count_households(buildings), notes)
    houses = _drop_doubles(houses, notes)
    taken = {"building": houses, "compound": _take_things(compounds, None, notes)}
    taken["wish"] = _take_things(wished, None, notes)
    kept = None if done is None else done[["grid_code", "geometry"]].rename(columns={"grid_code": "name"})
    taken["done"] = _take_things(kept, None, notes)
    things = pd.concat([part.assign(kind=kind) for kind, part in taken.items()], ignore_index=True)
    things = _keep_on_ground(things, ground, notes)
    part, thing = _parts_on_ground(things, ground)
    shape, whole = _join_overlapping(part)
    return _count_up(things, thing, shape, whole, notes)


def _take_things(frame: gpd.GeoDataFrame | None, households: Positions | None, notes: list[Note]) -> pd.DataFrame:
    """Mended shapes with name and households; what has no area is left out with a note."""
    if frame is None or not len(frame):
        return pd.DataFrame(
            {"shape": np.array([], dtype=object), "households": np.array([], dtype=np.int64), "name": ""}
        )
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    finite = ~shapely.is_missing(shapes) & np.isfinite(shapely.bounds(shapes)).all(axis=1)
    shapes[~finite] = shapely.Polygon()
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken])
    solid = shapely.area(shapes) > OVERLAP_M2
    names = _name_all(frame)
    mended = N_("A broken ring of %(name)s was mended.")
    notes.extend((mended, {"name": names[row]}, *_at(shapes[row])) for row in np.flatnonzero(broken & solid))
    if (~solid).any():
        notes.append(
            (N_("%(count)d shapes without area were left out."), {"count": int((~solid).sum())}, np.nan, np.nan)
        )
    counted = np.zeros(len(frame), dtype=np.int64) if households is None else households
    taken = pd.DataFrame({"shape": shapes, "households": counted, "name": names}, index=range(len(frame)))
    return pd.DataFrame(taken[solid].reset_index(drop=True))


def _name_all(frame: gpd.GeoDataFrame) -> list[str]:
    """What to call each row: its name, else its index."""
    given = frame["name"].tolist() if "name" in frame else [None] * len(frame)
    return [
        name if isinstance(name, str) and name else f"#{key}"
        for name, key in zip(given, frame.index.tolist(), strict=True)
    ]


def _at(shape: shapely.Geometry) -> tuple[float, float]:
    """A point well inside, rounded to the centimetre."""
    point = shapely.point_on_surface(shape)
    return round(float(point.x), 2), round(float(point.y), 2)


def _drop_doubles(things: pd.DataFrame, notes: list[Note]) -> pd.DataFrame:
    """Keep one of the shapes that are the same to the centimetre, with the larger number of households."""
    if not len(things):
        return things
    # Only compared, never drawn: a rounded shape need not be a sound one, which would cost ten times as much.
    key = shapely.to_wkb(shapely.normalize(shapely.set_precision(things["shape"].to_numpy(), 0.01, mode="pointwise")))
    most = things.groupby(key)["households"].transform("max")
    double = pd.Series(key, index=things.index).duplicated()
    twice = N_("%(name)s is drawn twice and counted once.")
    rows = zip(things.loc[double, "name"], things.loc[double, "shape"], strict=True)
    notes.extend((twice, {"name": name}, *_at(shape)) for name, shape in rows)
    kept: pd.DataFrame = things.assign(households=most)[~double].reset_index(drop=True)
    return kept


def _keep_on_ground(things: pd.DataFrame, ground: shapely.Geometry, notes: list[Note]) -> pd.DataFrame:
    """Drop what does not touch the ground; count the households of a building only if its inside lies on the ground."""
    shapes = things["shape"].to_numpy()
    shapely.prepare(ground)
    inner = shapely.point_on_surface(shapes) if len(shapes) else np.array([], dtype=object)
    inside = shapely.intersects(ground, inner)
    touching = shapely.intersects(ground, shapes)
    away = int((~touching).sum())
    if away:
        notes.append(
            (N_("%(count)d buildings or compounds outside the outline were left out."), {"count": away}, np.nan, np.nan)
        )
    across = touching & ~shapely.covers(ground, shapes)
    for position in np.flatnonzero(across & (things["kind"] == "building").to_numpy()):
        facts = {"name": things["name"].iloc[position]}
        notes.append((N_("The outline itself runs through %(name)s."), facts, *_at(shapes[position])))
    counted = things["households"].where(inside, 0)
    return things.assign(households=counted, counts=inside)[touching].reset_index(drop=True)


def _parts_on_ground(things: pd.DataFrame, ground: shapely.Geometry) -> tuple[Geometries, Positions]:
    """The parts of each thing that lie on the ground, without holes, and the thing each belongs to."""
    shapes = things["shape"].to_numpy().copy()
    across = ~shapely.covers(ground, shapes) if len(shapes) else np.zeros(0, dtype=bool)
    shapes[across] = shapely.intersection(shapes[across], ground)
    parts, thing = shapely.get_parts(shapes, return_index=True)
    nested = shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION
    if nested.any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        thing = thing[inner]
    parts = shapely.set_precision(parts, GRAIN_M)
    parts, again = shapely.get_parts(parts, return_index=True)
    thing = thing[again]
    solid = (shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > OVERLAP_M2)
    return fill_holes(parts[solid]), thing[solid].astype(np.int64)


def fill_holes(polygons: Geometries) -> Geometries:
    """The polygons without their holes."""
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(polygons))) if len(polygons) else polygons


def _join_overlapping(parts: Geometries) -> tuple[Geometries, Positions]:
    """Join parts that overlap until none do; the joined shapes, and which one each part went into."""
    whole = np.arange(len(parts), dtype=np.int64)
    shapes = parts
    while len(shapes):
        one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        one, two = one[one < two], two[one < two]
        over = shapely.area(shapely.intersection(shapes[one], shapes[two])) > OVERLAP_M2
        if not over.any():
            break
        group = connected_parts(len(shapes), one[over], two[over])
        order = np.argsort(group, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
        shapes = np.concatenate([_join(shapes[member]) for member in members])
        whole = group[whole]
    return shapes, whole


def _join(shapes: Geometries) -> Geometries:
    """One filled polygon out of overlapping ones, in an array."""
    if len(shapes) == 1:
        return shapes
    joined = polygons_of(shapely.union_all(shapes, grid_size=GRAIN_M))
    return fill_holes(joined[[shapely.area(joined).argmax()]])


def _count_up(things: pd.DataFrame, thing: Positions, shape: Geometries, whole: Positions, notes: list[Note]) -> Wholes:
    """Count households, buildings and compounds of each whole; a thing with several parts counts in its largest."""
    home, kin = _find_homes(thing, whole, shapely.area(shape)[whole] if len(shape) else np.zeros(0), len(things))
    present = home >= 0
    building = present & (things["kind"] == "building").to_numpy() & things["counts"].to_numpy(dtype=bool)
    compound = present & (things["kind"] == "compound").to_numpy()

    def total(rows: np.ndarray, amounts: np.ndarray | None = None) -> Positions:
        picked = None if amounts is None else amounts[rows]
        return np.bincount(home[rows], weights=picked, minlength=len(shape)).astype(np.int64)

    names = things["name"].to_numpy(dtype=object)
    name = np.full(len(shape), "", dtype=object)
    area = shapely.area(things["shape"].to_numpy())
    order = np.lexsort((area, compound))
    name[home[order][present[order]]] = names[order][present[order]]
    households = total(building, things["households"].to_numpy(dtype=float))
    done = np.zeros(len(shape), dtype=bool)
    done[home[present & (things["kind"] == "done").to_numpy()]] = True
    # What belongs to a done grid stays there, wherever the rest of it lies.
    kin = kin[~done[kin].any(axis=1)]
    load = households.astype(np.float64)
    return Wholes(shape, households, total(building), total(compound), name, kin, load, done, notes)


def _find_homes(thing: Positions, whole: Positions, area: Numbers, count: int) -> tuple[Positions, Positions]:
    """The whole that each thing's largest part lies in (-1: none), and pairs of wholes that share a thing."""
    order = np.lexsort((area, thing))
    home = np.full(count, -1, dtype=np.int64)
    home[thing[order]] = whole[order]
    pairs = np.unique(np.sort(np.stack([home[thing], whole], axis=1), axis=1), axis=0)
    return home, pairs[pairs[:, 0] != pairs[:, 1]]
