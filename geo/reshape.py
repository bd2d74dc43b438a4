"""Redrawing grids: every edit gives ground from some grids to another and leaves one valid tiling."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from geo.bend import bend, move_corner
from geo.change import GENERAL, SPECIAL, Change, apply_handed, chain, list_moves, read_tiling, require_new, with_rows
from geo.errors import N_, CannotReshape
from geo.faces import GRAIN_M, Geometries, connected_parts, polygons_of
from geo.fits import misfits
from geo.follow import follow_streets
from geo.give import Handed, as_given, hand_over, one_of, with_one
from geo.knife import as_line, cut_in_two
from geo.plots import plots_of
from geo.tiling import SLIVER_M2


def give(
    grids: gpd.GeoDataFrame,
    ground: object,
    to_code: str | None,
    *,
    free: bool = False,
    sliver_m2: float = SLIVER_M2,
) -> Change:
    """Give ground to a grid, taking it from all others.

    Ground outside all grids stays nobody's unless ``free``. Lines that run within two centimetres of a border lie on
    it. What is left of a giving grid beside the ground and is too small to stand on goes along; what is left otherwise
    may be in several pieces.

    Parameters
    ----------
    grids : GeoDataFrame
        ``grid_code``, polygons in metres on the lattice (see `geo.rounding.on_lattice`), and perhaps ``kind``; special
        grids are left alone.
    ground : Polygon, MultiPolygon or array of them
        As drawn, in the same metres; a ring that crosses itself surrounds what lies inside it an odd number of times.
    to_code : str or None
        Who gets it: a grid, or a new code. None: nobody, which leaves a gap.
    free : bool
        Also take ground that is nobody's: fills gaps.
    sliver_m2 : float
        Less ground than this is not given: a slip of the hand. Repairs give less.

    Raises
    ------
    CannotReshape
        When nothing would change, the ground is too small, or lines run too close to fit in.

    Examples
    --------
    >>> two = gpd.GeoDataFrame({"grid_code": ["001", "002"]}, crs=4548,
    ...                        geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    >>> change = give(two, shapely.box(10, 0, 13, 10), "001")
    >>> change.grids.area.tolist(), change.changed, change.moved.values.tolist()
    ([130.0, 70.0], ('001', '002'), [['002', '001', 30.0]])
    """
    tiling = read_tiling(grids)
    drawn = as_given(ground, sliver_m2)
    codes, shapes, to = tiling.codes, tiling.shapes, None
    if to_code is not None:
        known = np.flatnonzero(codes == to_code)
        if not len(known):
            require_new(tiling, to_code)
            codes, shapes = np.append(codes, to_code), with_one(shapes, shapely.Polygon())
        to = int(known[0]) if len(known) else len(codes) - 1
    handed = hand_over(shapes, drawn, to, free=free)
    return apply_handed(tiling, codes, handed, "" if to_code is None else to_code)


def move_blocks(grids: gpd.GeoDataFrame, blocks: object, to_code: str) -> Change:
    """Give blocks, or the plots of buildings, to a grid: painting.

    Parameters
    ----------
    grids, to_code
        As in `give`.
    blocks : array of Polygon
        In the grids' metres; they may lie apart, which gives an exclave.
    """
    return give(grids, blocks, to_code)


def move_plots(
    grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, chosen: np.ndarray, to_code: str, *, blocks: object = None
) -> Change:
    """Give buildings with the plots around them to a grid.

    A plot is the ground nearer to its building than to any other, within its block, or within its grid where there are
    no blocks; so the border runs halfway between houses.

    Parameters
    ----------
    grids, to_code
        As in `give`.
    buildings : GeoDataFrame
        All buildings around, in the grids' metres: plots end halfway to the next, chosen or not.
    chosen : array of bool or of positions
        Which of them are given.
    blocks : array of Polygon, optional
        In the same metres; plots end at them.

    Raises
    ------
    CannotReshape
        When none is chosen, or those chosen stand outside all grids or in that grid already.
    """
    tiling = read_tiling(grids)
    shapes = np.asarray(shapely.force_2d(buildings.geometry.to_numpy()), dtype=object)
    wanted = np.zeros(len(shapes), dtype=bool)
    wanted[chosen] = True
    grounds = tiling.shapes if blocks is None else np.asarray(blocks, dtype=object)
    ground, place = shapely.STRtree(shapes).query(grounds, predicate="intersects")
    parts = []
    for number in np.unique(ground[wanted[place]]):
        here = np.sort(place[ground == number])
        plots = plots_of(grounds[number], shapes[here])
        parts.append(plots[wanted[here]])
    if not parts:
        raise CannotReshape(N_("Choose buildings that stand in a grid."))
    return give(grids, np.concatenate(parts), to_code)


def split(
    grids: gpd.GeoDataFrame,
    code: str,
    line: object,
    new_code: str,
    *,
    streets: gpd.GeoDataFrame | None = None,
    snap_m: float = 0.0,
) -> Change:
    """Split a grid along a drawn line; the smaller half gets the new code.

    See `geo.knife.cut_in_two` for lines that cross the grid more than once.

    Parameters
    ----------
    grids
        As in `give`.
    code, new_code : str
        The grid to split, and a code not used yet.
    line : LineString or MultiLineString
        In the grids' metres, from border to border.
    streets : GeoDataFrame, optional
        Lines in the same metres that the cut should follow where they run beside it.
    snap_m : float
        How far from the drawn line such a street may be; 0 leaves the line as drawn.

    Raises
    ------
    CannotReshape
        When the line does not cut the grid in two, cuts off only a sliver, or the new code is in use.

    Examples
    --------
    >>> one = gpd.GeoDataFrame({"grid_code": ["001"]}, geometry=[shapely.box(0, 0, 10, 10)], crs=4548)
    >>> change = split(one, "001", shapely.LineString([(4, -1), (4, 11)]), "002")
    >>> dict(zip(change.grids["grid_code"], change.grids.area, strict=True))
    {'001': 60.0, '002': 40.0}
    """
    tiling = read_tiling(grids)
    require_new(tiling, new_code)
    _, smaller = cut_in_two(tiling.shapes[tiling.position(code)], _laid_on(line, streets, snap_m), code)
    return give(grids, smaller, new_code)


def merge(grids: gpd.GeoDataFrame, codes: list[str] | tuple[str, ...], into: str) -> Change:
    """Make one grid of several that touch.

    Parameters
    ----------
    grids
        As in `give`.
    codes : list of str
        The grids to merge; their order does not matter.
    into : str
        The code that lives on: one of them, or a new one.

    Raises
    ------
    CannotReshape
        When fewer than two are named or they don't touch one another along a border.
    """
    tiling = read_tiling(grids)
    if into not in codes:
        require_new(tiling, into)
    positions = np.array([tiling.position(code) for code in dict.fromkeys(codes)], dtype=np.int64)
    if len(positions) < 2:
        raise CannotReshape(N_("Choose two grids or more to merge."))
    old = tiling.shapes[positions]
    torn = len(misfits(old)) > 0
    whole = shapely.normalize(shapely.union_all(old) if torn else shapely.coverage_union_all(old))
    _require_together(old, whole, tiling.codes[positions])
    if torn:
        return give(grids, whole, into, free=True)
    all_codes = tiling.codes if into in codes else np.append(tiling.codes, into)
    place = int(np.flatnonzero(all_codes == into)[0])
    others = positions[positions != place]
    shapes = with_one(np.full(len(others), shapely.Polygon(), dtype=object), whole)
    lost = np.append(shapely.area(tiling.shapes[others]), 0.0)
    return apply_handed(tiling, all_codes, Handed(np.append(others, place), shapes, lost), into)


def reshape(
    grids: gpd.GeoDataFrame,
    line: object,
    *,
    between: tuple[str, str] | None = None,
    streets: gpd.GeoDataFrame | None = None,
    snap_m: float = 0.0,
) -> Change:
    """Redraw a border along a drawn line, once for the grids on both sides.

    See `geo.bend.bend` for which border the line redraws and who gains.

    Parameters
    ----------
    grids
        As in `give`.
    line : LineString
        In the grids' metres; begins and ends on the border, within two metres of it, or beyond it.
    between : (str, str), optional
        Redraw the border of these two grids only, whatever else the line crosses.
    streets, snap_m
        As in `split`.

    Raises
    ------
    CannotReshape
        When the line does not meet one border twice, follows it already, or would move the edge of the community.

    Examples
    --------
    >>> two = gpd.GeoDataFrame({"grid_code": ["001", "002"]}, crs=4548,
    ...                        geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    >>> line = shapely.LineString([(9, 2), (12, 2), (12, 8), (9, 8)])
    >>> reshape(two, line).moved.values.tolist()
    [['002', '001', 12.0]]
    """
    tiling = read_tiling(grids)
    pair = None if between is None else np.array([tiling.position(code) for code in between], dtype=np.int64)
    change: Change | None = None
    for ground, position in bend(tiling.shapes, _laid_on(line, streets, snap_m), pair):
        step = give(grids if change is None else change.grids, ground, tiling.codes[position])
        change = step if change is None else chain(change, step)
    assert change is not None  # noqa: S101
    return change


def move_vertex(grids: gpd.GeoDataFrame, at: object, to: object, *, reach_m: float = 1.0) -> Change:
    """Move a corner of a border in all grids that share it; those on the edge of the community stay.

    Where no corner is within reach but a border is, that gets a new corner.

    Parameters
    ----------
    grids
        As in `give`.
    at, to : Point or (x, y)
        In the grids' metres: where the corner is, and where it should be.
    reach_m : float
        How far from ``at`` the corner may be; the nearest is taken.

    Raises
    ------
    CannotReshape
        When no border is within reach, it is the edge of the community, or would cross or touch others.
    """
    tiling = read_tiling(grids)
    handed, pairs = move_corner(tiling.shapes, at, to, reach_m)
    moved = list_moves((tiling.codes[one], tiling.codes[two], area) for one, two, area in pairs)
    change = apply_handed(tiling, tiling.codes, handed, "")
    return replace(change, moved=moved)


def lay_over(grids: gpd.GeoDataFrame, ground: object, code: str) -> Change:
    """Lay a special grid over the others: a school, a hospital, a market with a unit of its own that answers for it.

    The grids below keep their ground. With a code that a special grid has already, that one gets the new ground.

    Parameters
    ----------
    grids
        As in `give`; without a column ``kind`` it gets one.
    ground : Polygon or MultiPolygon
        In the grids' metres; what lies outside all general grids is left out.
    code : str
        Of the special grid.

    Raises
    ------
    CannotReshape
        When a general grid has the code, the ground lies outside, or another special grid lies there.
    """
    if "kind" not in grids:
        grids = grids.assign(kind=GENERAL)
    tiling = read_tiling(grids)
    drawn = as_given(ground)
    if code in tiling.codes:
        require_new(tiling, code)
    below = tiling.shapes[shapely.intersects(tiling.shapes, drawn)]
    inside = polygons_of(shapely.intersection(drawn, shapely.union_all(below), grid_size=GRAIN_M))
    if not len(inside):
        raise CannotReshape(N_("The drawn ground lies outside all grids: draw it inside the community."))
    shape = shapely.normalize(one_of(inside))
    special, shapes = tiling.all_codes[~tiling.general], grids.geometry.to_numpy()[~tiling.general]
    taken = (shapely.area(shapely.intersection(shapes, shape)) >= 1.0) & (special != code)
    if taken.any():
        raise CannotReshape(
            N_("The special grid %(grid_code)s lies there already: draw beside it."), grid_code=special[taken][0]
        )
    return Change(with_rows(grids, {code: shape}, (), SPECIAL), (code,), (), list_moves())


def _laid_on(line: object, streets: gpd.GeoDataFrame | None, snap_m: float) -> object:
    """The drawn line, on wish along the streets beside it."""
    if streets is None or snap_m <= 0:
        return line
    parts = shapely.get_parts(as_line(line))
    return np.array([follow_streets(part, streets, within_m=snap_m) for part in parts], dtype=object)


def _require_together(old: Geometries, whole: shapely.Geometry, codes: np.ndarray) -> None:
    """Refuse shapes of which one touches none of the others along a border."""
    parts = polygons_of(whole)
    pieces, owner = shapely.get_parts(old, return_index=True)
    piece, part = shapely.STRtree(parts).query(shapely.point_on_surface(pieces), predicate="intersects")
    count = len(old)
    group = connected_parts(count + len(parts), owner[piece].astype(np.int64), part.astype(np.int64) + count)
    apart = np.flatnonzero(group[:count] != group[0])
    if len(apart):
        raise CannotReshape(
            N_("Grids %(grid_code)s and %(other_code)s don't touch: merge grids that share a border."),
            grid_code=codes[0],
            other_code=codes[apart[0]],
        )
