"""Checking grids, ours or anybody's: gaps, overlaps, what is cut, what is not in one piece, and how even they are."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import require_metres, require_same
from geo.errors import N_, BadGeometry
from geo.faces import Geometries, polygons_of

FLAWS = ("duplicate_code", "invalid", "overlap", "gap", "outside", "not_connected", "cut_building", "cut_compound")
"""Kinds of flaws, in the order in which they are listed."""

SLIVER_M2 = 1.0
"""Ground below this is a drawing error nobody can stand on; smaller gaps, overlaps and cuts are passed over."""

THREAD_M = 0.01
"""Ground thinner than twice this is the rounding of coordinates, however long it is."""

Row = tuple[str, str, str, float, shapely.Geometry]


def find_flaws(
    grids: gpd.GeoDataFrame,
    outline: object = None,
    *,
    sliver_m2: float = SLIVER_M2,
    buildings: gpd.GeoDataFrame | None = None,
    compounds: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Find what is wrong with grids, and where.

    ========================  ==========================================================================================
    ``duplicate_code``        two grids carry the same code
    ``invalid``               a ring crosses itself, or there is no shape; such a grid is mended before the other checks
    ``overlap``               two grids claim the same ground
    ``gap``                   ground of the outline (without one: a hole between grids) that belongs to no grid
    ``outside``               part of a grid beyond the outline
    ``not_connected``         a grid in several pieces that nobody can walk between; allowed where the outline's own
                              pieces are apart
    ``cut_building``          a building, or compound (``cut_compound``), that more than one grid has a part of
    ========================  ==========================================================================================

    Slivers below ``sliver_m2``, and threads below two centimetres, are passed over.

    Parameters
    ----------
    grids : GeoDataFrame
        ``grid_code`` and polygons in metres, any index.
    outline : GeoDataFrame, GeoSeries or geometry, optional
        The community's ground in the same metres.
    sliver_m2 : float
        The smallest flaw that is reported.
    buildings, compounds : GeoDataFrame, optional
        What must not be cut; polygons in the same metres.

    Returns
    -------
    GeoDataFrame
        ``kind, grid_code, other_code, area_m2, geometry``; no rows: nothing is wrong. ``other_code`` is the other grid
        of an overlap or a cut, else empty. Ordered by kind as in the table, then by code.

    Raises
    ------
    BadGeometry
        When the grids have no ``grid_code``.
    WrongCrs
        When a frame is not in metres, or differs from the grids'.

    Examples
    --------
    >>> two = gpd.GeoDataFrame({"grid_code": ["001", "002"]}, crs=4548,
    ...                        geometry=[shapely.box(0, 0, 10, 10), shapely.box(8, 0, 20, 10)])
    >>> find_flaws(two)[["kind", "grid_code", "other_code", "area_m2"]].values.tolist()
    [['overlap', '001', '002', 20.0]]
    """
    if "grid_code" not in grids:
        raise BadGeometry(N_("The grids have no column grid_code."))
    for name, frame in (("grids", grids), ("outline", outline), ("buildings", buildings), ("compounds", compounds)):
        if hasattr(frame, "crs") and frame is not None:
            require_metres(frame, name)
            require_same(frame, grids, name, "grids")
    codes = grids["grid_code"].astype("object").map(str).to_numpy(dtype=object)
    rows, shapes = _find_invalid(codes, grids.geometry.to_numpy())
    ground = _ground_of(outline)
    tiled = bool(shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes))
    rows += _find_doubles(codes, shapes)
    rows += [] if tiled else _find_overlaps(codes, shapes, sliver_m2)
    rows += _find_gaps(codes, shapes, ground, sliver_m2, tiled=tiled)
    rows += _find_outside(codes, shapes, ground, sliver_m2) if ground is not None else []
    rows += _find_apart(codes, shapes, ground, sliver_m2)
    rows += find_cuts("cut_building", codes, shapes, buildings, sliver_m2)
    rows += find_cuts("cut_compound", codes, shapes, compounds, sliver_m2)
    flaws = gpd.GeoDataFrame(
        rows, columns=["kind", "grid_code", "other_code", "area_m2", "geometry"], geometry="geometry", crs=grids.crs
    )
    flaws["kind"] = flaws["kind"].astype("object")
    order = flaws["kind"].map({kind: place for place, kind in enumerate(FLAWS)})
    return (
        flaws.assign(order=order)
        .sort_values(["order", "grid_code", "other_code"])
        .drop(columns="order")
        .reset_index(drop=True)
    )


