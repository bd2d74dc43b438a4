"""Redrawing grids: every edit gives ground from some grids to another and leaves one valid tiling."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import require_metres
from geo.errors import N_, BadGeometry, CannotReshape
from geo.faces import Geometries, connected_parts, polygons_of
from geo.give import Flags, Handed, as_given, hand_over, one_of
from geo.knife import cut_in_two

GENERAL, SPECIAL = "general", "special"
"""Kinds of grids: general ones tile the community, special ones (a school, a market) lie over them."""


@dataclass(frozen=True)
class Change:
    """What an edit did.

    Attributes
    ----------
    grids : GeoDataFrame
        All grids after the edit, in the order of their codes, with the columns they had; a grid that did not change
        keeps its very geometry. A new grid has 0 in columns of numbers and nothing in others.
    changed : tuple of str
        Codes whose geometry is another one now, new grids among them. Putting back these rows (without the new ones,
        and with those gone) undoes the edit byte for byte. A neighbour that only got a corner on its border counts.
    gone : tuple of str
        Codes that have no ground left.
    moved : DataFrame
        ``from_code, to_code, area_m2``: who gave how much to whom. An empty code is nobody's ground.
    """

    grids: gpd.GeoDataFrame
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    moved: pd.DataFrame


@dataclass(frozen=True)
class Tiling:
    """The general grids of a frame as arrays, the codes of all, and the frame."""

    grids: gpd.GeoDataFrame
    all_codes: np.ndarray
    general: Flags
    codes: np.ndarray
    shapes: Geometries

    def position(self, code: str) -> int:
        """Where a general grid stands among the codes."""
        found = np.flatnonzero(self.codes == code)
        if not len(found):
            raise CannotReshape(N_("There is no grid %(grid_code)s to change: load the page again."), grid_code=code)
        return int(found[0])


def give(grids: gpd.GeoDataFrame, ground: object, to_code: str | None, *, free: bool = False) -> Change:
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

    Raises
    ------
    CannotReshape
        When nothing would change, the ground is below a square metre, or lines run too close to fit in.

    Examples
    --------
    >>> two = gpd.GeoDataFrame({"grid_code": ["001", "002"]}, crs=4548,
    ...                        geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    >>> change = give(two, shapely.box(10, 0, 13, 10), "001")
    >>> change.grids.area.tolist(), change.changed, change.moved.values.tolist()
    ([130.0, 70.0], ('001', '002'), [['002', '001', 30.0]])
    """
    tiling = read_tiling(grids)
    drawn = as_given(ground)
    codes, shapes, to = tiling.codes, tiling.shapes, None
    if to_code is not None:
        known = np.flatnonzero(codes == to_code)
        if not len(known):
            require_new(tiling, to_code)
            codes, shapes = np.append(codes, to_code), np.append(shapes, shapely.Polygon())
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


def split(grids: gpd.GeoDataFrame, code: str, line: object, new_code: str) -> Change:
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
    _, smaller = cut_in_two(tiling.shapes[tiling.position(code)], line, code)
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
    whole = shapely.normalize(shapely.coverage_union_all(old))
    if not shapely.is_valid(whole):
        whole = shapely.normalize(shapely.union_all(old))
    _require_together(old, whole, tiling.codes[positions])
    all_codes = tiling.codes if into in codes else np.append(tiling.codes, into)
    place = int(np.flatnonzero(all_codes == into)[0])
    others = positions[positions != place]
    shapes = np.append(np.full(len(others), shapely.Polygon(), dtype=object), whole)
    lost = np.append(shapely.area(tiling.shapes[others]), 0.0)
    return apply_handed(tiling, all_codes, Handed(np.append(others, place), shapes, lost), into)


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
    inside = polygons_of(shapely.intersection(drawn, shapely.union_all(below), grid_size=0.001)) if len(below) else []
    if not len(inside):
        raise CannotReshape(N_("The drawn ground lies outside all grids: draw it inside the community."))
    shape = shapely.normalize(one_of(np.asarray(inside, dtype=object)))
    special, shapes = tiling.all_codes[~tiling.general], grids.geometry.to_numpy()[~tiling.general]
    taken = (shapely.area(shapely.intersection(shapes, shape)) >= 1.0) & (special != code)
    if taken.any():
        raise CannotReshape(
            N_("The special grid %(grid_code)s lies there already: draw beside it."), grid_code=special[taken][0]
        )
    moved = pd.DataFrame({"from_code": [], "to_code": [], "area_m2": np.array([], dtype=float)})
    return Change(_with_rows(grids, {code: shape}, (), SPECIAL), (code,), (), moved)


