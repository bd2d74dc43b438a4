"""What an edit of grids did: the frame of grids before it taken apart, and put together again after it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import require_metres
from geo.errors import N_, BadGeometry, CannotReshape
from geo.faces import Geometries
from geo.give import Flags, Handed

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


def list_moves(rows: Iterable[tuple[str, str, float]] = ()) -> pd.DataFrame:
    """Who gave how much to whom, as `Change.moved` has it."""
    giver, taker, area = [*zip(*rows, strict=True)] or ((), (), ())
    area_m2 = np.round(np.array(area, dtype=np.float64), 4)
    codes = {"from_code": pd.Series(giver, dtype=object), "to_code": pd.Series(taker, dtype=object)}
    return pd.DataFrame({**codes, "area_m2": area_m2})


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
    givers = [*zip(names[gave].tolist(), handed.lost_m2[gave].tolist(), strict=True)]
    if handed.freed_m2:
        givers.append(("", handed.freed_m2))
    moved = list_moves((code, to_code, area) for code, area in sorted(givers))
    return Change(with_rows(tiling.grids, rows, gone, GENERAL), tuple(sorted(rows)), gone, moved)


def chain(first: Change, second: Change) -> Change:
    """Two edits in a row as one."""
    gone = (set(first.gone) | set(second.gone)) - set(second.grids["grid_code"])
    changed = tuple(sorted((set(first.changed) | set(second.changed)) - gone))
    moved = pd.concat([first.moved, second.moved], ignore_index=True)
    return replace(second, changed=changed, gone=tuple(sorted(gone)), moved=moved)


def with_rows(
    grids: gpd.GeoDataFrame, rows: dict[str, shapely.Geometry], gone: tuple[str, ...], kind: str
) -> gpd.GeoDataFrame:
    """The frame with some shapes put in, some rows taken out, in the order of the codes."""
    frame, codes = grids.copy(), grids["grid_code"].to_numpy(dtype=object)
    shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    fresh = []
    for code, shape in rows.items():
        place = np.flatnonzero(codes == code)
        shapes[place] = shape
        if not len(place):
            fresh.append(code)
    frame[frame.geometry.name] = gpd.array.from_shapely(shapes, crs=frame.crs)
    if gone:
        kept = ~np.isin(codes, gone)
        frame, codes = frame[kept], codes[kept]
    if fresh:
        frame = pd.concat([frame, _blank(frame, fresh, rows, kind)])
        codes = np.append(codes, np.array(fresh, dtype=object))
    order = np.argsort(codes, kind="stable")
    if (np.diff(order) > 0).all():
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
