"""Walks cut at moments: what of each was walked from one moment until the next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


def cut_at(lines: gpd.GeoDataFrame, moments: Sequence[datetime]) -> gpd.GeoDataFrame:
    """One row for each walk and each span between two moments in which it was walked.

    Between two fixes a walk is taken as straight and even, as everywhere; the rows of a walk add up to it. A fix at a
    moment begins the later span.

    Parameters
    ----------
    lines : GeoDataFrame
        As `patrols.tracks.to_lines` makes it: `geometry` (MultiLineString), `seconds` (of every vertex since
        `started_at`), `started_at`. No missing geometries.
    moments : sequence of datetime
        Aware, ascending. Before the first of them is span -1, from the last on span ``len(moments) - 1``.

    Returns
    -------
    GeoDataFrame
        Index 0, 1, ...: walk by walk, by time. `walk` (index of `lines`), `span`, `seconds` and `started_at` as in
        `lines` (of the walk, so that the seconds go on), `metres`, `minutes`, `geometry` (MultiLineString); in the CRS
        of `lines`.
    """
    parts, walk = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    place, part = shapely.get_coordinates(parts, return_index=True)
    start = _seconds(lines["started_at"])[walk][part]
    at = start + np.concatenate([*lines["seconds"], np.empty(0)])
    limits = _seconds(pd.Series(pd.to_datetime(list(moments), utc=True)))
    span = np.searchsorted(limits, at, side="right") - 1
    edge, limit = _passed(part, span)
    share = (limits[limit] - at[edge]) / (at[edge + 1] - at[edge])
    there = place[edge] + share[:, None] * (place[edge + 1] - place[edge])
    # The place at a moment ends one span and begins the next.
    twice = np.repeat(edge + 1, 2)
    place = np.insert(place, twice, np.repeat(there, 2, axis=0), axis=0)
    at = np.insert(at, twice, np.repeat(limits[limit], 2))
    span = np.insert(span, twice, np.column_stack([limit - 1, limit]).ravel())
    owner = np.insert(part, twice, np.repeat(part[edge], 2))
    return _rows(lines, place, at, span, owner, walk)


def at_even_pace(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The same walks with `seconds`, for those whose single positions are gone: as if they had been walked evenly.

    Parameters
    ----------
    lines : GeoDataFrame
        `geometry` (MultiLineString, in metres), `started_at`, `ended_at`.
    """
    parts, walk = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    place, part = shapely.get_coordinates(parts, return_index=True)
    step = np.hypot(*np.diff(place, axis=0, prepend=place[:1]).T)
    step[np.diff(part, prepend=-1) != 0] = 0.0
    owner = walk[part]
    whole = np.bincount(owner, step, minlength=len(lines))
    before = np.cumsum(step) - np.concatenate([[0.0], np.cumsum(whole)])[owner]
    lasted = _seconds(lines["ended_at"]) - _seconds(lines["started_at"])
    seconds = np.divide(before, whole[owner], out=np.zeros(len(owner)), where=whole[owner] > 0) * lasted[owner]
    last = np.searchsorted(owner, np.arange(1, len(lines)))
    timed = np.split(seconds, last) if len(lines) else []
    return lines.assign(seconds=pd.Series(timed, index=lines.index, dtype=object))


def _seconds(moments: "pd.Series[pd.Timestamp]") -> Floats:
    since: Floats = moments.to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    return since


def _passed(part: Positions, span: Positions) -> tuple[Positions, Positions]:
    """The vertices after which a moment passes before the next vertex, and which moment; an edge may pass several."""
    within = np.flatnonzero(part[1:] == part[:-1])
    count = span[within + 1] - span[within]
    edge = np.repeat(within, count)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    return edge, span[edge] + 1 + nth


def _rows(
    lines: gpd.GeoDataFrame, place: Floats, at: Floats, span: Positions, part: Positions, walk: Positions
) -> gpd.GeoDataFrame:
    new_row = (np.diff(walk[part], prepend=-1) != 0) | (np.diff(span, prepend=span[:1] - 1) != 0)
    new_part = new_row | (np.diff(part, prepend=-1) != 0)
    row, piece = np.cumsum(new_row) - 1, np.cumsum(new_part) - 1
    first = np.flatnonzero(new_row)
    owner = walk[part][first]
    since = at - _seconds(lines["started_at"])[walk[part]]
    simple = np.asarray(shapely.linestrings(place, indices=piece) if len(place) else [], dtype=object)
    whole: Any = shapely.multilinestrings(simple, indices=row[new_part]) if len(place) else []
    spent = np.where(new_part, 0.0, np.diff(at, prepend=0.0))
    return gpd.GeoDataFrame(
        {
            "walk": lines.index.take(owner),
            "span": span[first],
            "seconds": pd.Series(np.split(since, first[1:]) if len(first) else [], dtype=object),
            "started_at": lines["started_at"].take(owner).to_numpy(),
            "metres": shapely.length(whole),
            "minutes": np.bincount(row, spent / 60.0) if len(row) else np.empty(0),
        },
        geometry=np.asarray(whole, dtype=object),
        crs=lines.crs,
    )
