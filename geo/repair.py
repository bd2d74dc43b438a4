"""Repairing grids that somebody else drew: what is wrong, which ways out there are, and taking one."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.change import SPECIAL, Change, chain, list_moves
from geo.errors import N_, CannotReshape
from geo.faces import Geometries, polygons_of
from geo.give import is_sliver
from geo.reshape import give
from geo.rounding import CRUMB_M2, on_lattice
from geo.tiling import find_flaws

CUT, MEND, JOIN, NEIGHBOURS = "cut", "mend", "join", "neighbours"
"""Choices that are no codes: take the ground from the grid, untangle its rings, make one grid of both that have the
code, give each piece to the grid that it has most border with."""

SMALLEST_M2 = CRUMB_M2
"""Smaller flaws are not listed: the rounding of `geo.rounding.on_lattice` has closed them."""

_BESIDE_M = 0.02


def repairs(grids: gpd.GeoDataFrame, outline: object = None) -> gpd.GeoDataFrame:
    """Find what keeps grids from being one tiling, and how each flaw can be repaired.

    ==================  ========================================================================================
    ``duplicate_code``  ``join``: one grid of both
    ``invalid``         ``mend``: the rings are untangled; what they surround an odd number of times is the grid
    ``overlap``         a code: who keeps the ground; first the one that it has most border with
    ``gap``             a code: who gets it; first the neighbour with the longest border
    ``outside``         ``cut``: the grid ends at the outline
    ``sliver``          ``neighbours``, or a code: a piece of a grid too small to stand on goes to whom it touches
    ``not_connected``   ``neighbours``, or a code: the smaller pieces go to the grids around them
    ==================  ========================================================================================

    What is meant to be (an exclave) is left alone: nothing has to be repaired.

    Parameters
    ----------
    grids : GeoDataFrame
        ``grid_code``, polygons in metres, perhaps ``kind``; best from `geo.rounding.on_lattice`. Special grids are not
        looked at.
    outline : GeoDataFrame, GeoSeries or geometry, optional
        The community's ground in the same metres; without it ground beyond it, and gaps at its rim, aren't seen.

    Returns
    -------
    GeoDataFrame
        ``kind, grid_code, other_code, area_m2, choices, geometry``; ``choices`` is a tuple, the best first.

    Raises
    ------
    BadGeometry
        When the grids have no ``grid_code``.
    WrongCrs
        When a frame is not in metres, or they differ.

    Examples
    --------
    >>> three = gpd.GeoDataFrame({"grid_code": ["001", "002"]}, crs=4548,
    ...                          geometry=[shapely.box(0, 0, 10, 10), shapely.box(8, 0, 20, 10)])
    >>> repairs(three)[["kind", "choices"]].values.tolist()
    [['overlap', ('001', '002')]]
    """
    general = _general(grids)
    found = find_flaws(general, outline, sliver_m2=SMALLEST_M2)
    slivers = _slivers(general)
    apart = (found["kind"] == "not_connected").to_numpy()
    if len(slivers) and apart.any():
        large = [shapely.union_all(_large(shape)) for shape in found.geometry[apart]]
        found.loc[apart, "geometry"] = gpd.GeoSeries(large, index=found.index[apart], crs=found.crs)
        found["area_m2"] = np.where(apart, found.area, found["area_m2"])
        found = found[~(apart & found.geometry.is_empty.to_numpy())]
    rows = pd.concat([found, slivers], ignore_index=True) if len(slivers) else found.reset_index(drop=True)
    codes = general["grid_code"].to_numpy(dtype=object)
    shapes = np.asarray(general.geometry.to_numpy(), dtype=object)
    choices = np.empty(len(rows), dtype=object)
    for position, row in enumerate(rows.itertuples(index=False)):
        choices[position] = _choices(row.kind, row.grid_code, row.other_code, row.geometry, codes, shapes)
    rows["choices"] = choices
    return rows[["kind", "grid_code", "other_code", "area_m2", "choices", "geometry"]]


def repair(grids: gpd.GeoDataFrame, outline: object, which: int | Mapping[str, Any] | pd.Series, choice: str) -> Change:
    """Repair one flaw in one of the ways that `repairs` offers.

    Parameters
    ----------
    grids, outline
        As in `repairs`; the grids on the lattice.
    which : int or row
        A row of `repairs`, or its position there. A row saves finding all flaws again.
    choice : str
        One of the row's ``choices``.

    Raises
    ------
    CannotReshape
        When there is no such flaw or choice any more.
    """
    flaw = _flaw(grids, outline, which)
    if choice not in flaw["choices"]:
        raise CannotReshape(
            N_("%(choice)s is no way to repair this: choose one of %(choices)s."),
            choice=choice,
            choices=", ".join(flaw["choices"]),
        )
    if choice == MEND:
        return _compare(grids, on_lattice(grids))
    if choice == JOIN:
        return _join(grids, str(flaw["grid_code"]))
    ground = flaw["geometry"]
    if choice == CUT:
        return give(grids, ground, None, sliver_m2=0.0)
    if choice == NEIGHBOURS:
        return _to_neighbours(grids, ground, str(flaw["grid_code"]))
    return give(grids, ground, choice, free=True, sliver_m2=0.0)


def repair_all(grids: gpd.GeoDataFrame, outline: object = None) -> tuple[Change, gpd.GeoDataFrame]:
    """Repair every flaw in its first way; what is left over comes along.

    Repairs that turn out impossible are passed over; hairlines that they leave are closed. Each repair can bring others
    to light (a gap between two pieces that were apart), so it goes round until nothing more is found, at most five
    times.
    """
    change = Change(grids, (), (), list_moves())
    left = repairs(grids, outline)
    for _ in range(5):
        done = 0
        for _, flaw in left.iterrows():
            try:
                step = repair(change.grids, outline, flaw, flaw["choices"][0]) if flaw["choices"] else None
            except CannotReshape:
                continue
            if step is not None:
                change, done = chain(change, step), done + 1
        change = chain(change, _compare(change.grids, on_lattice(change.grids)))
        left = repairs(change.grids, outline)
        if not done or not len(left):
            break
    return change, left


def _general(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The grids that tile the community."""
    if "kind" not in grids:
        return grids
    return grids[grids["kind"].to_numpy(dtype=object) != SPECIAL]