def balance(grids: gpd.GeoDataFrame, band: tuple[int, int] = (150, 500)) -> dict[str, float]:
    """Say how even and how compact grids are.

    Parameters
    ----------
    grids : GeoDataFrame
        ``households`` and polygons in metres.
    band : (int, int)
        Lower and upper limit of households, both included.

    Returns
    -------
    dict
        ``grids``, ``in_band`` (how many), ``in_band_share``, ``households``, ``least``, ``most``, ``mean``, ``spread``
        (standard deviation of households) and ``compactness`` (mean of 4 pi area / perimeter^2; a circle has 1,
        a square 0.785).

    Examples
    --------
    >>> two = gpd.GeoDataFrame({"households": [200, 600]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=4548)
    >>> figures = balance(two)
    >>> figures["in_band"], figures["spread"], round(figures["compactness"], 3)
    (1, 200.0, 0.785)
    """
    people = pd.to_numeric(grids["households"], errors="coerce").fillna(0).to_numpy(dtype=float)
    if not len(people):
        return dict.fromkeys(
            ("grids", "in_band", "in_band_share", "households", "least", "most", "mean", "spread", "compactness"), 0
        )
    inside = (people >= band[0]) & (people <= band[1])
    shapes = grids.geometry.to_numpy()
    round_share = 4 * np.pi * shapely.area(shapes) / np.maximum(shapely.length(shapes), 1e-9) ** 2
    return {
        "grids": len(people),
        "in_band": int(inside.sum()),
        "in_band_share": float(inside.mean()),
        "households": int(people.sum()),
        "least": int(people.min()),
        "most": int(people.max()),
        "mean": float(people.mean()),
        "spread": float(people.std()),
        "compactness": float(round_share.mean()),
    }


def _ground_of(outline: object) -> shapely.Geometry | None:
    """The outline as one shape, or None."""
    if outline is None:
        return None
    shapes = outline.geometry.to_numpy() if hasattr(outline, "geometry") else np.atleast_1d(np.asarray(outline))
    return shapely.union_all(polygons_of(shapely.make_valid(shapely.force_2d(shapes))))


def _solid(shapes: Geometries, sliver_m2: float) -> Geometries:
    """The polygons in shapes that are neither slivers nor threads."""
    parts = polygons_of(shapes)
    large = parts[shapely.area(parts) >= sliver_m2]
    return np.asarray(large[~shapely.is_empty(shapely.buffer(large, -THREAD_M))])


def _find_invalid(codes: np.ndarray, raw: Geometries) -> tuple[list[Row], Geometries]:
    """Grids without a proper shape; and all shapes, mended."""
    missing = shapely.is_missing(raw) | shapely.is_empty(raw)
    shapes = np.array(shapely.force_2d(raw), dtype=object)
    shapes[missing] = shapely.Polygon()
    flat = shapely.get_dimensions(shapes) != 2
    broken = missing | ~shapely.is_valid(shapes) | flat
    shapes[broken] = shapely.make_valid(shapes[broken])
    for position in np.flatnonzero(broken):
        shapes[position] = shapely.union_all(polygons_of(shapes[[position]]))
    rows = [
        ("invalid", codes[position], "", float(shapely.area(shapes[position])), shapes[position])
        for position in np.flatnonzero(broken)
    ]
    return rows, shapes


def _find_doubles(codes: np.ndarray, shapes: Geometries) -> list[Row]:
    """Grids whose code an earlier grid carries already."""
    again = pd.Series(codes).duplicated().to_numpy()
    return [
        ("duplicate_code", codes[position], codes[position], float(shapely.area(shapes[position])), shapes[position])
        for position in np.flatnonzero(again)
    ]


def _pairs(shapes: Geometries, others: Geometries) -> tuple[np.ndarray, np.ndarray]:
    """Positions of shapes and others that share ground or a border."""
    found = shapely.STRtree(shapes).query(others, predicate="intersects")
    return found[1], found[0]


def _find_overlaps(codes: np.ndarray, shapes: Geometries, sliver_m2: float) -> list[Row]:
    """Ground that two grids claim."""
    one, two = _pairs(shapes, shapes)
    one, two = one[one < two], two[one < two]
    shared = shapely.intersection(shapes[one], shapes[two])
    some = np.flatnonzero(shapely.area(shared) >= sliver_m2)
    rows: list[Row] = []
    for place in some:
        parts = _solid(shared[[place]], sliver_m2)
        if len(parts):
            first, second = sorted((codes[one[place]], codes[two[place]]))
            rows.append(("overlap", first, second, float(shapely.area(parts).sum()), shapely.union_all(parts)))
    return rows


