"""Walks that went on past midnight, taken apart: the grids of each day are those in force on it."""

from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely


def by_day(lines: gpd.GeoDataFrame, zone: ZoneInfo) -> gpd.GeoDataFrame:
    """One row for each patrol and local day on which it walked, cut where it was at midnight.

    Between two fixes the walk is taken as straight and even, as everywhere. The rows of a patrol add up to it.

    Parameters
    ----------
    lines : GeoDataFrame
        As `patrols.tracks.to_lines` returns it: `geometry` (MultiLineString), `seconds` of every vertex since
        `started_at`. No missing geometries.
    zone : ZoneInfo
        Whose midnight it is.

    Returns
    -------
    GeoDataFrame
        Indexed by patrol, which may occur several times; `geometry`, `seconds`, `started_at` of that day, `metres` and
        `minutes`; in the CRS of `lines`.
    """
    parts, walk = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    place, part = shapely.get_coordinates(parts, return_index=True)
    since = np.concatenate([*lines["seconds"], np.empty(0)])
    start = pd.DatetimeIndex(lines["started_at"])
    local = (start.take(walk[part]) + pd.to_timedelta(since, unit="s")).tz_convert(zone)
    midnight = local.normalize()
    # Signal gaps are minutes at most, so an edge passes one midnight or none.
    over = np.flatnonzero((part[1:] == part[:-1]) & np.asarray(midnight[1:] != midnight[:-1]))
    before = since[over + 1] - (local[over + 1] - midnight[over + 1]).total_seconds().to_numpy()
    share = (before - since[over]) / (since[over + 1] - since[over])
    there = place[over] + share[:, None] * (place[over + 1] - place[over])
    # The place at midnight ends one day and begins the next.
    twice = np.repeat(over + 1, 2)
    place = np.insert(place, twice, np.repeat(there, 2, axis=0), axis=0)
    since = np.insert(since, twice, np.repeat(before, 2))
    part = np.insert(part, twice, part[np.repeat(over, 2)])
    day = np.insert(midnight.asi8, twice, np.column_stack([midnight.asi8[over], midnight.asi8[over + 1]]).ravel())
    return _rows(lines, walk[part], part, day, place, since)


def _rows(
    lines: gpd.GeoDataFrame,
    walk: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    part: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    day: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    place: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    since: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> gpd.GeoDataFrame:
    new_row = (np.diff(walk, prepend=-1) != 0) | (np.diff(day, prepend=day[:1] - 1) != 0)
    new_part = new_row | (np.diff(part, prepend=-1) != 0)
    row, piece = np.cumsum(new_row) - 1, np.cumsum(new_part) - 1
    first = np.flatnonzero(new_row)
    simple = np.asarray(shapely.linestrings(place, indices=piece) if len(place) else [], dtype=object)
    whole: Any = shapely.multilinestrings(simple, indices=row[new_part]) if len(place) else []
    spent = np.where(new_part, 0.0, np.diff(since, prepend=0.0))
    started = pd.DatetimeIndex(lines["started_at"]).take(walk[first]) + pd.to_timedelta(since[first], unit="s")
    return gpd.GeoDataFrame(
        {
            "seconds": pd.Series(np.split(since, first[1:]) if len(first) else [], dtype=object),
            "started_at": started,
            "metres": shapely.length(whole),
            "minutes": np.bincount(row, spent / 60.0) if len(row) else np.empty(0),
        },
        geometry=np.asarray(whole, dtype=object),
        crs=lines.crs,
    ).set_axis(lines.index.take(walk[first]), axis=0)