def read_tiling(grids: gpd.GeoDataFrame) -> Tiling:
    """The frame's general grids as arrays.

    Raises
    ------
    BadGeometry
        When there is no ``grid_code``, or two grids share one.
    WrongCrs
        When the grids are not in metres.
    """
    if "grid_code" not in grids:
        raise BadGeometry(N_("The grids have no column grid_code."))
    require_metres(grids, "grids")
    codes = grids["grid_code"].to_numpy(dtype=object)
    if len(set(codes)) < len(codes):
        twice = pd.Series(codes)[pd.Series(codes).duplicated()].iloc[0]
        raise BadGeometry(N_("Two grids have the code %(grid_code)s: give one of them another."), grid_code=twice)
    general = np.ones(len(grids), dtype=bool)
    if "kind" in grids:
        general = grids["kind"].to_numpy(dtype=object) != SPECIAL
    return Tiling(grids, codes, general, codes[general], np.asarray(grids.geometry.to_numpy()[general], dtype=object))


def require_new(tiling: Tiling, code: str) -> None:
    """Refuse a code that is none, or that another grid has."""
    if not code:
        raise CannotReshape(N_("A new grid needs a code."))
    if code in tiling.all_codes:
        raise CannotReshape(N_("The code %(grid_code)s is in use: choose a new one."), grid_code=code)


def apply_handed(tiling: Tiling, codes: np.ndarray, handed: Handed, to_code: str) -> Change:
    """The frame with the changed shapes in it."""
    empty = shapely.is_empty(handed.shapes)
    names = codes[handed.positions]
    rows = dict(zip(names[~empty].tolist(), handed.shapes[~empty], strict=True))
    known = set(tiling.codes.tolist())
    gone = tuple(sorted(name for name in names[empty].tolist() if name in known))
    gave = handed.lost_m2 > 0
    order = np.argsort(names[gave].astype(str))
    moved = pd.DataFrame(
        {"from_code": names[gave][order], "to_code": to_code, "area_m2": np.round(handed.lost_m2[gave][order], 4)}
    )
    return Change(_with_rows(tiling.grids, rows, gone, GENERAL), tuple(sorted(rows)), gone, moved)


def chain(first: Change, second: Change) -> Change:
    """Two edits in a row as one."""
    gone = (set(first.gone) | set(second.gone)) - set(second.grids["grid_code"])
    changed = tuple(sorted((set(first.changed) | set(second.changed)) - gone))
    moved = pd.concat([first.moved, second.moved], ignore_index=True)
    return replace(second, changed=changed, gone=tuple(sorted(gone)), moved=moved)


def _with_rows(
    grids: gpd.GeoDataFrame, rows: dict[str, shapely.Geometry], gone: tuple[str, ...], kind: str
) -> gpd.GeoDataFrame:
    """The frame with some shapes put in, some rows taken out, in the order of the codes."""
    codes = grids["grid_code"].to_numpy(dtype=object)
    place = {code: position for position, code in enumerate(codes.tolist())}
    shapes = np.array(grids.geometry.to_numpy(), dtype=object)
    for code in rows.keys() & place.keys():
        shapes[place[code]] = rows[code]
    frame = grids.set_geometry(gpd.GeoSeries(shapes, index=grids.index, crs=grids.crs))
    fresh = [code for code in rows if code not in place]
    if gone:
        frame = frame[~np.isin(codes, gone)]
    if fresh:
        frame = pd.concat([frame, _blank(frame, fresh, rows, kind)])
    codes = frame["grid_code"].to_numpy(dtype=object)
    order = np.argsort(codes, kind="stable")
    if (order[1:] > order[:-1]).all():
        return frame.reset_index(drop=True)
    return frame.iloc[order].reset_index(drop=True)


def _blank(frame: gpd.GeoDataFrame, codes: list[str], rows: dict[str, shapely.Geometry], kind: str) -> gpd.GeoDataFrame:
    """Rows of new grids: 0 in columns of numbers, nothing in others."""
    columns: dict[str, object] = {}
    for name in frame.columns.drop(frame.geometry.name):
        numeric = pd.api.types.is_numeric_dtype(frame[name].dtype)
        columns[name] = pd.Series([0 if numeric else ""] * len(codes)).astype(frame[name].dtype)
    columns["grid_code"] = codes
    if "kind" in frame:
        columns["kind"] = kind
    columns[frame.geometry.name] = gpd.array.from_shapely(np.array([rows[code] for code in codes], dtype=object))
    return gpd.GeoDataFrame(columns, geometry=frame.geometry.name, crs=frame.crs)


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