def _find_gaps(
    codes: np.ndarray, shapes: Geometries, ground: shapely.Geometry | None, sliver_m2: float, *, tiled: bool
) -> list[Row]:
    """Ground without a grid, each piece on its own, named by the grid beside it with the lowest code.

    Shapes that share their borders corner by corner (`tiled`) are joined by leaving those out, ten times as quickly.
    """
    together = (shapely.coverage_union_all if tiled else shapely.union_all)(shapes)
    if ground is None:
        rings = polygons_of(shapely.polygons(shapely.get_exterior_ring(polygons_of(together))))
        ground = shapely.union_all(rings)
    left = _solid(np.array([shapely.difference(ground, together)], dtype=object), sliver_m2)
    if not len(left):
        return []
    gap, grid = shapely.STRtree(shapes).query(left, predicate="dwithin", distance=THREAD_M)
    beside: dict[int, str] = {}
    for place, code in zip(gap.tolist(), codes[grid].tolist(), strict=True):
        beside[place] = min(beside.get(place, code), code)
    return [("gap", beside.get(place, ""), "", float(shapely.area(part)), part) for place, part in enumerate(left)]


def _find_outside(codes: np.ndarray, shapes: Geometries, ground: shapely.Geometry, sliver_m2: float) -> list[Row]:
    """Parts of grids beyond the outline."""
    shapely.prepare(ground)
    over = np.flatnonzero(~shapely.covers(ground, shapes) & ~shapely.is_empty(shapes))
    rows: list[Row] = []
    for position, beyond in zip(over, shapely.difference(shapes[over], ground), strict=True):
        parts = _solid(np.array([beyond], dtype=object), sliver_m2)
        if len(parts):
            rows.append(("outside", codes[position], "", float(shapely.area(parts).sum()), shapely.union_all(parts)))
    return rows


def _find_apart(codes: np.ndarray, shapes: Geometries, ground: shapely.Geometry | None, sliver_m2: float) -> list[Row]:
    """Grids in several pieces on the same piece of ground; the area is that of all but the largest."""
    islands = polygons_of(ground) if ground is not None else np.array([], dtype=object)
    rows: list[Row] = []
    for position in np.flatnonzero(shapely.get_num_geometries(shapes) > 1):
        parts = _solid(shapes[[position]], sliver_m2)
        if len(parts) < 2:
            continue
        home = np.zeros(len(parts), dtype=np.int64)
        if len(islands):
            part, island = shapely.STRtree(islands).query(shapely.point_on_surface(parts), predicate="intersects")
            home[part] = island + 1
        order = np.lexsort((-shapely.area(parts), home))
        extra = order[np.append(False, home[order][1:] == home[order][:-1])]
        if len(extra):
            rest = parts[extra]
            rows.append(
                ("not_connected", codes[position], "", float(shapely.area(rest).sum()), shapely.union_all(rest))
            )
    return rows


def find_cuts(
    kind: str, codes: np.ndarray, shapes: Geometries, things: gpd.GeoDataFrame | None, sliver_m2: float = SLIVER_M2
) -> list[Row]:
    """Find buildings or compounds that two or more grids have a part of, as `find_flaws` lists them.

    Parameters
    ----------
    kind : str
        What such a flaw is called: ``cut_building`` or ``cut_compound``.
    codes, shapes : arrays
        The grids, in metres.
    things : GeoDataFrame, optional
        The buildings or compounds, in the same metres.
    sliver_m2 : float
        The smallest part that counts.

    Returns
    -------
    list of tuple
        Kind, code of the grid with the largest part, code of the next, metres squared of all but the largest part, and
        the shape of the second largest.
    """
    if things is None or not len(things) or not len(shapes):
        return []
    bodies = shapely.make_valid(shapely.force_2d(things.geometry.to_numpy()))
    shapely.prepare(shapes)
    thing, grid = shapely.STRtree(shapes).query(bodies, predicate="intersects")
    whole = shapely.covers(shapes[grid], bodies[thing])
    done = np.zeros(len(bodies), dtype=bool)
    done[thing[whole]] = True
    thing, grid = thing[~done[thing]], grid[~done[thing]]
    pieces = shapely.intersection(bodies[thing], shapes[grid])
    parts = pd.DataFrame({"thing": thing, "code": codes[grid], "piece": pieces, "area": shapely.area(pieces)})
    parts = parts[
        (parts["area"] >= sliver_m2) & ~shapely.is_empty(shapely.buffer(parts["piece"].to_numpy(), -THREAD_M))
    ]
    rows: list[Row] = []
    for _, mine in parts.sort_values(["area", "code"], ascending=[False, True]).groupby("thing", sort=True):
        if mine["code"].nunique() > 1:
            small = mine.iloc[1:]
            rows.append(
                (kind, mine["code"].iloc[0], small["code"].iloc[0], float(small["area"].sum()), small["piece"].iloc[0])
            )
    return rows
