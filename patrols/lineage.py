"""What became of each grid from one edition to the next: kept, adjusted, split, merged, new or voided."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.models import GridEdition, GridLineage, LineageKind

Places: TypeAlias = NDArray[np.int64]

UNCHANGED = 0.999
"""Share of both that makes a grid unchanged: a border moved by less than a thousandth is a matter of rounding."""

NOISE_M2 = 1.0

NOISE_SHARE = 0.005
"""Ground smaller than this, absolutely or of the smaller of the two grids, is a redrawn line and no ancestry."""


SAME_M = 0.01
"""A grid whose outline moved by less than a centimetre has not changed: coordinates are no finer than that."""


def lineage(session: Session, edition: GridEdition) -> list[GridLineage]:
    """What became of each grid when this edition was adopted, by the old code and the new."""
    statement = (
        select(GridLineage)
        .where(GridLineage.edition_id == edition.id)
        .order_by(func.coalesce(GridLineage.parent_code, GridLineage.child_code), GridLineage.child_code)
    )
    return list(session.scalars(statement))


class Kept(NamedTuple):
    """The grids whose code and outline are the same in two editions: their positions in either, and their codes."""

    old: Places
    new: Places
    codes: frozenset[str]


def compare(old: gpd.GeoDataFrame | None, new: gpd.GeoDataFrame, *, kept: Kept | None = None) -> pd.DataFrame:
    """What becomes of each grid: one row for every old grid and new grid that share ground, and for what has no
    partner.

    Kept: same code, same ground. Adjusted: same code, another border; or ground passed between grids in several ways at
    once. Split: an old grid's ground under a new code. Merged: an old grid's whole ground under another's code. New and
    voided: without a partner. Shared ground below `NOISE_M2` or `NOISE_SHARE` of the smaller grid is not ancestry.

    Parameters
    ----------
    old, new : GeoDataFrame
        Columns `grid_code`, `geometry`, in one CRS in metres; `old` None for a community's first edition.
    kept : Kept, optional
        As `keeps` tells, where that is known already.

    Returns
    -------
    DataFrame
        Columns `parent_code`, `child_code` (None on one side for new and voided), `kind`, `shared_m2`.
    """
    if old is None or old.empty:
        return _pairs([None] * len(new), list(new["grid_code"]), [LineageKind.NEW] * len(new), np.zeros(len(new)))
    left, right, shared = overlaps(old, new, kept=kept)
    smaller = np.minimum(old.area.to_numpy()[left], new.area.to_numpy()[right])
    real = shared > np.maximum(NOISE_M2, NOISE_SHARE * smaller)
    left, right, shared = left[real], right[real], shared[real]
    whole = (shared >= UNCHANGED * old.area.to_numpy()[left]) & (shared >= UNCHANGED * new.area.to_numpy()[right])
    parents = old["grid_code"].to_numpy(dtype=object)
    children = new["grid_code"].to_numpy(dtype=object)
    same = parents[left] == children[right]
    heirs = np.bincount(left, minlength=len(old))[left]
    ancestors = np.bincount(right, minlength=len(new))[right]
    kind = np.full(len(left), LineageKind.ADJUSTED, dtype=object)
    kind[same & whole] = LineageKind.KEPT
    kind[~same & (heirs > 1) & (ancestors == 1)] = LineageKind.SPLIT
    kind[~same & (heirs == 1) & (ancestors > 1)] = LineageKind.MERGED
    born = np.setdiff1d(np.arange(len(new)), right)
    gone = np.setdiff1d(np.arange(len(old)), left)
    return _pairs(
        [*parents[left], *([None] * len(born)), *parents[gone]],
        [*children[right], *children[born], *([None] * len(gone))],
        [*kind, *([LineageKind.NEW] * len(born)), *([LineageKind.VOIDED] * len(gone))],
        np.concatenate([shared, np.zeros(len(born) + len(gone))]),
    )


def overlaps(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, kept: Kept | None = None
) -> tuple[Places, Places, NDArray[np.float64]]:
    """Positions in `old` and `new` of every two grids that meet, and the ground they share in square metres.

    A grid with its code and outline unchanged is taken to share ground with itself alone, as it does in every tiling:
    looking closer would take most of the time for nothing.
    """
    one, other, _ = kept or keeps(old, new)
    shapes, others = old.geometry.to_numpy(), new.geometry.to_numpy()
    rest, others_rest = (np.setdiff1d(np.arange(len(frame)), places) for frame, places in ((old, one), (new, other)))
    met = shapely.STRtree(others[others_rest]).query(shapes[rest], predicate="intersects")
    left, right = rest[met[0]], others_rest[met[1]]
    common = shapely.area(shapely.intersection(shapes[left], others[right], grid_size=0.001))
    shared = np.concatenate([shapely.area(shapes[one]), common])
    left, right = np.concatenate([one, left]), np.concatenate([other, right])
    order = np.lexsort((right, left))
    return left[order], right[order], shared[order]


def keeps(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Kept:
    """The grids whose code is the same in both, and whose outline is so to a centimetre."""
    both = _named(old).merge(_named(new), on="code")
    left, right = both["place_x"].to_numpy(), both["place_y"].to_numpy()
    same = _same_outline(old.geometry.to_numpy()[left], new.geometry.to_numpy()[right])
    return Kept(left[same], right[same], frozenset(both["code"].to_numpy(dtype=object)[same].tolist()))


def _named(grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """The codes of grids with their positions."""
    return pd.DataFrame({"code": grids["grid_code"].to_numpy(dtype=object), "place": np.arange(len(grids))})


def _same_outline(one: Any, other: Any) -> NDArray[np.bool_]:
    """Which shapes are as those of the same position, however many corners their borders are told with.

    Corner by corner most are; how far borders are apart is asked for the others only: it takes a hundred times as long.
    """
    same = np.asarray(shapely.equals_exact(one, other, SAME_M))
    # What differs in size is told apart without looking closer.
    left = np.flatnonzero(~same & (np.abs(shapely.bounds(one) - shapely.bounds(other)).max(axis=1) <= SAME_M))
    same[left] = shapely.hausdorff_distance(one[left], other[left]) <= SAME_M
    return same


def heirs(lineage: pd.DataFrame) -> dict[str, str]:
    """Which grid has most of the ground of each grid whose code is gone; grids that live on inherit their own.

    Parameters
    ----------
    lineage : DataFrame
        As `compare` makes it.
    """
    pairs = lineage.dropna(subset=["parent_code", "child_code"])
    alive = set(pairs["child_code"])
    best = pairs.sort_values(["shared_m2", "child_code"], ascending=[False, True]).drop_duplicates("parent_code")
    return {
        str(parent): str(child)
        for parent, child in zip(best["parent_code"], best["child_code"], strict=True)
        if parent not in alive
    }


def lineage_rows(edition_id: int, lineage: pd.DataFrame, reasons: Mapping[str, str]) -> list[dict[str, Any]]:
    """`compare` as rows of the lineage table, with the reason beside each grid whose code is gone."""
    alive = set(lineage["child_code"].dropna())
    return [
        {
            "edition_id": edition_id,
            "reason": "" if row["parent_code"] in alive else reasons.get(row["parent_code"], ""),
            **{str(key): value for key, value in row.items()},
        }
        for row in lineage.to_dict("records")
    ]


def _pairs(parents: Sequence[Any], children: Sequence[Any], kinds: Sequence[Any], shared: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parent_code": pd.Series(parents, dtype=object),
            "child_code": pd.Series(children, dtype=object),
            "kind": pd.Series(kinds, dtype=object),
            "shared_m2": np.asarray(shared, dtype=float),
        }
    )
