"""Bringing grids on to the lattice on which they can be redrawn, neighbours sharing every corner of their border."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import require_metres
from geo.errors import N_, BadGeometry
from geo.faces import GRAIN_M, Geometries, Positions, find_sides, polygons_of, sum_by_pair
from geo.fits import misfits
from geo.give import belonging, cut_into_faces, one_of
from geo.tiling import THREAD_M

HAIR_M = 2 * THREAD_M
"""Gaps and overlaps narrower than this came with rounding, and no check of `geo.tiling` tells of them; wider ones were
drawn and are left for somebody to decide."""

CRUMB_M2 = 0.01
"""Gaps and overlaps smaller than a hand are closed too, however wide."""

_ROUNDS = 4


def on_lattice(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Round grids to tenths of a millimetre so that neighbours share every corner; none moves farther than needed.

    Gaps and overlaps narrower than two centimetres are closed, to the side with the longest border; wider ones stay,
    to be repaired by choice (see `geo.repair`). Grids without these come out as one valid coverage. Grids on the
    lattice already come back byte for byte, so rounding twice is rounding once.

    Parameters
    ----------
    grids : GeoDataFrame
        Polygons in metres, valid or not; ``kind`` optional: special grids are rounded, each on its own.

    Returns
    -------
    GeoDataFrame
        The same rows, columns and order; a grid in one piece is a Polygon, in several a MultiPolygon.

    Raises
    ------
    BadGeometry
        When a grid has no ground.
    WrongCrs
        When the grids are not in metres.

    Examples
    --------
    The corner of one grid on the other's long side comes into both:

    >>> shapes = [shapely.box(0, 0, 10, 10), shapely.box(10.00004, 0, 20, 4), shapely.box(10.00004, 4, 20, 10)]
    >>> grids = on_lattice(gpd.GeoDataFrame({"grid_code": ["001", "002", "003"]}, geometry=shapes, crs=4548))
    >>> shapely.get_num_coordinates(grids.geometry.to_numpy()).tolist()
    [6, 5, 5]
    """
    require_metres(grids, "grids")
    shapes = np.array(shapely.force_2d(grids.geometry.to_numpy()), dtype=object)
    shapes = _rounded(shapes)
    if shapely.is_empty(shapes).any():
        raise BadGeometry(N_("A grid has no ground: give each a polygon, or leave it out."))
    general = np.ones(len(grids), dtype=bool)
    if "kind" in grids:
        general = grids["kind"].to_numpy(dtype=object) != "special"
    for _ in range(_ROUNDS):
        if not len(misfits(shapes[general])):
            break
        joined = _joined(shapes[general])
        if shapely.equals_identical(joined, shapes[general]).all():
            break
        shapes[general] = joined
    return grids.set_geometry(gpd.GeoSeries(shapes, index=grids.index, crs=grids.crs))


def _rounded(shapes: Geometries) -> Geometries:
    """Each shape rounded on its own, mended where it crosses itself."""
    found = shapely.set_precision(shapes, GRAIN_M, mode="pointwise")
    found = shapely.remove_repeated_points(found)
    # Rounding leaves a grid size on each shape that would make later set operations round too.
    found = shapely.from_wkb(shapely.to_wkb(found))
    for position in np.flatnonzero(~shapely.is_valid(found) | (shapely.get_dimensions(found) != 2)):
        mended = polygons_of(shapely.make_valid(shapes[position]))
        found[position] = shapely.union_all(mended, grid_size=GRAIN_M) if len(mended) else shapely.Polygon()
        found[position] = shapely.from_wkb(shapely.to_wkb(found[position]))
    return tidy(found)


def tidy(shapes: Geometries) -> Geometries:
    """Shapes written in one way only: rings begin where they always do, one piece is a Polygon."""
    found = np.array(shapely.normalize(shapes), dtype=object)
    single = (shapely.get_type_id(found) == shapely.GeometryType.MULTIPOLYGON) & (
        shapely.get_num_geometries(found) == 1
    )
    found[single] = shapely.get_geometry(found[single], 0)
    return found


def _joined(shapes: Geometries) -> Geometries:
    """Shapes cut where any border meets another, hairlines between them closed."""
    rims = shapely.boundary(shapes)
    faces = cut_into_faces(rims)
    face, grid = belonging(faces, shapes)
    count = np.bincount(face, minlength=len(faces))
    wrong = np.flatnonzero(count != 1)
    thin = shapely.is_empty(shapely.buffer(faces[wrong], -HAIR_M / 2))
    hair = wrong[thin | (shapely.area(faces[wrong]) < CRUMB_M2)]
    if len(hair):
        face, grid = _close(faces, face, grid, hair)
    order = np.argsort(grid, kind="stable")
    joined = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for its in np.split(order, np.flatnonzero(np.diff(grid[order])) + 1):
        if len(its):
            joined[grid[its[0]]] = one_of(faces[face[its]])
    lost = shapely.is_empty(joined)
    joined[lost] = shapes[lost]
    return tidy(joined)


def _close(faces: Geometries, face: Positions, grid: Positions, hair: Positions) -> tuple[Positions, Positions]:
    """The pairs with each hairline given to one grid: the one that has most border with it."""
    sides = find_sides(faces)
    one, two, metres = sum_by_pair(sides, sides.metres)
    beside = pd.DataFrame(
        {"hair": np.concatenate([one, two]), "face": np.concatenate([two, one]), "metres": np.tile(metres, 2)}
    )
    beside = beside[beside["hair"].isin(hair) & ~beside["face"].isin(hair)]
    owner = pd.DataFrame({"face": face, "grid": grid})
    owner = owner[~owner["face"].duplicated(keep=False)]
    best = beside.merge(owner, on="face").groupby(["hair", "grid"], as_index=False)["metres"].sum()
    best = best.assign(metres=-best["metres"]).sort_values(["hair", "metres", "grid"]).drop_duplicates("hair")
    kept = ~np.isin(face, best["hair"].to_numpy())
    return (
        np.concatenate([face[kept], best["hair"].to_numpy(dtype=np.int64)]),
        np.concatenate([grid[kept], best["grid"].to_numpy(dtype=np.int64)]),
    )