def _large(shape: shapely.Geometry) -> Geometries:
    """The pieces that somebody can stand on."""
    parts = polygons_of(shape)
    return parts[~is_sliver(parts)]


def _slivers(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pieces of grids, not the largest, that nobody can stand on."""
    parts, owner = shapely.get_parts(np.asarray(grids.geometry.to_numpy(), dtype=object), return_index=True)
    area = shapely.area(parts)
    largest = np.zeros(len(grids))
    np.maximum.at(largest, owner, area)
    some = is_sliver(parts) & (area < largest[owner])
    codes = grids["grid_code"].to_numpy(dtype=object)[owner[some]]
    columns = {"kind": "sliver", "grid_code": codes, "other_code": "", "area_m2": area[some]}
    return gpd.GeoDataFrame(columns, geometry=parts[some], crs=grids.crs)


def _choices(
    kind: str, code: str, other: str, ground: shapely.Geometry, codes: np.ndarray, shapes: Geometries
) -> tuple[str, ...]:
    """Ways to repair one flaw, the best first."""
    if kind in ("duplicate_code", "invalid", "outside"):
        return ({"duplicate_code": JOIN, "invalid": MEND, "outside": CUT}[kind],)
    beside = _beside(ground, codes, shapes)
    if kind == "overlap":
        order = [name for name in beside if name in (code, other)]
        return tuple(dict.fromkeys([*order, code, other]))
    others = tuple(name for name in beside if name != code or kind == "gap")
    return (NEIGHBOURS, *others) if others and kind in ("sliver", "not_connected") else others


def _beside(ground: shapely.Geometry, codes: np.ndarray, shapes: Geometries) -> list[str]:
    """Codes of the grids around some ground, the longest common border first."""
    near = shapely.STRtree(shapes).query(ground, predicate="dwithin", distance=_BESIDE_M)
    lane = shapely.buffer(shapely.boundary(ground), _BESIDE_M)
    metres = shapely.length(shapely.intersection(shapely.boundary(shapes[near]), lane))
    order = np.lexsort((codes[near].astype(str), -np.round(metres, 2)))
    long = metres[order] > 4 * _BESIDE_M
    return [str(code) for code in codes[near][order][long | ~long.any()]]


def _flaw(grids: gpd.GeoDataFrame, outline: object, which: int | Mapping[str, Any] | pd.Series) -> Mapping[str, Any]:
    """The row of a flaw."""
    if not isinstance(which, int | np.integer):
        return dict(which)
    found = repairs(grids, outline)
    if not 0 <= which < len(found):
        raise CannotReshape(N_("This flaw is not there any more: load the list again."))
    return dict(found.iloc[int(which)])


def _to_neighbours(grids: gpd.GeoDataFrame, ground: shapely.Geometry, code: str) -> Change:
    """Each piece of ground given to whoever else has most border with it."""
    change: Change | None = None
    for part in polygons_of(ground):
        now = _general(grids if change is None else change.grids)
        codes = now["grid_code"].to_numpy(dtype=object)
        others = [name for name in _beside(part, codes, np.asarray(now.geometry.to_numpy())) if name != code]
        if others:
            step = give(grids if change is None else change.grids, part, others[0], sliver_m2=0.0)
            change = step if change is None else chain(change, step)
    if change is None:
        raise CannotReshape(N_("No grid borders on this ground: give it to one by painting."))
    return change


def _join(grids: gpd.GeoDataFrame, code: str) -> Change:
    """One row for all that carry a code, in the place of the first, with all their ground."""
    codes = grids["grid_code"].map(str).to_numpy(dtype=object)
    its = np.flatnonzero(codes == code)
    shapes = np.array(grids.geometry.to_numpy(), dtype=object)
    shapes[its[0]] = shapely.union_all(polygons_of(shapely.make_valid(shapes[its])))
    frame = grids.set_geometry(gpd.GeoSeries(shapes, index=grids.index, crs=grids.crs))
    frame = frame[~np.isin(np.arange(len(grids)), its[1:])]
    return Change(
        on_lattice(frame).sort_values("grid_code", kind="stable", ignore_index=True), (code,), (), list_moves()
    )


def _compare(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Change:
    """The change between two frames with the same rows."""
    same = shapely.equals_identical(before.geometry.to_numpy(), after.geometry.to_numpy())
    changed = after["grid_code"].map(str).to_numpy(dtype=object)[~same]
    return Change(
        after.sort_values("grid_code", kind="stable", ignore_index=True), tuple(sorted(changed)), (), list_moves()
    )
